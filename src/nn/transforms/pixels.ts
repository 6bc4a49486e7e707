import {
  type Tensor,
  add,
  cast,
  clip,
  constant,
  cumsum,
  div,
  equal,
  expandDims,
  floor,
  gather,
  iota,
  lessEqual,
  log,
  logSoftmax,
  mean,
  mul,
  exp,
  neg,
  ones,
  reshape,
  sigmoid,
  softplus,
  sub,
  sum,
} from '../../tensor/index.js';
import { normalLogProb, perRow } from '../distributions.js';
import { parameter } from '../parameters.js';
import { logNormalDensity, normalQuantile, normalShare } from './normal-quantile.js';
import { unlessInitialised } from './act-norm.js';
import { type Transform, defineTransform, sameForAll } from './transform.js';
import { sizeOf } from '../../tensor/define.js';

/** From whole numbers to numbers that a flow can bend: noise that fills the gaps, and a scale without ends. */

const toWhole = (z: Tensor, levels: number): Tensor => clip(floor(z), 0, levels - 1);

/**
 * Adds uniform noise to whole numbers: the mean log density over the noise is at most the log-probability of the whole
 * number (Theis et al. 2016).
 */
export const uniformDequantisation = (levels: number): Transform =>
  defineTransform({
    parameters: {},
    kind: 'bound',
    forward: (_, x, { draws }) => ({
      z: add(x, draws!.uniform(x.shape)),
      logDeterminant: sameForAll(constant([0]), x),
    }),
    inverse: (_, z) => toWhole(z, levels),
  });

/**
 * Adds noise from a flow that sees the image, u = σ(flow(ε | image)): −log q(u | image) makes the bound tighter (Ho et al.
 * 2019, Flow++, section 3.1).
 *
 * @param noise a flow of [B, C, H, W] that looks at `features`: the image, centred
 */
export const variationalDequantisation = (levels: number, noise: Transform): Transform =>
  defineTransform({
    parameters: noise.parameters as Record<string, never>,
    kind: 'bound',
    forward: (p, x, { draws, vector }) => {
      const epsilon = draws!.normal(x.shape);
      const features = sub(mul(x, 2 / (levels - 1)), 1);
      const bent = noise.forward(p as never, epsilon, { features, ...(vector && { vector }) });
      // log σ′ = −softplus(h) − softplus(−h)
      const slope = neg(perRow(add(softplus(bent.z), softplus(neg(bent.z)))));
      const logNoise = sub(perRow(normalLogProb(epsilon, 0, 0)), add(bent.logDeterminant, slope));
      return { z: add(x, sigmoid(bent.z)), logDeterminant: neg(logNoise) };
    },
    inverse: (_, z) => toWhole(z, levels),
  });

/** logit(α + (1 − 2α) x / levels), for x in [0, levels) (Dinh et al. 2017, RealNVP, section 4.1). */
export const logitPixels = (levels: number, alpha = 0.05): Transform =>
  defineTransform({
    parameters: {},
    kind: 'exact',
    forward: (_, x) => {
      const share = add(mul(x, (1 - 2 * alpha) / levels), alpha);
      const [left, right] = [log(share), log(sub(1, share))];
      const constantSlope = Math.log((1 - 2 * alpha) / levels);
      return { z: sub(left, right), logDeterminant: perRow(sub(constantSlope, add(left, right))) };
    },
    inverse: (_, z) => mul(sub(sigmoid(z), alpha), levels / (1 - 2 * alpha)),
  });

/** Ends of the bins of a histogram: narrow where drawings have most of their pixels, near black and near white. */
export function binEnds(levels: number): number[] {
  const ends = new Set([0, levels]);
  for (let distance = 1; distance <= levels / 8; distance *= 2) ends.add(distance).add(levels - distance);
  for (let step = 1; step < 8; step++) ends.add(Math.round((step * levels) / 8));
  return [...ends].sort((a, b) => a - b);
}

/** Share kept free at either end, so that the quantile is finite. */
const margin = 1e-5;
/** Weight of the histogram of all pixels together in the first histogram of each, in images. */
const prior = 4;

/**
 * Pixels through the cumulative distribution of their histogram, and from there to the standard normal one: what a
 * histogram describes becomes normal, so what is left to the flow is what pixels tell about each other. The histograms
 * are parameters; the first batch initialises them. One histogram for each channel keeps a value the same everywhere,
 * which convolutions need; with `each`, every pixel has its own, which fits a flow that knows each pixel by its place.
 *
 * @param shape of an image, [C, H, W]
 */
