import { perRow } from '../../nn/distributions.js';
import {
  type Draws,
  type Tensor,
  add,
  gradients,
  mean,
  mul,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
} from '../../tensor/index.js';

/** Penalties on the slope of a discriminator: gradients of gradients. */

/** A discriminator as a function of images: [B, C, H, W] → [B]. */
export type Judge = (images: Tensor) => Tensor;

/** Squared length of the gradient at each of a batch of images, [B]. */
export function squaredSlopes(judge: Judge, images: Tensor): Tensor {
  const at = stopGradient(images);
  // Each output depends on its own image alone, so the gradient of their sum holds that of each.
  const [slopes] = gradients(sum(judge(at)), [at]);
  return perRow(square(slopes!));
}

/**
 * Mean of (‖slope‖ − 1)² between real and made images (Gulrajani et al. 2017, equation 3).
 *
 * @param share uniform in [0, 1), [B, 1, 1, 1]: how far from the made image to the real one
 */
export function gradientPenalty(
  judge: Judge,
  { real, made, share }: { readonly real: Tensor; readonly made: Tensor; readonly share: Tensor },
): { loss: Tensor; slope: Tensor } {
  const between = add(made, mul(share, sub(real, made)));
  // The root has no slope of its own at 0.
  const lengths = sqrt(add(squaredSlopes(judge, between), 1e-12));
  return { loss: mean(square(sub(lengths, 1))), slope: mean(lengths) };
}

/** Half of the mean of ‖slope‖² at real images (Mescheder et al. 2018, R1), to be multiplied with its weight γ. */
export const realPenalty = (judge: Judge, real: Tensor): Tensor => mul(mean(squaredSlopes(judge, real)), 0.5);

/**
 * How far an image moves with its styles, along a random direction of all its pixels: ‖Jᵀ y‖, the root mean square over
 * layers (Karras et al. 2020, StyleGAN2, equation 4).
 *
 * @param images styles [B, layers, style] → [B, C, H, W]
 * @returns [B]
 */
export function pathLengths(images: (styles: Tensor) => Tensor, styles: Tensor, draws: Draws): Tensor {
  const made = images(styles);
  const [height, width] = made.shape.slice(2) as [number, number];
  const direction = mul(draws.normal(made.shape), 1 / Math.sqrt(height * width));
  const [slopes] = gradients(sum(mul(made, direction)), [styles]);
  return sqrt(add(mul(perRow(square(slopes!)), 1 / styles.shape[1]!), 1e-12));
}
