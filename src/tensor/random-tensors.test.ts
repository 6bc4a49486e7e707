import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.test-helper.js';
import * as t from './index.js';

const count = 8000;
const key = { shape: [2], dtype: 'int32' } as const;

function draw(draws: (draws: t.Draws) => t.Tensor[]): Float64Array[] {
  const graph = t.trace(({ key }) => draws(new t.Draws(key)), { key });
  const values = evaluate(graph, { key: Float64Array.of(3, 4) });
  return graph.outputs.map(({ path }) => values[path]!);
}

const moment = (values: Float64Array, power: number): number =>
  values.reduce((sum, value) => sum + value ** power, 0) / values.length;

describe('Draws', () => {
  it('normal numbers have the moments of the normal distribution', () => {
    const [values] = draw((draws) => [draws.normal([count])]);
    [0, 1, 0, 3].forEach((expected, index) => {
      // Five deviations of the mean of x, x², x³, x⁴.
      const deviation = [1, Math.SQRT2, Math.sqrt(15), Math.sqrt(96)][index]! / Math.sqrt(count);
      expect(Math.abs(moment(values!, index + 1) - expected)).toBeLessThan(5 * deviation);
    });
  });

  it('each call is a stream of its own', () => {
    const [one, two] = draw((draws) => [draws.normal([count]), draws.normal([count])]);
    const product = one!.reduce((sum, value, i) => sum + value * two![i]!, 0) / count;
    expect(Math.abs(product)).toBeLessThan(5 / Math.sqrt(count));
  });

  it('gaussian numbers have the mean and the deviation that are asked for', () => {
    const [values] = draw((draws) => [draws.gaussian(t.full([count], 2), t.scalar(3))]);
    expect(Math.abs(moment(values!, 1) - 2)).toBeLessThan(15 / Math.sqrt(count));
    expect(Math.abs(moment(values!, 2) - 13)).toBeLessThan(5 * Math.sqrt((4 * 4 * 9 + 2 * 81) / count));
  });
});
