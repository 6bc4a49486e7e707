import { z } from 'zod';
import { convolutionalConditioner } from './conditioners.js';
import { injection, maskedCoupling } from './coupling.js';
import { affine } from './elementwise.js';
import { histogramPixels, logitPixels, uniformDequantisation, variationalDequantisation } from './pixels.js';
import { checkerboard } from './shapes.js';
import { type Transform, sequence } from './transform.js';

/** What a flow makes of whole numbers before it bends them: settings that every flow of images has. */
export const pixelSettings = {
  dequantisation: z
    .enum(['uniform', 'variational'])
    .default('uniform')
    .describe('noise added to whole numbers: uniform, or learned, which makes the bound tighter (Ho et al. 2019)'),
  scale: z
    .enum(['histogram', 'histograms', 'logit'])
    .default('histogram')
    .describe(
      'how pixels lose their two ends: through a learned histogram, through one for each pixel, or through a logit',
    ),
};

type PixelConfig = { readonly [Key in keyof typeof pixelSettings]: z.output<(typeof pixelSettings)[Key]> };

/** The first transforms of a flow. */
export function dequantised(
  { dequantisation, scale }: PixelConfig,
  shape: readonly [number, number, number],
  levels: number,
): Transform[] {
  const [channels, height, width] = shape;
  const network = convolutionalConditioner({ width: 16, features: channels });
  const noise = (): Transform =>
    sequence([
      injection(channels, { network, elementwise: affine(4) }),
      ...([0, 1] as const).map((offset) =>
        maskedCoupling(channels, () => checkerboard(height, width, offset), { network }),
      ),
    ]);
  return [
    dequantisation === 'uniform' ? uniformDequantisation(levels) : variationalDequantisation(levels, noise()),
    scale === 'logit' ? logitPixels(levels) : histogramPixels(shape, levels, { each: scale === 'histograms' }),
  ];
}
