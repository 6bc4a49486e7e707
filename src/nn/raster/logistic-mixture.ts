import {
  type Tensor,
  add,
  clip,
  expandDims,
  cast,
  iota,
  logSoftmax,
  logSumExp,
  mul,
  sliceAxis,
  split,
  tanh,
} from '../../tensor/index.js';
import { centred, discretisedLogisticLogProb } from '../distributions.js';
import { linear, linearSpec, scaledNormal } from '../layers.js';
import type { Grid, Head } from './raster.js';

/** Scales below this are as good as a single value, and their gradients are wild. */
const leastLogScale = -7;

interface Mixture {
  /** [N, mixtures]: log weights, normalised. */
  readonly weights: Tensor;
  readonly means: readonly Tensor[];
  readonly logScales: readonly Tensor[];
  /** Of a channel: how its mean moves with each channel before it. */
  readonly coefficients: readonly (readonly Tensor[])[];
}

/**
 * Whole pixels as a mixture of discretised logistic distributions, the means of later channels moving linearly with
 * the earlier ones (Salimans et al. 2017, PixelCNN++, sections 2.1 and 2.2).
 *
 * @param features numbers of each pixel, activated already
 */
export function logisticMixtureHead(features: number, mixtures: number, { channels, levels }: Grid) {
  const pairs = (channels * (channels - 1)) / 2;
  const groups = 1 + 2 * channels + pairs;
  const parameters = { out: linearSpec(features, groups * mixtures, { init: scaledNormal(features, 0.3) }) };

  const mixtureOf = (output: Tensor): Mixture => {
    const [weights, ...rest] = split(output, groups, 1) as [Tensor, ...Tensor[]];
    const moves = rest.slice(2 * channels).map(tanh);
    return {
      weights: logSoftmax(weights),
      means: rest.slice(0, channels),
      // Starts a few levels wide, where most of the gradient is.
      logScales: rest.slice(channels, 2 * channels).map((x) => clip(add(x, -2), leastLogScale, 5)),
      coefficients: Array.from({ length: channels }, (_, channel) => {
        const first = (channel * (channel - 1)) / 2;
        return moves.slice(first, first + channel);
      }),
    };
  };

  const column = (values: Tensor, channel: number): Tensor =>
    sliceAxis(values, { axis: 1, start: channel, limit: channel + 1 });

  /** Mean of one channel given those before it [N, channel]: [N, mixtures]. */
  const meanOf = ({ means, coefficients }: Mixture, earlier: Tensor, channel: number): Tensor =>
    coefficients[channel]!.reduce(
      (mean, coefficient, other) => add(mean, mul(coefficient, centred(column(earlier, other), levels))),
      means[channel]!,
    );

  /** log of weight times the probability of the first `count` channels, for each part of the mixture. */
  const joint = (mixture: Mixture, pixels: Tensor, count: number): Tensor =>
    Array.from({ length: count }, (_, channel) =>
      discretisedLogisticLogProb(
        column(pixels, channel),
        meanOf(mixture, pixels, channel),
        mixture.logScales[channel]!,
        levels,
      ),
    ).reduce(add, mixture.weights);

  const head: Head<typeof parameters> = {
    parameters,
    logits: (p, x, earlier, channel) => {
      const mixture = mixtureOf(linear(p.out, x));
      const values = cast(iota([1, 1, levels], 2), 'float32');
      const [mean, logScale] = [meanOf(mixture, earlier, channel), mixture.logScales[channel]!].map((part) =>
        expandDims(part, 2),
      ) as [Tensor, Tensor];
      const ofChannel = discretisedLogisticLogProb(values, mean, logScale, levels);
      return logSumExp(add(expandDims(joint(mixture, earlier, channel), 2), ofChannel), { axes: 1 });
    },
    logProb: (p, x, pixels) => logSumExp(joint(mixtureOf(linear(p.out, x)), pixels, channels), { axes: 1 }),
  };
  return head;
}
