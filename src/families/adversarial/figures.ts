import {
  type Tensor,
  add,
  cast,
  div,
  greater,
  maximum,
  mean,
  sqrt,
  stopGradient,
  sum,
  variance,
} from '../../tensor/index.js';

/** How a game stands: figures that are logged while training, and what can be wrong with them. */

/** Root mean square distance of two images of a batch [B, C, H, W], up to a factor that depends on B alone. */
const spreadOf = (images: Tensor): Tensor => sqrt(sum(variance(images, { axes: 0 })));

/**
 * @param real how real the discriminator takes real images for, [B]
 * @param made the same of made ones
 * @returns the means of both; `accuracy`, the share of pairs of a real and a made image that it ranks rightly; and
 *   `spread`, the distance of made images from each other over that of real ones
 */
export function gameFigures(
  real: Tensor,
  made: Tensor,
  images: { readonly real: Tensor; readonly made: Tensor },
): Record<'real' | 'made' | 'accuracy' | 'spread', Tensor> {
  const [r, m] = [stopGradient(real), stopGradient(made)];
  const [realSpread, madeSpread] = [images.real, images.made].map((each) => spreadOf(stopGradient(each)));
  return {
    real: mean(r),
    made: mean(m),
    accuracy: mean(cast(greater(r, m), 'float32')),
    spread: div(madeSpread!, maximum(realSpread!, 1e-6)),
  };
}

/** Below it made images are taken for a few, again and again. A set of all modes but blurred or typical ones has 0.7. */
const leastSpread = 0.4;
/** In logits: of such images the generator's gradient of log(1 − D) is nothing, and D no longer says what is nearly real. */
const mostLogits = 20;
/** A distance between images of 28 x 28 in [−1, 1] is at most 56. */
const mostDistance = 200;

/**
 * What is wrong with a game, from its figures smoothed over many steps; the discriminator's loss is named `discriminator`.
 *
 * @param isDistance see `Objective.isDistance`
 */
export const gameAilments =
  ({ isDistance = false }: { readonly isDistance?: boolean }) =>
  (figures: Readonly<Record<string, number>>): Record<string, string | undefined> => {
    const figure = (name: string): number => figures[`discriminator.${name}`] ?? NaN;
    const [spread, apart] = [figure('spread'), figure('real') - figure('made')];
    return {
      collapse:
        spread < leastSpread
          ? `the generator draws nearly the same image over and over: its images differ by ${spread.toFixed(2)} of ` +
            'what real ones do (mode collapse). Lower its rate (model.rates.generator), or take a game that does not ' +
            'collapse so easily (wgan-gp, spectral-gan).'
          : undefined,
      divergence:
        Math.abs(apart) > (isDistance ? mostDistance : mostLogits)
          ? `the discriminator's outputs for real and made images are ${apart.toFixed(0)} apart` +
            (isDistance ? ': the game diverges.' : ': it has won, and the generator learns little from it.') +
            ' Lower its rate (model.rates.discriminator) or both (training.schedule.learningRate).'
          : undefined,
    };
  };

/** The sum of a loss and of those that are added to it. */
export const summed = (losses: readonly Tensor[]): Tensor => losses.reduce((total, loss) => add(total, loss));
