import { describe, expect, it } from 'vitest';
import { conv, float32, matmul, mean, relu } from '../tensor/index.js';
import { flopsPerStep } from './flops.js';
import { phase } from './phase.js';
import { CountingSource } from './quadratic.test-helper.js';

describe('flopsPerStep', () => {
  it('counts two operations a multiplication, three times over for a training step', () => {
    const network = phase({
      name: 'model',
      parameters: { first: float32(8, 16), second: float32(4, 16), kernel: float32(5, 1, 3, 3) },
      batch: { x: float32(10, 8), image: float32(2, 1, 6, 6) },
      loss: ({ first, second, kernel }, { x, image }) => {
        const hidden = relu(matmul(x, first));
        const output = matmul(hidden, second, { transposeB: true });
        return { loss: mean(matmul(output, mean(conv(image, kernel), { axes: [0, 1] }))) };
      },
      source: new CountingSource(),
    });
    const forward = 10 * 8 * 16 + 10 * 16 * 4 + 10 * 4 * 4 + 2 * 5 * 4 * 4 * 9;
    expect(flopsPerStep([network])).toBe(3 * 2 * forward);
    expect(flopsPerStep([{ ...network, every: 2 }], 4)).toBe((4 * 3 * 2 * forward) / 2);
  });
});
