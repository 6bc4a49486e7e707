import { mismatch, normaliseAxes, normaliseAxis, primitive } from './define.js';
import { cast, div, equal, exp, mul, sqrt, square, sub } from './elementwise.js';
import type { Rule, Tensor } from './graph.js';
import type { ReductionAttributes } from './primitives.js';
import { type ReductionOptions, broadcastTo, keepReduced, reducedShape, sum } from './structure.js';

type Reduction = 'mean' | 'max' | 'min' | 'logSumExp';
type Backward = (x: Tensor, y: Tensor, g: Tensor, axes: readonly number[]) => Tensor;

/** `backward` sees y and g with the reduced axes kept. */
function reduction(name: Reduction, backward: Backward) {
  const rule: Rule<Reduction> = {
    name,
    shape: ([x], { axes, keepDims }) => {
      if (x!.dtype === 'bool' || (x!.dtype === 'int32' && name !== 'max' && name !== 'min')) {
        mismatch(name, [x!], `does not take ${x!.dtype}`, 'convert it with cast()');
      }
      if (axes.some((axis) => x!.shape[axis] === 0)) mismatch(name, [x!], 'cannot reduce an axis of length 0');
      return [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }];
    },
    gradient: ({ inputs: [x], outputs: [y], gradients: [g], attributes: { axes } }) => [
      backward(x!, keepReduced(y!, x!.shape, axes), keepReduced(g!, x!.shape, axes), axes),
    ],
  };
  const applyRule = primitive(rule);
  return (x: Tensor, options: ReductionOptions = {}): Tensor => {
    const attributes: ReductionAttributes = {
      axes: normaliseAxes(name, x, options.axes),
      keepDims: options.keepDims ?? false,
    };
    return applyRule([x], attributes);
  };
}

const count = (x: Tensor, axes: readonly number[]): number =>
  axes.reduce((product, axis) => product * x.shape[axis]!, 1);

/** An extremum's gradient is shared equally among the elements that reach it. */
const toExtrema: Backward = (x, y, g, axes) => {
  const reached = cast(equal(x, y), x.dtype);
  return mul(reached, div(g, sum(reached, { axes, keepDims: true })));
};

export const mean = reduction('mean', (x, _y, g, axes) => broadcastTo(mul(g, 1 / count(x, axes)), x.shape));
export const max = reduction('max', toExtrema);
export const min = reduction('min', toExtrema);
/** log Σ exp(x), stable for large |x|. */
export const logSumExp = reduction('logSumExp', (x, y, g) => mul(g, exp(sub(x, y))));

const applyArgMax = primitive<'argMax'>({
  name: 'argMax',
  shape: ([x], { axis, keepDims }) => [{ shape: reducedShape(x!.shape, [axis], keepDims), dtype: 'int32' }],
});
/** Index (int32) of the greatest element along an axis, the first of equals. */
export function argMax(x: Tensor, options: { axis?: number; keepDims?: boolean } = {}): Tensor {
  return applyArgMax([x], {
    axis: normaliseAxis('argMax', x, options.axis ?? -1),
    keepDims: options.keepDims ?? false,
  });
}

/** Biased variance, or with `correction: 1` the unbiased one. */
export function variance(x: Tensor, options: ReductionOptions & { correction?: number } = {}): Tensor {
  const axes = normaliseAxes('variance', x, options.axes);
  const centred = sub(x, mean(x, { axes, keepDims: true }));
  const n = count(x, axes);
  return mul(sum(square(centred), { axes, keepDims: options.keepDims ?? false }), 1 / (n - (options.correction ?? 0)));
}

export const standardDeviation = (x: Tensor, options: ReductionOptions & { correction?: number } = {}): Tensor =>
  sqrt(variance(x, options));
