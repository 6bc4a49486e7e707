import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { centred } from '../../nn/distributions.js';
import {
  type Denoiser,
  type ImageData,
  type ImageModel,
  type LossTensors,
  defineImageModel,
} from '../../nn/image-model.js';
import { type Tensor, avgPool, cast, concat, less, mean, resize, round, sub } from '../../tensor/index.js';
import { requireClasses } from './conditions.js';
import type { DiffusionParameters } from './diffusion.js';
import { karrasDiffusion, karrasSettings } from './karras.js';
import { ofPixels } from './pixels.js';

/**
 * Diffusion that is told what to draw: a class, which guidance makes more of (Ho & Salimans 2022), and an image: a map of
 * regions, or a small image to enlarge (Saharia et al. 2022, SR3). What it is told of an image goes in as channels.
 */

export const guidedDiffusionSchema = z.strictObject({
  ...karrasSettings,
  deviation: z.number().positive().default(0.5).describe('standard deviation of the pixels, which go from −1 to 1'),
  conditional: z.boolean().default(true).describe('draw images of a class that is asked for'),
  given: z
    .enum(['nothing', 'regions', 'small'])
    .default('nothing')
    .describe('an image that it draws by: a map of dark and bright regions, or the same image in fewer pixels'),
  regions: z.int().min(2).default(3).describe('kinds of regions of a map, by their mean grey'),
  blur: z.int().positive().default(5).describe('side of the square whose mean grey decides, odd'),
  factor: z.int().min(2).default(4).describe('side of the large image over that of the small one'),
  guidance: z.number().min(0).default(2).describe('how much more of the class than it finds, where nobody says'),
  drawingSteps: z.int().positive().default(20).describe('steps to draw in where nobody says how many'),
});

type Config = z.output<typeof guidedDiffusionSchema>;

interface GivenImage extends NonNullable<Denoiser['given']> {
  readonly channels: number;
  /** What is given → channels beside the noisy image. */
  readonly spread: (given: Tensor) => Tensor;
}

/** 1 in the channel of each pixel's region, by the mean grey around it: [B, C, H, W] → [B, regions, H, W]. */
function regionsOf(images: Tensor, { regions, blur }: Config, levels: number): Tensor {
  const grey = mean(avgPool(images, blur, { stride: 1, padding: (blur - 1) / 2 }), { axes: 1, keepDims: true });
  const thresholds = Array.from({ length: regions - 1 }, (_, index) => ((index + 1) / regions) * (levels - 1));
  const above = thresholds.map((threshold) => cast(less(threshold, grey), 'float32'));
  // A region is what lies above its threshold and not above the next.
  return concat(
    Array.from({ length: regions }, (_, index) => {
      const [from, to] = [above[index - 1], above[index]];
      return from === undefined ? sub(1, to!) : to === undefined ? from : sub(from, to);
    }),
    1,
  );
}

function givenImage(config: Config, { channels, height, width, levels }: ImageData): GivenImage | undefined {
  const { factor, regions, blur } = config;
  if (config.given === 'nothing') return undefined;
  if (config.given === 'regions') {
    if (blur % 2 === 0) throw new ConfigError(`model.blur: a square around a pixel has an odd side, not ${blur}`);
    return {
      channels: regions,
      shape: [regions, height, width],
      of: (images) => regionsOf(images, config, levels),
      spread: (given) => given,
    };
  }
  if (height % factor > 0 || width % factor > 0) {
    throw new ConfigError(`model.factor: ${factor} does not divide ${height} x ${width} pixels`, {
      advice: 'Give images of another size (--size), or another factor.',
    });
  }
  return {
    channels,
    shape: [channels, height / factor, width / factor],
    of: (images) => round(avgPool(images, factor)),
    spread: (given) => resize(centred(given, levels), [height, width]),
  };
}

export const definition = defineImageModel({
  name: 'guided-diffusion',
  title: 'diffusion by class, by a map of regions, or by a small image',
  source: 'Dhariwal & Nichol 2021, arXiv:2105.05233; Ho & Salimans 2022, arXiv:2207.12598',
  schema: guidedDiffusionSchema,
  pixels: 'bytes',
  tiny: { classes: 2, config: { channels: [4], attention: [0], drawingSteps: 3 } },
  build: (config, data): ImageModel => {
    const { conditional, deviation } = config;
    requireClasses(conditional, data.classes);
    const pixels = ofPixels(data);
    const given = givenImage(config, data);
    const model = karrasDiffusion(config, {
      ...pixels,
      classes: conditional ? data.classes : 0,
      deviation,
      givenChannels: given?.channels ?? 0,
    });
    type Parameters = DiffusionParameters;
    return {
      parameters: model.parameters,
      conditional,
      losses: [
        {
          name: 'guided-diffusion',
          loss: (p: Parameters, { images, labels, key }): LossTensors => ({
            loss: model.loss(p, {
              clean: centred(images, data.levels),
              ...{ labels, key },
              ...(given && { image: given.spread(given.of(images)) }),
            }),
          }),
        },
      ],
      denoiser: {
        ...pixels,
        sigmas: model.sigmas,
        steps: config.drawingSteps,
        sampler: 'dpm++',
        conditions: [...(conditional ? (['class'] as const) : []), ...(given ? (['image'] as const) : [])],
        ...(conditional && { guidance: config.guidance }),
        ...(given && { given: { shape: given.shape, of: given.of } }),
        denoise: (p: Parameters, noisy) =>
          model.denoise(p, { ...noisy, ...(given && { image: given.spread(noisy.image!) }) }),
      },
      ...(config.given === 'small' && {
        upscaler: { factor: config.factor, reduce: (images: Tensor) => given!.of(images) },
      }),
    };
  },
});
