import { describe, expect, it } from 'vitest';
import { initialise, parameterCount, parameterLeaves } from '../../nn/parameters.js';
import { gpt } from './gpt.js';
import { type GptPreset, gptConfig, gptPresets } from './gpt-config.js';

const countOf = (name: GptPreset): number => parameterCount(gpt(gptPresets[name]).parameters);

describe('presets', () => {
  it.each([
    ['gpt1', 116_534_784],
    ['gpt2', 124_439_808],
    ['gpt2-medium', 354_823_168],
    ['gpt2-large', 774_030_080],
    ['gpt2-xl', 1_557_611_200],
  ] as const)('%s has the %i parameters of the published weights', (name, count) => {
    expect(countOf(name)).toBe(count);
  });

  // Brown et al. 2020, table 2.1, in millions, as rounded there. The paper's count leaves out one thing or another: its
  // 2.7B, for one, is 2,651 million here, and XL's "1.3B" 1,313 million.
  it.each([
    ['gpt3-small', 125, 0.01],
    ['gpt3-medium', 350, 0.02],
    ['gpt3-large', 760, 0.01],
    ['gpt3-xl', 1300, 0.02],
    ['gpt3-2.7b', 2700, 0.02],
    ['gpt3-6.7b', 6700, 0.01],
    ['gpt3-13b', 13_000, 0.02],
    ['gpt3-175b', 175_000, 0.003],
  ] as const)('%s has %i million parameters within the rounding of the paper', (name, millions, tolerance) => {
    expect(Math.abs(countOf(name) / 1e6 / millions - 1)).toBeLessThan(tolerance);
  });
});

describe('gptConfig', () => {
  it.each([
    [{ vocabularySize: 10, width: 30, heads: 4 }, /model\.width: 30 does not divide into 4 heads/],
    [{ vocabularySize: 10, heads: 4, keyValueHeads: 3 }, /model\.keyValueHeads: 3 does not divide 4 heads/],
    [{ vocabularySize: 10, width: 12, heads: 4, positions: 'rotary' as const }, /model\.positions.*even head width/],
    [{ vocabularySize: 0 }, /model\.vocabularySize/],
  ])('refuses %j by the key', (options, message) => {
    expect(() => gptConfig(options)).toThrow(message);
  });

  it('fills in the feed-forward width: four times, or for SwiGLU two thirds of it, rounded up to 32', () => {
    expect(gptConfig({ vocabularySize: 10, width: 96, heads: 4 }).hiddenWidth).toBe(384);
    expect(gptConfig({ vocabularySize: 10, width: 100, heads: 4, activation: 'swiglu' }).hiddenWidth).toBe(288);
  });
});

describe('initialisation', () => {
  const model = gpt({ vocabularySize: 500, contextLength: 64, layers: 8, heads: 4, width: 128 });
  const values = initialise(model.parameters, 3);
  const deviation = (path: string): number => {
    const data = values[path]!;
    return Math.sqrt(data.reduce((total, value) => total + value * value, 0) / data.length);
  };

  it('is normal with deviation 0.02, and for residual projections 0.02 / √(2L)', () => {
    for (const { path, spec } of parameterLeaves(model.parameters)) {
      if (!path.endsWith('.weight')) continue;
      const isResidual = path.endsWith('projection.weight') || path.endsWith('down.weight');
      const expected = isResidual ? 0.02 / Math.sqrt(16) : 0.02;
      const count = spec.shape.reduce((a, b) => a * b, 1);
      // Five standard errors of a deviation.
      expect(Math.abs(deviation(path) / expected - 1), path).toBeLessThan(5 / Math.sqrt(2 * count));
    }
  });

  it('starts biases at 0 and scales at 1, and decays matrices alone', () => {
    for (const { path, spec } of parameterLeaves(model.parameters)) {
      if (path.endsWith('.bias'))
        expect(
          values[path]!.every((value) => value === 0),
          path,
        ).toBe(true);
      if (path.endsWith('.scale'))
        expect(
          values[path]!.every((value) => value === 1),
          path,
        ).toBe(true);
      expect(spec.decay, path).toBe(spec.shape.length === 2);
    }
  });

  it('starts with a loss near log V', () => {
    // Logits of a fresh model are small: head and final norm give a deviation of about 0.02 · √128.
    expect(deviation('tokens.weight') * Math.sqrt(128)).toBeLessThan(0.3);
  });
});
