import { type Tensor, add, conv, convTranspose, matmul, mul, reshape, rsqrt, square, sum } from '../../tensor/index.js';

/**
 * A convolution whose kernel is scaled for each image by its style, input channel by input channel, and then, output
 * channel by output channel, brought back to length 1 (Karras et al. 2020, StyleGAN2, equations 1 and 3). Both scalings
 * are of channels, so they are done to the input and to the output: one convolution serves the whole batch.
 *
 * @param x [B, in, H, W]
 * @param weight [out, in, height, width]
 * @param style [B, in]
 * @param demodulated false leaves the second scaling out, as the layers to colours do
 */
export function modulatedConvolution(x: Tensor, weight: Tensor, style: Tensor, demodulated = true): Tensor {
  const result = conv(modulated(x, style), weight, { padding: 'same' });
  if (!demodulated) return result;
  // Σ over in, height and width of (weight · style)², for each image and output channel.
  return scaledBack(result, matmul(square(style), sum(square(weight), { axes: [2, 3] }), { transposeB: true }));
}

/**
 * The same to twice the sides, by a transposed convolution.
 *
 * @param weight [in, out, 4, 4]
 */
export function modulatedEnlargement(x: Tensor, weight: Tensor, style: Tensor): Tensor {
  const result = convTranspose(modulated(x, style), weight, { stride: 2, padding: 1 });
  // Each pixel of the result is reached by a quarter of the kernel.
  return scaledBack(result, mul(matmul(square(style), sum(square(weight), { axes: [2, 3] })), 0.25));
}

const modulated = (x: Tensor, style: Tensor): Tensor => mul(x, reshape(style, [...style.shape, 1, 1]));

const scaledBack = (x: Tensor, energy: Tensor): Tensor =>
  mul(x, reshape(rsqrt(add(energy, 1e-8)), [...energy.shape, 1, 1]));
