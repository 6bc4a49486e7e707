import { z } from 'zod';
import { type ImageData, defineImageModel } from '../../nn/image-model.js';
import { actNorm } from '../../nn/transforms/act-norm.js';
import { type MakeConditioner, convolutionalConditioner } from '../../nn/transforms/conditioners.js';
import { coupling } from '../../nn/transforms/coupling.js';
import { affine } from '../../nn/transforms/elementwise.js';
import { imageFlow } from '../../nn/transforms/flow.js';
import { invertibleLinear } from '../../nn/transforms/linear.js';
import { dequantised, pixelSettings } from '../../nn/transforms/pixel-settings.js';
import { flatten, permutation, split, squeezeSpace, squeezedShape } from '../../nn/transforms/shapes.js';
import { rationalQuadraticSpline } from '../../nn/transforms/spline.js';
import { type Transform, sequence } from '../../nn/transforms/transform.js';

/** Glow (Kingma & Dhariwal 2018): steps of ActNorm, a learned rotation of the channels and a coupling, on several scales. */

const level = z.strictObject({
  squeeze: z.int().min(1).describe('side of the blocks of pixels that become channels'),
  steps: z.int().min(0).describe('steps of flow at this scale'),
  width: z.int().positive().describe("channels of the couplings' networks"),
});

export const glowSchema = z.strictObject({
  levels: z
    .array(level)
    .min(1)
    .default([
      { squeeze: 2, steps: 4, width: 48 },
      { squeeze: 2, steps: 10, width: 96 },
    ])
    .describe('scales, the finest first; after each but the last, half of the channels leave'),
  coupling: z
    .enum(['affine', 'spline'])
    .default('spline')
    .describe("how a coupling moves numbers: Glow's affine map, or a spline (Durkan et al. 2019)"),
  bins: z.int().min(2).default(6).describe('bins of a spline'),
  lastKernel: z
    .int()
    .positive()
    .default(1)
    .describe("side of the last kernel of the couplings' networks; Glow has 3, and 1 makes splines much cheaper"),
  ...pixelSettings,
  conditional: z.boolean().default(false).describe('tell the couplings the class of the image'),
});

type GlowConfig = z.output<typeof glowSchema>;

/** Above so many channels they only change places: the inverse of a large triangle loses digits. */
const mostRotated = 64;

/** Numbers in [0, levels) of [B, C, H, W] → [B, n]. */
function scales(config: GlowConfig, shape: readonly [number, number, number], vector: number, from = 0): Transform {
  const { squeeze, steps, width: hidden } = config.levels[from]!;
  const inner = squeezedShape(shape, squeeze);
  // One pixel has no neighbours.
  const kernels = inner[1] * inner[2] === 1 ? { firstKernel: 1, lastKernel: 1 } : { lastKernel: config.lastKernel };
  const network: MakeConditioner = convolutionalConditioner({ width: hidden, vector, ...kernels });
  const mix = inner[0] <= mostRotated ? invertibleLinear : permutation;
  const elementwise = config.coupling === 'spline' ? rationalQuadraticSpline({ bins: config.bins }) : affine();
  const step = (index: number): Transform[] => [
    actNorm(inner[0]),
    mix(inner[0], 100 * from + index),
    coupling(inner[0], { network, elementwise }),
  ];
  const isLast = from === config.levels.length - 1;
  const goesOn = [Math.floor(inner[0] / 2), inner[1], inner[2]] as const;
  return sequence([
    ...(squeeze > 1 ? [squeezeSpace(squeeze)] : []),
    ...Array.from({ length: steps }, (_, index) => step(index)).flat(),
    isLast ? flatten(inner) : split(inner, { rest: scales(config, goesOn, vector, from + 1), network }),
  ]);
}

export const definition = defineImageModel({
  name: 'glow',
  title: 'Glow: a flow of rotations and couplings',
  source: 'Kingma & Dhariwal 2018, arXiv:1807.03039',
  schema: glowSchema,
  pixels: 'bytes',
  tiny: { config: { levels: [{ squeeze: 2, steps: 2, width: 4 }] } },
  build: (config, data: ImageData) => {
    const shape = [data.channels, data.height, data.width] as const;
    const vector = config.conditional ? data.classes : 0;
    return imageFlow({
      name: 'glow',
      data,
      conditional: vector > 0,
      transform: sequence([...dequantised(config, shape, data.levels), scales(config, shape, vector)]),
    });
  },
});
