import { describe, expect, it } from 'vitest';
import { compileKernels } from './compile.test-helper.js';
import { kernelBinary, kernelsOver } from './kernels.js';

const count = 64;
const start = 1024;
const memory = new WebAssembly.Memory({ initial: 1 });
const kernels = kernelsOver(memory);
const pointer = (slot: number): number => start + slot * count * 4;
const view = (slot: number): Float32Array => new Float32Array(memory.buffer, pointer(slot), count);

/** Fills four slots with numbers of both signs; the second moment is not negative. */
function fillSlots(): Float32Array[] {
  return [0, 1, 2, 3].map((slot) => {
    const values = view(slot);
    values.forEach((_, index) => (values[index] = Math.sin(index * 1.7 + slot * 3) * (slot + 1)));
    if (slot === 3) values.forEach((value, index) => (values[index] = value * value));
    return values.slice();
  });
}

const expectClose = (found: Float32Array, wanted: readonly number[]): void => {
  found.forEach((value, index) => expect(value).toBeCloseTo(wanted[index]!, 5));
};

describe('kernels', () => {
  it('are what their source compiles to', async () => {
    expect(Buffer.from(kernelBinary()).equals(Buffer.from(await compileKernels()))).toBe(true);
  });

  it('adam: one step equals a plain loop', () => {
    const [p, g, m, v] = fillSlots() as [Float32Array, Float32Array, Float32Array, Float32Array];
    const [gradientScale, l2, keep, rate, beta1, beta2, rootScale, epsilon] = [
      0.5, 0.01, 0.99, 0.1, 0.9, 0.95, 1.5, 1e-3,
    ];
    kernels.adam(pointer(0), pointer(1), pointer(2), pointer(3), count, gradientScale, l2, keep, rate, beta1, beta2, rootScale, epsilon); // prettier-ignore
    const gradient = [...g].map((value, i) => value * gradientScale + l2 * p[i]!);
    const first = gradient.map((value, i) => beta1 * m[i]! + (1 - beta1) * value);
    const second = gradient.map((value, i) => beta2 * v[i]! + (1 - beta2) * value * value);
    expectClose(view(2), first);
    expectClose(view(3), second);
    expectClose(view(0), [...p].map((value, i) => value * keep - (rate * first[i]!) / (Math.sqrt(second[i]!) * rootScale + epsilon))); // prettier-ignore
    expect(view(1)).toEqual(g);
  });

  it('sgd with momentum: one step equals a plain loop', () => {
    const [p, g, m] = fillSlots() as [Float32Array, Float32Array, Float32Array];
    kernels.sgd(pointer(0), pointer(1), pointer(2), count, 0.5, 0.01, 0.1, 0.9);
    const velocity = [...g].map((value, i) => 0.9 * m[i]! + value * 0.5 + 0.01 * p[i]!);
    expectClose(view(2), velocity);
    expectClose(view(0), [...p].map((value, i) => value - 0.1 * velocity[i]!)); // prettier-ignore
  });

  it('sumOfSquares adds in float64', () => {
    const x = view(0).fill(1e-2);
    x[5] = 1e3;
    const exact = x.reduce((sum, value) => sum + value * value, 0);
    expect(kernels.sumOfSquares(pointer(0), count)).toBeCloseTo(exact, 5);
  });

  it.each([NaN, Infinity, -Infinity])('sumOfSquares is not finite when an element is %s', (bad) => {
    for (const place of [0, 1, 2, 3, count - 1]) {
      view(0).fill(1)[place] = bad;
      expect(Number.isFinite(kernels.sumOfSquares(pointer(0), count))).toBe(false);
    }
  });

  it('scale, accumulate and average equal plain loops', () => {
    const [a, b, c] = fillSlots() as [Float32Array, Float32Array, Float32Array];
    kernels.scale(pointer(0), count, -2);
    expectClose(view(0), [...a].map((value) => -2 * value)); // prettier-ignore
    kernels.accumulate(pointer(1), pointer(2), count, 0.5);
    expectClose(view(1), [...b].map((value, i) => value + 0.5 * c[i]!)); // prettier-ignore
    const before = view(1).slice();
    kernels.average(pointer(2), pointer(1), count, 0.9);
    expectClose(view(2), [...c].map((value, i) => 0.9 * value + 0.1 * before[i]!)); // prettier-ignore
  });
});
