import { type Tensor, add, mean, neg, relu, softplus, sub } from '../../tensor/index.js';

/** What the two players of a game descend, given how real the discriminator takes images for: [B] of each kind. */
export interface Objective {
  readonly discriminator: (real: Tensor, made: Tensor) => Tensor;
  readonly generator: (made: Tensor) => Tensor;
  /** The discriminator may win: it estimates a distance, and the generator learns from one that is right. */
  readonly isDistance?: boolean;
}

/** −log σ(real) − log(1 − σ(made)): a classifier of real and made. */
const classify = (real: Tensor, made: Tensor): Tensor => add(mean(softplus(neg(real))), mean(softplus(made)));

export const objectives = {
  /** Goodfellow et al. 2014, equation 1: the generator makes the classifier's loss large. Its gradient dies when it loses. */
  minimax: { discriminator: classify, generator: (made) => neg(mean(softplus(made))) },
  /** The same paper, section 3: −log σ(made), with the same resting point and a gradient that does not die. */
  'non-saturating': { discriminator: classify, generator: (made) => mean(softplus(neg(made))) },
  /** Lim & Ye 2017, Miyato et al. 2018: only what lies on the wrong side of a margin counts. */
  hinge: {
    discriminator: (real, made) => add(mean(relu(sub(1, real))), mean(relu(add(made, 1)))),
    generator: (made) => neg(mean(made)),
  },
  /** Arjovsky et al. 2017: the critic's means differ by the Wasserstein distance, if its slope is at most 1. */
  wasserstein: {
    discriminator: (real, made) => sub(mean(made), mean(real)),
    generator: (made) => neg(mean(made)),
    isDistance: true,
  },
} as const satisfies Record<string, Objective>;
