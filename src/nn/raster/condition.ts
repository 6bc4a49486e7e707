import { type Tensor, add, reshape } from '../../tensor/index.js';
import { type LinearSpec, linear, linearSpec } from '../layers.js';
import { type TensorsOf, normal } from '../parameters.js';

/** What every pixel of an image is told beside its neighbours, e.g. the image's class. */

/** Spreads: { condition } where there is one of `size` numbers, nothing where there is none. */
export const conditionSpec = (size: number, channels: number): { readonly condition?: LinearSpec } =>
  size > 0 ? { condition: linearSpec(size, channels, { init: normal(0.1), bias: false }) } : {};

/** x [B, channels, H, W], plus what the layer makes of the condition [B, size]; x itself without the one or the other. */
export function addCondition(
  { condition }: { readonly condition?: TensorsOf<LinearSpec> },
  x: Tensor,
  given: Tensor | undefined,
): Tensor {
  if (condition === undefined || given === undefined) return x;
  return add(x, reshape(linear(condition, given), [x.shape[0]!, x.shape[1]!, 1, 1]));
}
