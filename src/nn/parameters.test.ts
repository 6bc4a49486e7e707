import { describe, expect, it } from 'vitest';
import { initialise, normal, parameter, parameterCount, parameterLeaves } from './parameters.js';

const specs = {
  a: { weight: parameter([100, 50], { init: normal(0.5) }), bias: parameter([50]) },
  list: [parameter([7], { init: { kind: 'ones' } }), parameter([40, 40], { init: { kind: 'uniform', limit: 2 } })],
};

describe('parameters', () => {
  it('have paths, a count, and decay on matrices alone', () => {
    expect(parameterLeaves(specs).map(({ path, spec }) => [path, spec.decay])).toEqual([
      ['a.weight', true],
      ['a.bias', false],
      ['list.0', false],
      ['list.1', true],
    ]);
    expect(parameterCount(specs)).toBe(5000 + 50 + 7 + 1600);
    expect(parameter([3], { decay: true }).decay).toBe(true);
  });

  it('start as declared', () => {
    const values = initialise(specs, 1);
    const moments = (data: Float32Array) => {
      const mean = data.reduce((a, b) => a + b, 0) / data.length;
      return { mean, deviation: Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length) };
    };
    const gaussian = moments(values['a.weight']!);
    expect(Math.abs(gaussian.mean)).toBeLessThan((5 * 0.5) / Math.sqrt(5000));
    expect(Math.abs(gaussian.deviation / 0.5 - 1)).toBeLessThan(5 / Math.sqrt(2 * 5000));
    const uniform = values['list.1']!;
    expect(uniform.every((value) => Math.abs(value) <= 2)).toBe(true);
    expect(Math.abs(moments(uniform).deviation - 2 / Math.sqrt(3))).toBeLessThan(0.1);
    expect(values['a.bias']!.every((value) => value === 0)).toBe(true);
    expect(values['list.0']!.every((value) => value === 1)).toBe(true);
  });

  it('depend on the seed and their own path alone', () => {
    const values = initialise(specs, 1);
    expect(initialise({ ...specs, extra: parameter([9], { init: normal(1) }) }, 1)['a.weight']).toEqual(
      values['a.weight'],
    );
    expect(initialise(specs, 1)).toEqual(values);
    expect(initialise(specs, 2)['a.weight']).not.toEqual(values['a.weight']);
    const twins = initialise({ x: parameter([9], { init: normal(1) }), y: parameter([9], { init: normal(1) }) }, 1);
    expect(twins['x']).not.toEqual(twins['y']);
  });
});
