import { describe, expect, it } from 'vitest';
import { conv, float32, matmul, mean, relu } from '../tensor/index.js';
import { flopsPerStep } from './flops.js';
import { phase } from './phase.js';
import { CountingSource } from './quadratic.test-helper.js';

describe('flopsPerStep', () => {
  it('counts two operations a multiplication, and as many for each factor that learns', () => {
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
    const [first, second, third, kernel] = [10 * 8 * 16, 10 * 16 * 4, 10 * 4 * 4, 2 * 5 * 4 * 4 * 9];
    // Data need no gradient.
    const whole = 2 * (2 * first + 3 * second + 3 * third + 2 * kernel);
    expect(flopsPerStep([network])(1)).toBe(whole);
    expect(flopsPerStep([{ ...network, every: 2 }], 4)(1)).toBe((4 * whole) / 2);
    const frozen = { ...network, trainable: (path: string) => path === 'second' };
    expect(flopsPerStep([frozen])(1)).toBe(2 * (first + 2 * second + 2 * third + kernel));
    const early = flopsPerStep([
      { ...network, during: { until: 3 } },
      { ...frozen, during: { from: 3 } },
    ]);
    expect([1, 3, 4].map(early)).toEqual([whole, whole, flopsPerStep([frozen])(4)]);
  });
});
