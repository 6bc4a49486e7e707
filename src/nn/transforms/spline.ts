import {
  type Tensor,
  add,
  and,
  cast,
  clip,
  concat,
  cumsum,
  div,
  expandDims,
  lessEqual,
  log,
  mul,
  neg,
  ones,
  pad,
  sliceAxis,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  where,
} from '../../tensor/index.js';
import type { Elementwise } from './elementwise.js';

/** No bin is narrower or lower than this share, and no slope is less. */
const least = 1e-3;
/** softplus of this, plus the least slope, is 1. */
const unitSlope = Math.log(Math.exp(1 - least) - 1);

interface Knots {
  /** Left and lower ends of the bins, and their sizes: [B, bins, …]. */
  readonly left: Tensor;
  readonly bottom: Tensor;
  readonly width: Tensor;
  readonly height: Tensor;
  /** Slopes at the left and at the right ends of the bins. */
  readonly from: Tensor;
  readonly to: Tensor;
}

/** What holds for the bin that each number lies in. */
type Bin = Readonly<Record<keyof Knots, Tensor>>;

/**
 * A monotone rational-quadratic spline on [−bound, bound] and the identity outside, where its slope is 1 at both ends
 * (Durkan et al. 2019, Neural Spline Flows, section 3.1).
 */
export function rationalQuadraticSpline({ bins = 8, bound = 3 } = {}): Elementwise {
  const knotsOf = (raw: Tensor): Knots => {
    const part = (start: number, limit: number): Tensor => sliceAxis(raw, { axis: 1, start, limit });
    const sizes = (values: Tensor): Tensor => mul(add(mul(softmax(values, 1), 1 - least * bins), least), 2 * bound);
    const width = sizes(part(0, bins));
    const height = sizes(part(bins, 2 * bins));
    const inner = add(softplus(add(part(2 * bins, 3 * bins - 1), unitSlope)), least);
    const edge = ones([raw.shape[0]!, 1, ...raw.shape.slice(2)]);
    return {
      left: sub(cumsum(width, { axis: 1, exclusive: true }), bound),
      bottom: sub(cumsum(height, { axis: 1, exclusive: true }), bound),
      width,
      height,
      from: concat([edge, inner], 1),
      to: concat([inner, edge], 1),
    };
  };

  /** The bin of each number, found along the axis whose left ends are given. */
  const binOf = (knots: Knots, x: Tensor, ends: Tensor): Bin => {
    // A number is in the last bin that begins at or before it: reached, and the next one is not.
    const reached = cast(lessEqual(ends, expandDims(x, 1)), 'float32');
    const next = pad(
      sliceAxis(reached, { axis: 1, start: 1 }),
      reached.shape.map((_, axis) => [0, axis === 1 ? 1 : 0] as const),
    );
    const chosen = sub(reached, next);
    const value = (values: Tensor): Tensor => sum(mul(values, chosen), { axes: 1 });
    return {
      left: value(knots.left),
      bottom: value(knots.bottom),
      width: value(knots.width),
      height: value(knots.height),
      from: value(knots.from),
      to: value(knots.to),
    };
  };

  const inside = (x: Tensor): Tensor => and(lessEqual(-bound, x), lessEqual(x, bound));
  /** Numbers outside are moved in, so that what is not used is finite. */
  const within = (x: Tensor): Tensor => clip(x, -bound, bound);
  /** s_k + (δ_{k+1} + δ_k − 2 s_k) ξ (1 − ξ), the denominator of equations 4 and 5; ξ in [0, 1] is the place in the bin. */
  const denominator = (bin: Bin, slope: Tensor, place: Tensor): Tensor =>
    add(slope, mul(curvature(bin, slope), mul(place, sub(1, place))));
  const curvature = (bin: Bin, slope: Tensor): Tensor => sub(add(bin.from, bin.to), mul(slope, 2));

  return {
    perElement: 3 * bins - 1,
    forward: (x, raw) => {
      const knots = knotsOf(raw);
      const moved = within(x);
      const bin = binOf(knots, moved, knots.left);
      const slope = div(bin.height, bin.width);
      const place = div(sub(moved, bin.left), bin.width);
      const rest = sub(1, place);
      const below = denominator(bin, slope, place);
      const both = mul(place, rest);
      const risen = div(mul(bin.height, add(mul(slope, square(place)), mul(bin.from, both))), below);
      const above = add(add(mul(bin.to, square(place)), mul(mul(slope, 2), both)), mul(bin.from, square(rest)));
      const logSlope = sub(add(mul(log(slope), 2), log(above)), mul(log(below), 2));
      const isInside = inside(x);
      return { z: where(isInside, add(bin.bottom, risen), x), logSlope: where(isInside, logSlope, 0) };
    },
    inverse: (z, raw) => {
      const knots = knotsOf(raw);
      const moved = within(z);
      const bin = binOf(knots, moved, knots.bottom);
      const slope = div(bin.height, bin.width);
      const risen = sub(moved, bin.bottom);
      const bent = mul(risen, curvature(bin, slope));
      // Equations 6 to 8: the root of a ξ² + b ξ + c that lies in [0, 1], in the form that does not cancel.
      const a = add(mul(bin.height, sub(slope, bin.from)), bent);
      const b = sub(mul(bin.height, bin.from), bent);
      const c = neg(mul(slope, risen));
      const root = sqrt(clip(sub(square(b), mul(mul(a, c), 4)), 0, Infinity));
      const place = div(mul(c, 2), neg(add(b, root)));
      return where(inside(z), add(bin.left, mul(place, bin.width)), z);
    },
  };
}