export function histogramPixels(
  shape: readonly number[],
  levels: number,
  { each = false }: { readonly each?: boolean } = {},
): Transform {
  const size = sizeOf(shape);
  const groups = each ? size : shape[0]!;
  const ends = binEnds(levels);
  const bins = ends.length - 1;
  const widths = ends.slice(1).map((end, bin) => end - ends[bin]!);
  const binOfLevel = Int32Array.from({ length: levels }, (_, level) => ends.findLastIndex((end) => end <= level));
  const groupOf = Int32Array.from({ length: size }, (_, position) => Math.floor((position * groups) / size));
  const firstRows = groupOf.map((group) => group * bins);
  const start = (): Tensor => constant(ends.slice(0, -1));
  const width = (): Tensor => constant(widths);
  const logWidth = (): Tensor => constant(widths.map(Math.log));

  interface Histogram {
    /** log of each bin's share, and the shares below it: [groups, bins]. */
    readonly logShare: Tensor;
    readonly below: Tensor;
  }
  const histogram = (logits: Tensor): Histogram => {
    const logShare = logSoftmax(logits);
    return { logShare, below: cumsum(exp(logShare), { axis: 1, exclusive: true }) };
  };
  const binOf = (x: Tensor): Tensor => gather(constant(binOfLevel), cast(toWhole(x, levels), 'int32'));
  /** Of the bin of each pixel, int32 [B, size]: its row in a table laid flat. */
  const tableRowsOf = (bin: Tensor): Tensor => add(bin, constant(firstRows, [1, size]));
  const flat = (table: Tensor): Tensor => reshape(table, [groups * bins]);

  const forward = (logits: Tensor, x: Tensor) => {
    const { logShare, below } = histogram(logits);
    const row = reshape(x, [x.shape[0]!, size]);
    const bin = binOf(row);
    const at = tableRowsOf(bin);
    const logMass = gather(flat(logShare), at);
    const within = div(sub(row, gather(start(), bin)), gather(width(), bin));
    const share = add(mul(add(gather(flat(below), at), mul(exp(logMass), within)), 1 - 2 * margin), margin);
    const z = normalQuantile(share);
    const slope = sub(sub(logMass, gather(logWidth(), bin)), logNormalDensity(z));
    return { z: reshape(z, x.shape), logDeterminant: perRow(add(slope, Math.log(1 - 2 * margin))) };
  };

  return defineTransform({
    parameters: { fitted: { logits: parameter([groups, bins], { decay: false }), initialised: parameter([1]) } },
    kind: 'exact',
    forward: ({ fitted }, x) => forward(fitted.logits, x),
    inverse: ({ fitted }, z) => {
      const { logShare, below } = histogram(fitted.logits);
      const row = reshape(z, [z.shape[0]!, size]);
      const share = clip(mul(sub(normalShare(row), margin), 1 / (1 - 2 * margin)), 0, 1);

      const reached = lessEqual(expandDims(gather(below, constant(groupOf)), 0), expandDims(share, 2));
      const bin = sub(sum(cast(reached, 'int32'), { axes: 2 }), 1);
      const at = tableRowsOf(bin);
      const within = div(sub(share, gather(flat(below), at)), exp(gather(flat(logShare), at)));
      const x = add(gather(start(), bin), mul(clip(within, 0, 1), gather(width(), bin)));
      return reshape(x, z.shape);
    },
    fit: ({ fitted }, x) => {
      const bin = expandDims(binOf(reshape(x, [x.shape[0]!, size])), 2);
      const isOf = cast(equal(bin, reshape(iota([bins]), [1, 1, bins])), 'float32');
      const counted = mean(reshape(mean(isOf, { axes: 0 }), [groups, size / groups, bins]), { axes: 1 });
      const shared = add(mul(mean(counted, { axes: 0, keepDims: true }), 0.98), mul(width(), 0.02 / levels));
      const images = x.shape[0]! * (size / groups);
      const share = add(mul(counted, images), mul(shared, prior));
      const logits = unlessInitialised(fitted.initialised, fitted.logits, log(share));
      return {
        z: forward(logits, x).z,
        assigned: [
          { parameter: fitted.logits, value: logits },
          { parameter: fitted.initialised, value: ones([1]) },
        ],
      };
    },
  });
}
