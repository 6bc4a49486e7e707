import { z } from 'zod';
import { defineImageModel } from '../../nn/image-model.js';
import { actNorm } from '../../nn/transforms/act-norm.js';
import { convolutionalConditioner } from '../../nn/transforms/conditioners.js';
import { maskedCoupling } from '../../nn/transforms/coupling.js';
import { imageFlow } from '../../nn/transforms/flow.js';
import { dequantised, pixelSettings } from '../../nn/transforms/pixel-settings.js';
import { channelMask, checkerboard, flatten, split, squeezeSpace, squeezedShape } from '../../nn/transforms/shapes.js';
import { type Transform, sequence } from '../../nn/transforms/transform.js';

/**
 * RealNVP (Dinh et al. 2017): affine couplings, under checkerboards and then, pixels squeezed into channels, under
 * halves of the channels; half of the channels leave after each scale.
 */

export const realNvpSchema = z.strictObject({
  scales: z.int().positive().default(2).describe('times the image is squeezed; half of the channels leave after each'),
  couplings: z.int().positive().default(3).describe('couplings under each kind of mask at each scale'),
  width: z.int().positive().default(24).describe("channels of the couplings' networks at the first scale"),
  blocks: z.int().min(0).default(0).describe("residual blocks of the couplings' networks"),
  ...pixelSettings,
  conditional: z.boolean().default(false).describe('tell the couplings the class of the image'),
});

type RealNvpConfig = z.output<typeof realNvpSchema>;
type Shape = readonly [channels: number, height: number, width: number];

/** One scale and those below it: [B, C, H, W] → [B, n]. */
function scale(config: RealNvpConfig, [channels, height, columns]: Shape, vector: number, level = 0): Transform {
  const { couplings, width, blocks } = config;
  const network = (grown: number) => convolutionalConditioner({ width: width * 2 ** grown, depth: blocks, vector });
  const repeated = (count: number, size: number, make: (half: 0 | 1) => Transform): Transform[] =>
    Array.from({ length: count }, (_, index) => [make(index % 2 === 0 ? 0 : 1), actNorm(size)]).flat();
  const checkered = (count: number): Transform[] =>
    repeated(count, channels, (half) =>
      maskedCoupling(channels, () => checkerboard(height, columns, half), { network: network(level) }),
    );
  if (level === config.scales) return sequence([...checkered(couplings + 1), flatten([channels, height, columns])]);
  const inner = squeezedShape([channels, height, columns]);
  const rest = scale(config, [inner[0] / 2, inner[1], inner[2]], vector, level + 1);
  return sequence([
    ...checkered(couplings),
    squeezeSpace(),
    ...repeated(couplings, inner[0], (half) =>
      maskedCoupling(inner[0], () => channelMask(inner[0], half), { network: network(level + 1) }),
    ),
    split(inner, { rest, network: network(level + 1) }),
  ]);
}

export const definition = defineImageModel({
  name: 'real-nvp',
  title: 'RealNVP: a flow of couplings under masks',
  source: 'Dinh et al. 2017, arXiv:1605.08803',
  schema: realNvpSchema,
  pixels: 'bytes',
  tiny: { config: { couplings: 1, width: 4, scales: 1 } },
  build: (config, data) => {
    const shape = [data.channels, data.height, data.width] as const;
    const vector = config.conditional ? data.classes : 0;
    return imageFlow({
      name: 'real-nvp',
      data,
      conditional: vector > 0,
      transform: sequence([...dequantised(config, shape, data.levels), scale(config, shape, vector)]),
    });
  },
});
