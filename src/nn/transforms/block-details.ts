import { type Tensor, concat, constant, conv, convTranspose, mul, reshape, sliceAxis } from '../../tensor/index.js';

/**
 * Blocks of pixels as their mean and what is orthogonal to it: the two-dimensional cosine basis (DCT-II), whose
 * functions have length 1.
 */

/** [factor² functions, factor, factor], row-major by frequency; the first one is constant. */
function cosineBasis(factor: number): Float32Array {
  const wave = (frequency: number, at: number): number =>
    Math.sqrt((frequency === 0 ? 1 : 2) / factor) * Math.cos((Math.PI * frequency * (at + 0.5)) / factor);
  return Float32Array.from({ length: factor ** 4 }, (_, index) => {
    const [function_, position] = [Math.floor(index / factor ** 2), index % factor ** 2];
    return (
      wave(Math.floor(function_ / factor), Math.floor(position / factor)) * wave(function_ % factor, position % factor)
    );
  });
}

const kernel = (factor: number): Tensor => constant(cosineBasis(factor), [factor ** 2, 1, factor, factor]);

/** Each channel as an image of its own: [B, C, H, W] → [B · C, 1, H, W]. */
const alone = (x: Tensor): Tensor => reshape(x, [x.shape[0]! * x.shape[1]!, 1, ...x.shape.slice(2)]);

/** [B, C, H, W] → [B, C (factor² − 1), H / factor, W / factor]: all coefficients of a block but its mean. */
export function blockDetails(images: Tensor, factor: number): Tensor {
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const functions = sliceAxis(kernel(factor), { axis: 0, start: 1 });
  const found = conv(alone(images), functions, { stride: factor });
  return reshape(found, [batch, channels * (factor ** 2 - 1), height / factor, width / factor]);
}

/** The images whose blocks have these means [B, C, H, W] and details [B, C (factor² − 1), H, W]: factor times as large. */
export function blocksFrom(means: Tensor, details: Tensor, factor: number): Tensor {
  const [batch, channels, height, width] = means.shape as [number, number, number, number];
  const rest = reshape(details, [batch * channels, factor ** 2 - 1, height, width]);
  // The constant function of length 1 is 1 / factor everywhere.
  const all = concat([mul(alone(means), factor), rest], 1);
  const images = convTranspose(all, kernel(factor), { stride: factor });
  return reshape(images, [batch, channels, height * factor, width * factor]);
}
