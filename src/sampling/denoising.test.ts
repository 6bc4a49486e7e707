import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSet } from '../data/images/image-set.js';
import { definition as ddpm } from '../families/diffusion/ddpm.js';
import { definition as guided } from '../families/diffusion/guided-diffusion.js';
import { definition as latent } from '../families/diffusion/latent-diffusion.js';
import { definition as vae } from '../families/autoencoding/vae.js';
import type { SamplerName } from '../nn/image-model.js';
import { samplerNames } from '../nn/image-model.js';
import { Engine } from '../runtime/engine.js';
import { completeImages } from './complete.js';
import { denoisingCoder } from './denoising-codes.js';
import { denoisingModel } from './denoising.js';
import { imageToImage } from './image-to-image.js';
import { canDraw, imageSampler } from './images.js';
import { inpaintImages } from './inpaint.js';
import { type TinyImageModel, someImages, tinyImageModel } from './tiny-image-model.test-helper.js';
import { imageUpscaler } from './upscale.js';

const data = { channels: 1, height: 8, width: 8, levels: 256, classes: 3 };
const size = 64;
const network = { channels: [4, 8], attention: [1], headWidth: 4 };
const labels = Int32Array.of(0, 1, 2);
const images: ImageSet = { ...data, name: 'some', count: 3, pixels: Uint8Array.from(someImages(data, 3)), labels };

let engine: Engine;
let tiny: TinyImageModel;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
  const config = { ...network, conditional: true, steps: 20, drawingSteps: 4, variance: 'learned' };
  tiny = await tinyImageModel(engine, { definition: ddpm, config, data });
});
afterAll(() => engine.dispose());

const options = (of: TinyImageModel = tiny) =>
  ({ engine, ...of, images, batchSize: 3, pixels: 'bytes', seed: 0 }) as const;

describe('drawing by taking noise away', () => {
  it.each(samplerNames)('gives an image by its seed and number, whatever the batch: %s', async (name: SamplerName) => {
    const asked = { seed: 3, denoising: { sampler: name, steps: 4 } };
    const inFours = await imageSampler({ engine, ...tiny, batchSize: 4 });
    const inTwos = await imageSampler({ engine, ...tiny, batchSize: 2 });
    const five = await inFours({ count: 5, ...asked });
    expect((await inTwos({ count: 5, ...asked })).images).toEqual(five.images);
    expect((await inTwos({ count: 1, ...asked })).images).toEqual(five.images.slice(0, size));
    expect((await inFours({ count: 5, ...asked, seed: 4 })).images).not.toEqual(five.images);
    expect(five.images.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)).toBe(true);
  });

  it('heeds steps, eta, guidance and the class', async () => {
    const sample = await imageSampler({ engine, ...tiny, batchSize: 2 });
    const draw = async (denoising: object, label = 1) => (await sample({ count: 2, labels: label, denoising })).images;
    const plain = await draw({});
    for (const other of [{ steps: 3 }, { eta: 1 }, { guidance: 3 }]) expect(await draw(other)).not.toEqual(plain);
    expect(await draw({}, 2)).not.toEqual(plain);
    expect(await draw({ guidance: 1, eta: 0, steps: 4, sampler: 'ddim' })).toEqual(plain);
    expect(await draw({ sampler: 'heun', churn: 1 })).not.toEqual(await draw({ sampler: 'heun' }));
    // Without guidance the class is not told.
    expect(await draw({ guidance: 0 }, 2)).toEqual(await draw({ guidance: 0 }, 1));
    expect(await draw({ sampler: 'euler' })).toEqual(plain);
    expect(await draw({ sampler: 'ddpm' })).toEqual(await draw({ sampler: 'ddim', eta: 1 }));
  });

  it('draws the same with parts of a batch side by side', async () => {
    const both = await Engine.create({ threads: 2 });
    try {
      const config = { ...network, steps: 20, drawingSteps: 4, variance: 'learned' };
      const divided = await tinyImageModel(both, { definition: ddpm, config, data });
      const alone = await tinyImageModel(engine, { definition: ddpm, config, data });
      const asked = { count: 6, seed: 2, denoising: { sampler: 'ddpm' } } as const;
      const one = await (await imageSampler({ engine: both, ...divided, batchSize: 4 }))(asked);
      const other = await (await imageSampler({ engine, ...alone, batchSize: 4 }))(asked);
      // Threads add in another order.
      one.images.forEach((value, at) => {
        expect(Math.abs(value - other.images[at]!)).toBeLessThan(2);
      });
    } finally {
      await both.dispose();
    }
  });

  it('says what it cannot do', async () => {
    const sample = await imageSampler({ engine, ...tiny, batchSize: 2 });
    await expect(sample({ count: 1, denoising: { steps: 21 } })).rejects.toThrow(/from 1 to 20/);
    await expect(sample({ count: 1, denoising: { eta: 2 } })).rejects.toThrow(/eta/);
    const untold = await tinyImageModel(engine, {
      definition: ddpm,
      config: { ...network, steps: 4, drawingSteps: 2 },
      data,
    });
    const drawUntold = await imageSampler({ engine, ...untold, batchSize: 2 });
    await expect(drawUntold({ count: 1, denoising: { guidance: 2 } })).rejects.toThrow(/told nothing/);
    const other = await tinyImageModel(engine, { definition: vae, config: { width: 4, latents: 2 }, data });
    const decode = await imageSampler({ engine, ...other, batchSize: 2 });
    await expect(decode({ count: 1, denoising: { steps: 5 } })).rejects.toThrow(/steps: this model does not draw by/);
  });
});

