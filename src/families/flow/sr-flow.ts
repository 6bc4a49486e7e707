import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { assignmentLoss } from '../../nn/assignment.js';
import { type ImageData, type ImageModel, type ImageTensors, defineImageModel } from '../../nn/image-model.js';
import { convolutionSpec, convolve } from '../../nn/layers.js';
import { type TensorsOf, normal } from '../../nn/parameters.js';
import { actNorm } from '../../nn/transforms/act-norm.js';
import { blockDetails, blocksFrom } from '../../nn/transforms/block-details.js';
import { convolutionalConditioner } from '../../nn/transforms/conditioners.js';
import { coupling, injection } from '../../nn/transforms/coupling.js';
import { flowLogProb } from '../../nn/transforms/flow.js';
import { invertibleLinear } from '../../nn/transforms/linear.js';
import { flatten } from '../../nn/transforms/shapes.js';
import { type Given, fitTransform, isFitted, isFlag, sequence } from '../../nn/transforms/transform.js';
import {
  Draws,
  type Tensor,
  add,
  avgPool,
  clip,
  mean,
  mul,
  neg,
  relu,
  resize,
  round,
  sub,
} from '../../tensor/index.js';

/**
 * SRFlow (Lugmayr et al. 2020): a Glow over the large image that looks at features of the small one, so one small image
 * has many large ones. Here the flow is over what the small image leaves open: of each block of pixels, the coefficients
 * that are orthogonal to its mean. The means are the small image itself.
 */

export const srFlowSchema = z.strictObject({
  factor: z.int().min(2).default(4).describe('side of the large image over that of the small one'),
  steps: z.int().positive().default(8).describe('steps of flow'),
  width: z.int().positive().default(64).describe("channels of the couplings' networks"),
  features: z.int().positive().default(48).describe('channels of the features of the small image'),
  blocks: z.int().min(0).default(3).describe('residual blocks that make these features'),
  noise: z
    .number()
    .min(0)
    .default(4)
    .describe('grey levels of uniform noise on training images: fine grain is not worth learning (SRFlow takes 8)'),
});

/** Times that clipping's share of each block's mean is given back to it. */
const projections = 4;

export const definition = defineImageModel({
  name: 'sr-flow',
  title: 'SRFlow: images enlarged by a flow, each time differently',
  source: 'Lugmayr et al. 2020, arXiv:2006.14200',
  schema: srFlowSchema,
  pixels: 'bytes',
  tiny: { config: { factor: 2 } },
  build: (config, data: ImageData): ImageModel => {
    const { factor, features: width, noise } = config;
    const { channels, levels } = data;
    const [rows, columns] = [data.height / factor, data.width / factor];
    if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
      throw new ConfigError(`model.factor: ${factor} does not divide ${data.height} x ${data.width} pixels`, {
        advice: 'Give images of another size (--size), or another factor.',
      });
    }
    const open = channels * (factor * factor - 1);
    const step = (index: number) => [
      actNorm(open),
      invertibleLinear(open, index),
      injection(open, { network: convolutionalConditioner({ width: config.width, features: width }) }),
      coupling(open, { network: convolutionalConditioner({ width: config.width, features: width }) }),
    ];
    const flow = sequence([
      ...Array.from({ length: config.steps }, (_, index) => step(index)).flat(),
      flatten([open, rows, columns]),
    ]);
    const gain = Math.SQRT2;
    const parameters = {
      features: {
        first: convolutionSpec(channels, width, { gain }),
        blocks: Array.from({ length: config.blocks }, () => ({
          first: convolutionSpec(width, width, { gain }),
          second: convolutionSpec(width, width, { init: normal(0.01) }),
        })),
      },
      flow: flow.parameters,
    };
    type Parameters = TensorsOf<typeof parameters>;

    const shrunk = (images: Tensor): Tensor => avgPool(images, factor, { stride: factor });
    /** As a file would hold it: rounded to whole numbers. */
    const reduce = (images: Tensor): Tensor => round(shrunk(images));
    const scaled = (values: Tensor): Tensor => mul(values, 2 / (levels - 1));
    const givenOf = ({ features: p }: Parameters, small: Tensor): Given => {
      const first = convolve(p.first, sub(scaled(small), 1));
      const block = (h: Tensor, { first: one, second: two }: (typeof p.blocks)[number]): Tensor =>
        add(h, convolve(two, relu(convolve(one, relu(h)))));
      return { features: relu(p.blocks.reduce(block, first)) };
    };
    /** What the small image leaves open, of images with noise. */
    const details = ({ images, key }: ImageTensors): Tensor => {
      const grain = mul(sub(new Draws(key).uniform(images.shape), 0.5), noise);
      return blockDetails(scaled(add(images, grain)), factor);
    };
    const enlarge = (p: Parameters, small: Tensor, code: Tensor): Tensor => {
      const found = mul(flow.inverse(p.flow as never, code, givenOf(p, small)), (levels - 1) / 2);
      let large = blocksFrom(small, found, factor);
      for (let time = 0; time < projections; time++) {
        large = clip(large, 0, levels - 1);
        large = add(large, resize(sub(small, shrunk(large)), [data.height, data.width]));
      }
      return round(clip(large, 0, levels - 1));
    };

    return {
      parameters,
      losses: [
        {
          name: 'initialisation',
          assigns: true,
          during: 'first',
          trainable: isFitted,
          loss: (p: Parameters, batch) => {
            const given = givenOf(p, reduce(batch.images));
            return { loss: assignmentLoss(fitTransform(flow, p.flow, details(batch), given).assigned) };
          },
        },
        {
          name: 'sr-flow',
          trainable: (path) => !isFlag(path),
          loss: (p: Parameters, batch) => {
            const logProb = flowLogProb(flow, p.flow, details(batch), givenOf(p, reduce(batch.images)));
            return { loss: mul(neg(mean(logProb)), 1 / (open * rows * columns)) };
          },
        },
      ],
      upscaler: {
        factor,
        reduce,
        inOneGo: {
          noise: { z: [open * rows * columns] },
          enlarge: (p: Parameters, { small, noise: drawn }) => enlarge(p, small, drawn['z']!),
        },
      },
    };
  },
});
