import { z } from 'zod';
import { bernoulliLogProb, perRow } from '../../nn/distributions.js';
import { type ImageModel, type LossTensors, defineImageModel } from '../../nn/image-model.js';
import type { TensorsOf } from '../../nn/parameters.js';
import {
  Draws,
  type Tensor,
  add,
  clip,
  less,
  mean,
  mul,
  neg,
  sigmoid,
  square,
  squeeze,
  sub,
  where,
} from '../../tensor/index.js';
import { networks, widthSetting } from './vae-networks.js';

/**
 * The auto-encoder (Hinton & Salakhutdinov 2006), and the denoising one that is shown a corrupted image and asked for
 * the clean one (Vincent et al. 2008).
 */

export const autoencoderSchema = z.strictObject({
  network: z.enum(['mlp', 'convolutional']).default('mlp').describe('what encoder and decoder are made of'),
  width: widthSetting,
  layers: z.int().positive().default(2).describe('hidden layers of each network, where fully connected'),
  latents: z.int().positive().default(30).describe('numbers in a code'),
  reconstruction: z
    .enum(['auto', 'squared', 'cross-entropy'])
    .default('auto')
    .describe('what is asked of the pixels; auto: cross-entropy of binary ones, squared error of others'),
  corruption: z
    .enum(['none', 'masking', 'gaussian', 'salt-and-pepper'])
    .default('none')
    .describe('what is done to the image that the encoder sees in training; none: a plain auto-encoder'),
  amount: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('share of the pixels that are masked or made black or white; or the deviation of the Gaussian noise'),
});

type Corruption = z.output<typeof autoencoderSchema>['corruption'];

/** Pixels between 0 and 1 → corrupted ones (Vincent et al. 2008, section 2.2; 2010, section 3.3). */
function corrupt(unit: Tensor, kind: Corruption, amount: number, draws: Draws): Tensor {
  switch (kind) {
    case 'none':
      return unit;
    case 'masking':
      return where(less(draws.uniform(unit.shape), amount), 0, unit);
    case 'gaussian':
      return add(unit, mul(draws.normal(unit.shape), amount));
    case 'salt-and-pepper':
      return where(less(draws.uniform(unit.shape), amount), where(less(draws.uniform(unit.shape), 0.5), 0, 1), unit);
  }
}

export const definition = defineImageModel({
  name: 'autoencoder',
  title: 'auto-encoder, plain or denoising',
  source: 'Hinton & Salakhutdinov 2006; Vincent et al. 2008, Extracting and Composing Robust Features',
  schema: autoencoderSchema,
  pixels: 'bytes',
  build: (config, data): ImageModel => {
    const { latents, corruption, amount } = config;
    const largest = data.levels - 1;
    const net = networks(config, data, { outputs: latents, inputs: latents, perPixel: 1 });
    const { parameters } = net;
    type Parameters = TensorsOf<typeof parameters>;
    const isSquared = config.reconstruction === 'auto' ? data.levels > 2 : config.reconstruction === 'squared';

    const encode = (p: Parameters, unit: Tensor): Tensor => net.encode(p, sub(mul(unit, 2), 1));
    const decode = (p: Parameters, code: Tensor): Tensor => squeeze(net.decode(p, code), 1);
    const unitOf = (images: Tensor): Tensor => mul(images, 1 / largest);
    const corrupted = (unit: Tensor, key: Tensor): Tensor => corrupt(unit, corruption, amount, new Draws(key));

    return {
      parameters,
      dense: config.network === 'mlp',
      losses: [
        {
          name: 'autoencoder',
          loss: (p, { images, key }): LossTensors => {
            const unit = unitOf(images);
            const logits = decode(p, encode(p, corrupted(unit, key)));
            const squaredError = mean(perRow(square(sub(sigmoid(logits), unit))));
            const loss = isSquared ? squaredError : mean(perRow(neg(bernoulliLogProb(unit, logits))));
            return { loss, metrics: { squaredError } };
          },
        },
      ],
      codec: {
        encode: (p: Parameters, { images }) => encode(p, unitOf(images)),
        decode: (p: Parameters, code) => mul(sigmoid(decode(p, code)), largest),
      },
      features: { size: latents, of: (p: Parameters, { images }) => encode(p, unitOf(images)) },
      ...(corruption !== 'none' && {
        restorer: {
          restore: (p: Parameters, { images, key }) => {
            const shown = corrupted(unitOf(images), key);
            return {
              seen: mul(clip(shown, 0, 1), largest),
              restored: mul(sigmoid(decode(p, encode(p, shown))), largest),
            };
          },
        },
      }),
    };
  },
});
