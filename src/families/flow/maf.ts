import { z } from 'zod';
import { type Generative, type NamedTensors, defineImageModel } from '../../nn/image-model.js';
import { actNorm } from '../../nn/transforms/act-norm.js';
import { maskedAutoregressive } from '../../nn/transforms/autoregressive.js';
import { classGiven, imageFlow } from '../../nn/transforms/flow.js';
import { dequantised, pixelSettings } from '../../nn/transforms/pixel-settings.js';
import { flatten, reversal } from '../../nn/transforms/shapes.js';
import { sequence } from '../../nn/transforms/transform.js';

/**
 * The masked autoregressive flow (Papamakarios et al. 2017): every pixel is moved as those before it say, and layer by
 * layer the order turns around. Density takes one pass. Drawing takes as many as there are pixels, at most.
 */

export const mafSchema = z.strictObject({
  layers: z.int().positive().default(4).describe('autoregressive transforms, each in the other direction'),
  width: z.int().positive().default(512).describe('units of a hidden layer'),
  depth: z.int().positive().default(1).describe('hidden layers of each transform'),
  ...pixelSettings,
  scale: pixelSettings.scale.default('histograms'),
  conditional: z.boolean().default(false).describe('tell every layer the class of the image'),
});

export const definition = defineImageModel({
  name: 'maf',
  title: 'masked autoregressive flow',
  source: 'Papamakarios et al. 2017, arXiv:1705.07057',
  schema: mafSchema,
  pixels: 'bytes',
  tiny: { side: 1, config: { layers: 2, width: 8 } },
  build: (config, data) => {
    const shape = [data.channels, data.height, data.width] as const;
    const size = data.channels * data.height * data.width;
    const vector = config.conditional ? data.classes : 0;
    const { width, depth } = config;
    const pixels = sequence([...dequantised(config, shape, data.levels), flatten(shape)]);
    const layers = Array.from({ length: config.layers }, (_, index) => ({
      before: sequence(index === 0 ? [actNorm(size)] : [reversal(), actNorm(size)]),
      masked: maskedAutoregressive({ size, width, depth, vector, seed: index }),
    }));
    const { codec: _, ...flow } = imageFlow({
      name: 'maf',
      data,
      conditional: vector > 0,
      transform: sequence([pixels, ...layers.flatMap(({ before, masked }) => [before, masked])]),
    });
    /** Parameters of the pixels' transform, and of each layer's two. */
    const parts = (p: readonly never[]) => ({
      pixels: p[0]!,
      layers: layers.map((layer, index) => ({ ...layer, p: p.slice(1 + 2 * index, 3 + 2 * index) })),
    });
    const guess = (index: number): string => `layer ${index}`;
    const generative: Generative = {
      noise: { z: [size] },
      search: {
        state: Object.fromEntries(layers.map((_layer, index) => [guess(index), [size]])),
        // The last layer is right after as many passes as there are pixels, the one before it after as many more.
        passes: size * layers.length,
        improve: (p, { noise, labels, state }) => {
          const given = classGiven(data, vector > 0, labels);
          const better: Record<string, NamedTensors[string]> = {};
          parts(p).layers.reduceRight((above, { before, masked, p: [first, second] }, index) => {
            const found = masked.improve(second!, above, state[guess(index)]!, given);
            better[guess(index)] = found;
            return before.inverse(first!, found, given);
          }, noise['z']!);
          return better;
        },
      },
      sample: (p, { state }) => {
        const { pixels: last, layers: all } = parts(p);
        const [{ before, p: own }] = all as [(typeof all)[number]];
        return pixels.inverse(last, before.inverse(own[0]!, state![guess(0)]!, {}), {});
      },
    };
    return { ...flow, dense: true, generative };
  },
});
