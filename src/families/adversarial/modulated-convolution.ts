import { type Tensor, add, conv, matmul, mul, reshape, rsqrt, square, sum } from '../../tensor/index.js';

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
  const [count, channels] = style.shape as [number, number];
  const scaled = mul(x, reshape(style, [count, channels, 1, 1]));
  const result = conv(scaled, weight, { padding: 'same' });
  if (!demodulated) return result;
  // Σ over in, height and width of (weight · style)², for each image and output channel.
  const energy = matmul(square(style), sum(square(weight), { axes: [2, 3] }), { transposeB: true });
  return mul(result, reshape(rsqrt(add(energy, 1e-8)), [count, weight.shape[0]!, 1, 1]));
}
