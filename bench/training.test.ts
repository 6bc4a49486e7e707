import { describe, expect, it } from 'vitest';
import { stepFlops } from './training.js';

describe('the model flops of a training step', () => {
  it('are three times the forward products of GPT-2', () => {
    const shape = { layers: 12, heads: 12, width: 768, context: 64, batch: 4, vocab: 50_257 };
    const tokens = 256;
    const linear = 2 * tokens * (12 * 12 * 768 ** 2 + 50_257 * 768);
    const attention = 2 * 2 * 12 * 4 * 64 ** 2 * 768;
    expect(stepFlops(shape)).toBe(3 * (linear + attention));
  });
});
