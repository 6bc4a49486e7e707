import { z } from 'zod';
import { centred, normalDivergence, perRow } from '../../nn/distributions.js';
import { gridNetworks } from '../../nn/grid-networks.js';
import type { ImageData, ImageModel, ImageTensors, LossTensors } from '../../nn/image-model.js';
import { likelihoodOf } from '../../nn/likelihood.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { Draws, type Tensor, clip, exp, expandDims, mean, mul, sliceAxis, sub } from '../../tensor/index.js';
import type { Condition } from './conditions.js';
import type { DiffusionParameters } from './diffusion.js';
import { karrasDiffusion, karrasSettings } from './karras.js';
import { momentsLoss, momentsSpec, restored, standardised } from './moments.js';

/**
 * Latent diffusion (Rombach et al. 2022): an auto-encoder with a small grid of codes, whose divergence from the prior
 * costs little, and diffusion over its codes. The first part of training is the auto-encoder's, the rest the diffusion's.
 * What the diffusion is told is each model's own.
 */

const { channels, blocks, attention, noiseMean } = karrasSettings;
const as = (setting: z.ZodType): string => setting.description ?? '';

export const latentSettings = {
  ...karrasSettings,
  channels: channels.unwrap().default([64]).describe(as(channels)),
  blocks: blocks.unwrap().default(3).describe(as(blocks)),
  attention: attention.unwrap().default([0]).describe(as(attention)),
  // That of Karras et al. is for data of half the deviation.
  noiseMean: noiseMean.unwrap().default(-0.5).describe(as(noiseMean)),
  codec: z
    .strictObject({
      width: z.int().positive().default(32).describe('channels of the first convolution; twice as many on the grid'),
      blocks: z.int().positive().default(1).describe('residual blocks of encoder and decoder'),
      codeSize: z
        .int()
        .positive()
        .default(4)
        .describe('numbers of a place of the grid, which has a quarter of the sides'),
      divergence: z.number().min(0).default(0.1).describe('weight of the divergence of codes from the prior'),
      share: z.number().gt(0).lt(1).default(0.3).describe('share of the training after which the auto-encoder stays'),
    })
    .prefault({}),
  drawingSteps: z.int().positive().default(18).describe('steps to draw in where nobody says how many'),
};

type LatentConfig = { readonly [Key in keyof typeof latentSettings]: z.output<(typeof latentSettings)[Key]> };

/** Codes are drawn from other streams than the noise that is added to them. */
const streamOfCodes = 8192;

/** What a diffusion over codes is told. */
export interface LatentTold {
  /** 0: no class. */
  readonly classes: number;
  readonly condition?: Condition;
}

/** @throws ConfigError when the images' sides do not divide by 4 */
export function latentDiffusion(
  config: LatentConfig,
  data: ImageData,
  { classes, condition }: LatentTold,
): Required<Pick<ImageModel, 'parameters' | 'losses' | 'codec' | 'denoiser'>> {
  const { codec } = config;
  const { codeSize, share } = codec;
  const { levels } = data;
  const net = gridNetworks({ ...codec, outputs: 2 * codeSize }, data);
  const likelihood = likelihoodOf({ likelihood: 'auto' }, levels, data.channels);
  const shape = [codeSize, net.grid.height, net.grid.width] as const;
  const model = karrasDiffusion(config, { shape, classes, deviation: 1, ...(condition && { condition }) });
  const parameters = {
    codec: { networks: net.parameters, likelihood: likelihood.parameters },
    moments: momentsSpec(codeSize),
    diffusion: model.parameters,
  };
  type Parameters = TensorsOf<Omit<typeof parameters, 'diffusion'>> & { readonly diffusion: DiffusionParameters };
  const belongsTo = (part: string) => (path: string) => path.startsWith(`${part}.`);

  const posterior = (p: Parameters, images: Tensor): { mean: Tensor; logDeviation: Tensor } => {
    const output = net.encode(p.codec.networks, centred(images, levels));
    const logDeviation = clip(sliceAxis(output, { axis: 1, start: codeSize }), -6, 2);
    return { mean: sliceAxis(output, { axis: 1, limit: codeSize }), logDeviation };
  };
  const drawCode = (p: Parameters, images: Tensor, draws: Draws): Tensor => {
    const { mean: centre, logDeviation } = posterior(p, images);
    return draws.gaussian(centre, exp(logDeviation));
  };
  const decode = (p: Parameters, code: Tensor): Tensor => pixelsOf(p, restored(p.moments, code));
  const pixelsOf = (p: Parameters, code: Tensor): Tensor =>
    likelihood.mean(expandDims(net.decode(p.codec.networks, code), 1));

  const autoencoder = (p: Parameters, { images, key }: ImageTensors): LossTensors => {
    const draws = new Draws(key);
    const { mean: centre, logDeviation } = posterior(p, images);
    const output = expandDims(net.decode(p.codec.networks, draws.gaussian(centre, exp(logDeviation))), 1);
    const pixels = mean(perRow(likelihood.logProb(p.codec.likelihood, images, output, draws)));
    const divergence = mean(perRow(normalDivergence(centre, logDeviation)));
    return {
      loss: sub(mul(divergence, codec.divergence), pixels),
      metrics: { reconstruction: mul(pixels, -1), divergence },
    };
  };
  const moments = (p: Parameters, { images, key }: ImageTensors): LossTensors => ({
    loss: momentsLoss(p.moments, drawCode(p, images, new Draws(key))),
  });

  return {
    parameters,
    losses: [
      { name: 'autoencoder', during: [0, share], trainable: belongsTo('codec'), loss: autoencoder },
      {
        name: 'moments',
        assigns: true,
        // They follow an encoder that hardly changes any more.
        during: [share / 2, share],
        trainable: belongsTo('moments'),
        loss: moments,
      },
      {
        name: 'diffusion',
        during: [share, 1],
        trainable: belongsTo('diffusion'),
        loss: (p: Parameters, { images, labels, tokens, key }): LossTensors => {
          const clean = standardised(p.moments, drawCode(p, images, new Draws(key, streamOfCodes)));
          return { loss: model.loss(p.diffusion, { clean, labels, key, ...(tokens && { tokens }) }) };
        },
      },
    ],
    codec: {
      encode: (p: Parameters, { images }) => standardised(p.moments, posterior(p, images).mean),
      decode: (p: Parameters, code) => decode(p, code),
    },
    denoiser: {
      shape,
      sigmas: model.sigmas,
      steps: config.drawingSteps,
      sampler: 'heun',
      conditions: [...(classes > 0 ? (['class'] as const) : []), ...(condition ? (['text'] as const) : [])],
      denoise: (p: Parameters, noisy) => model.denoise(p.diffusion, noisy),
      encode: (p: Parameters, { images }) => standardised(p.moments, posterior(p, images).mean),
      decode: (p: Parameters, clean) => decode(p, clean),
    },
  };
}
