import { z } from 'zod';
import { defineImageModel, type ImageModel } from '../../nn/image-model.js';
import { linear, linearSpec, scaledNormal } from '../../nn/layers.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { type Tensor, leakyRelu, reshape, squeeze, tanh } from '../../tensor/index.js';
import { classesTold, conditionSetting, discriminatorCondition, withClass } from './condition.js';
import { drawNoise, gameHealth, gameLosses, latentsSetting, ratesSetting, toPixels } from './game.js';
import { objectives } from './objectives.js';

/** The first generative adversarial network (Goodfellow et al. 2014): two networks of dense layers. */

export const ganSchema = z.strictObject({
  loss: z
    .enum(['minimax', 'non-saturating'])
    .default('non-saturating')
    .describe("the generator's loss: log(1 − D), or −log D, whose gradient does not die where it loses"),
  latents: latentsSetting,
  width: z.int().positive().default(256).describe('units of a hidden layer'),
  layers: z.int().positive().default(2).describe('hidden layers of each network'),
  condition: conditionSetting,
  rates: ratesSetting(0.2, 0.2),
});

export const definition = defineImageModel({
  name: 'gan',
  title: 'generative adversarial network of dense layers',
  source: 'Goodfellow et al. 2014, arXiv:1406.2661',
  schema: ganSchema,
  pixels: 'bytes',
  tiny: { config: { latents: 3, width: 4 } },
  build: (config, data): ImageModel => {
    const { latents, width, layers, condition, rates, loss } = config;
    const { channels, height, width: columns, levels } = data;
    const pixels = channels * height * columns;
    const classes = classesTold(condition, data);
    const told = discriminatorCondition(condition, classes, width);
    const stack = (from: number, to: number) => ({
      hidden: Array.from({ length: layers }, (_, index) => {
        const inputs = index === 0 ? from : width;
        return linearSpec(inputs, width, { init: scaledNormal(inputs, Math.SQRT2) });
      }),
      out: linearSpec(width, to, { init: scaledNormal(width) }),
    });
    const parameters = {
      generator: stack(latents + classes, pixels),
      discriminator: { ...stack(pixels + told.planes * height * columns, 1), ...told.parameters },
    };
    type Parameters = TensorsOf<typeof parameters>;
    const hidden = (p: Parameters['generator'], x: Tensor): Tensor =>
      p.hidden.reduce((h, layer) => leakyRelu(linear(layer, h), 0.2), x);
    const make = ({ generator: p }: Parameters, noise: Tensor, labels: Tensor): Tensor =>
      reshape(tanh(linear(p.out, hidden(p, withClass(noise, labels, classes)))), [
        labels.size,
        channels,
        height,
        columns,
      ]);
    const noise = { z: [latents] };
    const objective = objectives[loss];
    return {
      parameters,
      dense: true,
      conditional: classes > 0,
      losses: gameLosses<Parameters>({
        data,
        objective,
        optimizer: { beta1: 0.5, beta2: 0.999 },
        rates,
        make: (p, { labels }, draws) => make(p, drawNoise(noise, labels.size, draws)['z']!, labels),
        judge: ({ discriminator: p }, images, labels) => {
          const h = hidden(p, reshape(told.images(images, labels), [labels.size, -1]));
          return told.output(p, squeeze(linear(p.out, h), 1), h, labels);
        },
      }),
      ...gameHealth({ objective }),
      generative: {
        noise,
        sample: (p: Parameters, given) => toPixels(make(p, given.noise['z']!, given.labels), levels),
      },
    };
  },
});
