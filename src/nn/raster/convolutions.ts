import { type Tensor, add } from '../../tensor/index.js';
import { type ConvolutionSpec, convolutionSpec, convolve } from '../layers.js';
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

/** A masked kernel of an odd side: the rows above whole, and of this row the columns up to the middle. */
export const maskedSpec = (from: number, to: number, kernel: number, columns: number) => ({
  above: convolutionSpec(from, to, { kernel: [(kernel - 1) / 2, kernel] }),
  row: convolutionSpec(from, to, { kernel: [1, columns], bias: false }),
});

/** What the rows above and this row are seen by: the same, but where a value must not see itself. */
interface Seen {
  readonly above: Tensor;
  readonly row: Tensor;
}

/** [B, in, H, W] → [B, out, H, W] */
export function convolveMasked(
  p: TensorsOf<ReturnType<typeof maskedSpec>>,
  { above, row }: Seen,
  pass: Pass,
  name: string,
): Tensor {
  const fromAbove = convolveRows(p.above, pass.down(above), pass, `${name} above`);
  return add(pass.hand(name, fromAbove), convolveRow(p.row, row, pass, `${name} row`));
}

/** Dilations 1, 2, 1, 4, 1, 2, 1, …, at most `largest`: a far reach that leaves out no near neighbour. */
export const dilationOf = (layer: number, largest = 4): number => Math.min(largest, (layer + 1) & -(layer + 1));