describe('inpainting', () => {
  const drawn = Uint8Array.from({ length: size }, (_, at) => Number(at % 8 >= 4));

  it('keeps what is to be kept, and sees nothing of the rest', async () => {
    const asked = { drawn, samples: 2, seed: 1, times: 2, denoising: { steps: 4 } };
    const { originals, kept, completions } = await inpaintImages(options(), asked);
    expect(originals).toEqual(Float32Array.from(images.pixels));
    originals.forEach((value, at) => {
      expect(kept[at]).toBe(drawn[at % size] === 1 ? 127.5 : value);
      if (drawn[at % size] === 0) for (const completion of completions) expect(completion[at]).toBe(value);
    });
    expect(completions[0]).not.toEqual(completions[1]);
    const changed = images.pixels.map((value, at) => (drawn[at % size] === 1 ? 255 - value : value));
    const again = await inpaintImages({ ...options(), images: { ...images, pixels: changed } }, asked);
    expect(again.completions).toEqual(completions);
  });

  it('looks at what is kept', async () => {
    const asked = { drawn, denoising: { steps: 4 } };
    const { completions } = await inpaintImages(options(), asked);
    const moved = images.pixels.map((value, at) => (drawn[at % size] === 0 ? 255 - value : value));
    const other = await inpaintImages({ ...options(), images: { ...images, pixels: moved } }, asked);
    const made = (values: Float32Array): number[] => Array.from(values).filter((_, at) => drawn[at % size] === 1);
    expect(made(other.completions[0]!)).not.toEqual(made(completions[0]!));
  });

  it('completes halves', async () => {
    const { originals, completions } = await completeImages(options(), { keep: 0.5 });
    const upper = (values: Float32Array): number[] => Array.from(values).filter((_, at) => at % size < size / 2);
    expect(upper(completions[0]!)).toEqual(upper(originals));
    expect(completions[0]).not.toEqual(originals);
  });

  it('works on codes', async () => {
    const config = { channels: [4], blocks: 1, drawingSteps: 2, codec: { width: 4, codeSize: 2 } };
    const coded = await tinyImageModel(engine, { definition: latent, config, data });
    const { originals, completions } = await inpaintImages(options(coded), { drawn });
    originals.forEach((value, at) => {
      if (drawn[at % size] === 0) expect(completions[0]![at]).toBe(value);
    });
  });
});

describe('images as noise', () => {
  it('come back from it, the nearer the more steps', async () => {
    // A gentle model: of wild ones no number of steps is enough.
    const config = { ...network, conditional: true, prediction: 'velocity' };
    const gentle = await tinyImageModel(engine, { definition: ddpm, config, data, deviation: 0.02 });
    const difference = async (steps: number): Promise<number> => {
      const coder = await denoisingCoder({ ...options(gentle), denoising: { steps } });
      const { images: seen, labels: classes, codes } = await coder.encode();
      const back = await coder.decode(codes, classes);
      return back.reduce((sum, value, at) => sum + Math.abs(value - seen[at]!), 0) / back.length;
    };
    const [few, many] = [await difference(20), await difference(200)];
    expect(many).toBeLessThan(few);
    expect(many).toBeLessThan(6);
  });
});

describe('images from images', () => {
  it('are the nearer the less noise they get', async () => {
    const distance = async (strength: number): Promise<number> => {
      const { originals, images: made } = await imageToImage(options(), { strength, denoising: { steps: 10 } });
      return made.reduce((sum, value, at) => sum + Math.abs(value - originals[at]!), 0);
    };
    expect(await distance(0.1)).toBeLessThan(await distance(1));
    await expect(imageToImage(options(), {})).rejects.toThrow(/Without a strength/);
  });

  it.each([['regions'], ['small']])('are drawn by what is given of them: %s', async (given) => {
    const config = { ...network, given, factor: 2, drawingSteps: 3 };
    const model = await tinyImageModel(engine, { definition: guided, config, data });
    expect(canDraw(model.model)).toBe(false);
    const { images: made } = await imageToImage(options(model), {});
    const inverse = { ...images, pixels: images.pixels.map((value) => 255 - value) };
    const { images: others } = await imageToImage({ ...options(model), images: inverse }, {});
    expect(others).not.toEqual(made);
    const { draw } = await denoisingModel(options(model), model.model.denoiser!);
    await expect(draw({ labels, seed: 0 })).rejects.toThrow(/give it images/);
  });

  it('are enlarged by a model that is given small ones', async () => {
    const config = { ...network, given: 'small', factor: 2, drawingSteps: 3 };
    const { model, weights } = await tinyImageModel(engine, { definition: guided, config, data });
    const enlargeIn = async (batchSize: number) => {
      const { reduce, enlarge } = await imageUpscaler({ engine, model, data, weights, batchSize });
      const small = await reduce(Float32Array.from(images.pixels));
      expect(small).toHaveLength(3 * 16);
      return enlarge({ small, samples: 2, temperature: 1 });
    };
    const [first, second] = await enlargeIn(2);
    expect(first).toHaveLength(3 * size);
    expect(second).not.toEqual(first);
    expect(await enlargeIn(3)).toEqual([first, second]);
  });
});
