import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../runtime/engine.js';
import { type Tensor, mul, ones, reshape } from '../../tensor/index.js';
import { cleanOf, predictions, preconditioning, targetOf, weightOf } from './preconditioning.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const sigmas = Float32Array.of(0.01, 0.3, 1, 4, 60);
const count = sigmas.length;
const column = { shape: [count, 1], dtype: 'float32' as const };
const deviation = 0.5;
const clean = Float32Array.of(-0.9, 0.2, 0.7, -0.3, 0.5);
const noise = Float32Array.of(0.4, -1.1, 0.2, 1.7, -0.6);
const x = clean.map((value, index) => value + sigmas[index]! * noise[index]!);

describe.each(predictions)('%s prediction', (prediction) => {
  const run = async (limit = 5) => {
    const program = await engine.compile(
      (args: { sigma: Tensor; x: Tensor; clean: Tensor }) => {
        const c = preconditioning(prediction, args.sigma, deviation);
        const target = targetOf(c, args.x, args.clean);
        const column = (value: Tensor): Tensor => reshape(value, [count, 1]);
        return {
          target,
          again: cleanOf(c, args.x, target),
          weight: weightOf('min-snr', args.sigma, c, limit)!,
          out: mul(column(c.out), ones([count, 1])),
          in: c.in,
        };
      },
      { sigma: column, x: column, clean: column },
    );
    return (await program.run({ sigma: sigmas, x, clean })) as Record<string, Float32Array>;
  };

  it('comes back to the clean image', async () => {
    const { again } = await run();
    again!.forEach((value, index) => {
      expect(Math.abs(value - clean[index]!)).toBeLessThan(1e-5 * (1 + sigmas[index]!));
    });
  });

  it('asks for what its name says', async () => {
    const { target } = await run();
    const expected = {
      noise: (index: number) => noise[index]!,
      image: (index: number) => clean[index]!,
      // √ᾱ noise − √(1 − ᾱ) clean (Salimans & Ho 2022)
      velocity: (index: number) =>
        (noise[index]! - sigmas[index]! * clean[index]!) / Math.sqrt(1 + sigmas[index]! ** 2),
      // (clean − c_skip x) / c_out (Karras et al. 2022, table 1)
      karras: (index: number) => {
        const sigma = sigmas[index]!;
        const total = sigma ** 2 + deviation ** 2;
        const skip = deviation ** 2 / total;
        return (clean[index]! - skip * x[index]!) / ((sigma * deviation) / Math.sqrt(total));
      },
    }[prediction];
    target!.forEach((value, index) => {
      expect(Math.abs(value - expected(index))).toBeLessThan(1e-3);
    });
  });

  it('weighs by min-SNR as the error of the clean image does, and so its own error as its papers say', async () => {
    const { weight, out } = await run();
    weight!.forEach((value, index) => {
      const snr = sigmas[index]! ** -2;
      const least = Math.min(snr, 5);
      expect(value / (least * out![index]! ** 2)).toBeCloseTo(1, 4);
      // Hang et al. 2023, section 3.4.
      const known = { noise: least / snr, image: least, velocity: least / (snr + 1), karras: undefined }[prediction];
      if (known !== undefined) expect(value / known).toBeCloseTo(1, 4);
    });
  });
});
