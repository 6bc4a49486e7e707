import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { centred, normalDivergence, normalLogProb, perRow } from '../../nn/distributions.js';
import {
  type ImageLoss,
  type ImageModel,
  type ImageTensors,
  type LossTensors,
  defineImageModel,
} from '../../nn/image-model.js';
import type { TensorsOf } from '../../nn/parameters.js';
import {
  Draws,
  type Tensor,
  add,
  clip,
  exp,
  maximum,
  mean,
  mul,
  neg,
  reshape,
  sliceAxis,
  sub,
  sum,
} from '../../tensor/index.js';
import { importanceEstimate, copiesOf, logMean } from './importance.js';
import { likelihoodOf, likelihoods } from '../../nn/likelihood.js';
import { networks, widthSetting } from './vae-networks.js';

/** The variational auto-encoder (Kingma & Welling 2014) and its importance-weighted objective (Burda et al. 2016). */

export const vaeSchema = z.strictObject({
  network: z.enum(['mlp', 'convolutional']).default('mlp').describe('what encoder and decoder are made of'),
  width: widthSetting,
  layers: z.int().min(0).default(2).describe('hidden layers of each network, where fully connected; 0: linear ones'),
  latents: z.int().positive().default(32).describe('numbers in a code'),
  likelihood: z
    .enum(likelihoods)
    .default('auto')
    .describe(
      'p(pixel | code): bernoulli for binary pixels; for bytes a discretised logistic, or a Gaussian with learned variance over pixels with uniform noise; auto: bernoulli or logistic',
    ),
  beta: z.number().min(0).default(1).describe('weight of the divergence from the prior; 1 is the bound itself'),
  freeBits: z
    .number()
    .min(0)
    .default(0)
    .describe('nats of divergence per latent, averaged over the batch, that cost nothing (Kingma et al. 2016)'),
  draws: z
    .int()
    .positive()
    .default(1)
    .describe('codes drawn for each image in training; more than 1: the importance-weighted bound (IWAE)'),
  oneDrawUntil: z
    .number()
    .min(0)
    .max(0.99)
    .default(0)
    .describe(
      'share of the run in which a single code is drawn all the same: many steps of it cost as much as one of many draws',
    ),
});

export const definition = defineImageModel({
  name: 'vae',
  title: 'variational auto-encoder',
  source: 'Kingma & Welling 2014, arXiv:1312.6114; with draws > 1 Burda et al. 2016, arXiv:1509.00519',
  schema: vaeSchema,
  pixels: 'dynamic',
  tiny: { side: 1, config: { width: 8, latents: 2 } },
  build: (config, data): ImageModel => {
    const { latents } = config;
    if (config.draws > 1 && (config.beta !== 1 || config.freeBits !== 0)) {
      const key = config.beta === 1 ? 'freeBits' : 'beta';
      throw new ConfigError(
        `model.${key}: of ${config.draws} draws there is one weight, without a divergence of its own`,
        {
          advice: 'Leave beta and freeBits as they are, or set draws to 1.',
        },
      );
    }
    const { levels, channels } = data;
    const likelihood = likelihoodOf(config, levels, channels);
    const sizes = { outputs: 2 * latents, inputs: latents, perPixel: likelihood.perPixel };
    const net = networks(config, data, sizes);
    const parameters = { networks: net.parameters, likelihood: likelihood.parameters };
    type Parameters = TensorsOf<typeof parameters>;

    const posterior = (p: Parameters, images: Tensor): { mean: Tensor; logDeviation: Tensor } => {
      const output = net.encode(p.networks, centred(images, levels));
      const logDeviation = sliceAxis(output, { axis: 1, start: latents });
      return { mean: sliceAxis(output, { axis: 1, limit: latents }), logDeviation: clip(logDeviation, -6, 4) };
    };

    /** log p(x | z) summed over pixels, for codes [N, latents] of images [N, C, H, W]. */
    const reconstruction = (p: Parameters, images: Tensor, code: Tensor, draws: Draws): Tensor =>
      perRow(likelihood.logProb(p.likelihood, images, net.decode(p.networks, code), draws));

    /** log p(x, z) − log q(z | x) of several codes for each image: [draws, B]. */
    const importance = (p: Parameters, { images, key }: ImageTensors, count: number): Tensor => {
      const draws = new Draws(key);
      const batch = images.shape[0]!;
      const { mean: centre, logDeviation } = posterior(p, images);
      const noise = draws.normal([count, batch, latents]);
      const code = add(centre, mul(exp(logDeviation), noise));
      const copies = copiesOf(images, count);
      const pixels = reshape(reconstruction(p, copies, reshape(code, [count * batch, latents]), draws), [count, batch]);
      const prior = sum(normalLogProb(code, 0, 0), { axes: 2 });
      const proposal = sum(sub(normalLogProb(noise, 0, 0), logDeviation), { axes: 2 });
      return add(pixels, sub(prior, proposal));
    };

    const bound = (p: Parameters, { images, key }: ImageTensors) => {
      const draws = new Draws(key);
      const { mean: centre, logDeviation } = posterior(p, images);
      const code = draws.gaussian(centre, exp(logDeviation));
      return { pixels: reconstruction(p, images, code, draws), divergence: normalDivergence(centre, logDeviation) };
    };

    const oneDraw: ImageLoss = {
      name: 'vae',
      wholeBatch: config.freeBits > 0,
      ...(config.draws > 1 && { during: [0, config.oneDrawUntil] as const }),
      loss: (p: Parameters, batch): LossTensors => {
        const { pixels, divergence } = bound(p, batch);
        const perLatent = mean(divergence, { axes: 0 });
        const paid = config.freeBits > 0 ? maximum(perLatent, config.freeBits) : perLatent;
        const total = sum(perLatent);
        return {
          loss: sub(mul(sum(paid), config.beta), mean(pixels)),
          metrics: { negativeElbo: sub(total, mean(pixels)), divergence: total },
        };
      },
    };
    const manyDraws: ImageLoss = {
      name: 'iwae',
      during: [config.oneDrawUntil, 1],
      loss: (p: Parameters, batch): LossTensors => {
        const weights = importance(p, batch, config.draws);
        return { loss: neg(mean(logMean(weights))), metrics: { negativeElbo: neg(mean(weights)) } };
      },
    };

    return {
      parameters,
      dense: config.network === 'mlp',
      losses: [
        ...(config.draws > 1 ? [manyDraws] : []),
        ...(config.draws === 1 || config.oneDrawUntil > 0 ? [oneDraw] : []),
      ],
      density: {
        kind: 'lower-bound',
        logProb: (p, batch) => {
          const { pixels, divergence } = bound(p, batch);
          return sub(pixels, perRow(divergence));
        },
      },
      tighter: (draws) => importanceEstimate(draws, importance),
      generative: {
        noise: { code: [latents] },
        sample: (p: Parameters, { noise }) => likelihood.mean(net.decode(p.networks, noise['code']!)),
      },
      codec: {
        encode: (p, { images }) => posterior(p, images).mean,
        decode: (p: Parameters, code) => likelihood.mean(net.decode(p.networks, code)),
      },
    };
  },
});
