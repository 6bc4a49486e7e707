import { type Tensor, add } from '../../tensor/index.js';
import { type ConvolutionSpec, convolutionSpec, convolve, scaledNormal } from '../layers.js';
import type { TensorsOf } from '../parameters.js';
import type { Pass } from './pass.js';

/** Causal convolutions: over whole rows up to this one, and over this row up to this column. */

/** A kernel [rows, odd side] over this row and those above it: x [B, in, H, W] → [B, out, H, W]. */
export function convolveRows(p: TensorsOf<ConvolutionSpec>, x: Tensor, pass: Pass, name: string, dilation = 1): Tensor {
  const [rows, side] = p.weight.shape.slice(2) as [number, number];
  const window = pass.rows(name, x, (rows - 1) * dilation);
  const beside = ((side - 1) / 2) * dilation;
  return convolve(p, window.x, {
    padding: [
      [window.before, 0],
      [beside, beside],
    ],
    dilation,
  });
}

/** A kernel [1, columns] over this column and those to its left: x [B, in, H, W] → [B, out, H, W]. */
export function convolveRow(p: TensorsOf<ConvolutionSpec>, x: Tensor, pass: Pass, name: string, dilation = 1): Tensor {
  const window = pass.columns(name, x, (p.weight.shape[3]! - 1) * dilation);
  return convolve(p, window.x, {
    padding: [
      [0, 0],
      [window.before, 0],
    ],
    dilation: [1, dilation],
  });
}

/** Whether a value sees itself: not in a network's first layer (a mask of kind A), and in all others (B). */
type Mask = 'A' | 'B';

/**
 * A masked kernel of an odd side as two: of the rows above, and of this row. It costs as much as one convolution with
 * zeros for what the mask hides, and both can be run alone.
 */
export const maskedSpec = (from: number, to: number, kernel: number, mask: Mask) => {
  const half = (kernel - 1) / 2;
  // As wide as the masked kernel would be, for the size of what comes out.
  const init = scaledNormal(from * (kernel * half + half + (mask === 'A' ? 0 : 1)));
  return {
    above: convolutionSpec(from, to, { kernel: [half, kernel], init }),
    row: convolutionSpec(from, to, { kernel: [1, mask === 'A' ? half : half + 1], init, bias: false }),
  };
};

/** [B, in, H, W] → [B, out, H, W] */
export function convolveMasked(
  p: TensorsOf<ReturnType<typeof maskedSpec>>,
  x: Tensor,
  pass: Pass,
  name: string,
): Tensor {
  const fromAbove = convolveRows(p.above, pass.down(x), pass, `${name} above`);
  const half = p.above.weight.shape[2]!;
  const seesItself = p.row.weight.shape[3]! > half;
  const seen = seesItself ? x : pass.right(x);
  return add(pass.hand(name, fromAbove), convolveRow(p.row, seen, pass, `${name} row`));
}

/** Dilations 1, 2, 1, 4, 1, 2, 1, …, at most `largest`: a far reach that leaves out no near neighbour. */
export const dilationOf = (layer: number, largest = 4): number => Math.min(largest, (layer + 1) & -(layer + 1));
