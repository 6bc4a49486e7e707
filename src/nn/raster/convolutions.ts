import type { Tensor } from '../../tensor/index.js';
import { type ConvolutionSpec, convolve } from '../layers.js';
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

/** Dilations 1, 2, 1, 4, 1, 2, 1, …, at most `largest`: a far reach that leaves out no near neighbour. */
export const dilationOf = (layer: number, largest = 4): number => Math.min(largest, (layer + 1) & -(layer + 1));
