import { ones, zeros } from './create.js';
import { isFloatType, mismatch, normaliseAxis, primitive } from './define.js';
import { add, mul, reciprocal, sqrt, square, sub } from './elementwise.js';
import { type Rule, type Tensor, apply } from './graph.js';
import { logSumExp, mean } from './reductions.js';
import { reshape, sum, sumTo } from './structure.js';

const applySoftmax = primitive<'softmax'>({
  name: 'softmax',
  shape: ([x]) => {
    if (!isFloatType(x!.dtype)) mismatch('softmax', [x!], 'takes floats');
    return [{ shape: x!.shape, dtype: x!.dtype }];
  },
  gradient: ({ outputs: [y], attributes: { axis }, gradients: [g] }) => [softmaxGradient(y!, g!, axis)],
});

/** y ⊙ (g − Σ g y) */
const softmaxGradient = (y: Tensor, g: Tensor, axis: number): Tensor =>
  mul(y, sub(g, sum(mul(g, y), { axes: axis, keepDims: true })));

/** exp(x) / Σ exp(x) along an axis. */
export const softmax = (x: Tensor, axis = -1): Tensor => applySoftmax([x], { axis: normaliseAxis('softmax', x, axis) });

/** log softmax, exact where the softmax itself underflows. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => sub(x, logSumExp(x, { axes: axis, keepDims: true }));

const needVector = (op: string, inputs: readonly Tensor[]): void => {
  const [x, ...vectors] = inputs;
  if (!isFloatType(x!.dtype)) mismatch(op, inputs, 'takes floats');
  if (vectors.some((vector) => vector.rank !== 1 || vector.size !== x!.shape.at(-1))) {
    mismatch(op, inputs, `scale and bias must have the ${String(x!.shape.at(-1))} elements of the last axis`);
  }
};

const layerNormRule: Rule<'layerNorm'> = {
  name: 'layerNorm',
  shape: (inputs) => {
    needVector('layerNorm', inputs);
    const x = inputs[0]!;
    const statistics = { shape: [...x.shape.slice(0, -1), 1], dtype: x.dtype };
    return [{ shape: x.shape, dtype: x.dtype }, statistics, statistics];
  },
  gradient: ({
    inputs: [x, scale, bias],
    outputs: [, , inverse],
    attributes: { epsilon },
    gradients: [g, gMean, gInverse],
    needed,
  }) => {
    const width = x!.shape.at(-1)!;
    // x̂ anew from x: one fused pass is cheaper than keeping it or two elementwise ones.
    const normalised = standardise(x!, epsilon);
    const parts: Tensor[] = [];
    if (g !== undefined && needed[0]) {
      const towards = mul(g, scale!);
      const along = mul(normalised, mean(mul(towards, normalised), { axes: -1, keepDims: true }));
      parts.push(mul(sub(sub(towards, mean(towards, { axes: -1, keepDims: true })), along), inverse!));
    }
    if (gMean !== undefined) parts.push(mul(gMean, mul(ones(x!.shape), 1 / width)));
    if (gInverse !== undefined) parts.push(mul(normalised, mul(mul(gInverse, square(inverse!)), -1 / width)));
    return [
      parts.length === 0 ? undefined : parts.reduce((a, b) => add(a, b)),
      g !== undefined && needed[1] ? sumTo(mul(g, normalised), scale!.shape) : undefined,
      g !== undefined && needed[2] ? sumTo(g, bias!.shape) : undefined,
    ];
  },
};

/** (x − mean) / √(variance + ε) over the last axis, without scale and bias. */
function standardise(x: Tensor, epsilon: number): Tensor {
  const width = x.shape.at(-1)!;
  return apply(layerNormRule, [x, ones([width]), zeros([width])], { epsilon })[0]!;
}

/** Layer normalisation over the last axis (Ba et al. 2016). */
export function layerNorm(x: Tensor, scale?: Tensor, bias?: Tensor, epsilon = 1e-5): Tensor {
  const width = x.shape.at(-1)!;
  return apply(layerNormRule, [x, scale ?? ones([width]), bias ?? zeros([width])], { epsilon })[0]!;
}

const rmsNormRule: Rule<'rmsNorm'> = {
  name: 'rmsNorm',
  shape: (inputs) => {
    needVector('rmsNorm', inputs);
    return [{ shape: inputs[0]!.shape, dtype: inputs[0]!.dtype }];
  },
  gradient: ({ inputs: [x, scale], attributes: { epsilon }, gradients: [g], needed }) => {
    const inverse = reciprocal(sqrt(add(mean(square(x!), { axes: -1, keepDims: true }), epsilon)));
    const normalised = mul(x!, inverse);
    const towards = mul(g!, scale!);
    const along = mul(normalised, mean(mul(towards, normalised), { axes: -1, keepDims: true }));
    return [
      needed[0] ? mul(sub(towards, along), inverse) : undefined,
      needed[1] ? sumTo(mul(g!, normalised), scale!.shape) : undefined,
    ];
  },
};

/** Root-mean-square normalisation over the last axis (Zhang and Sennrich 2019). */
export const rmsNorm = (x: Tensor, scale?: Tensor, epsilon = 1e-5): Tensor =>
  apply(rmsNormRule, [x, scale ?? ones([x.shape.at(-1)!])], { epsilon })[0]!;

/** Group normalisation of [N, C, …] with a scale and bias per channel (Wu and He 2018). One group per channel: instance normalisation. */
export function groupNorm(x: Tensor, groups: number, scale?: Tensor, bias?: Tensor, epsilon = 1e-5): Tensor {
  const [n, channels] = [x.shape[0]!, x.shape[1]!];
  if (channels % groups !== 0) mismatch('groupNorm', [x], `${channels} channels do not divide into ${groups} groups`);
  const perChannel = [1, channels, ...x.shape.slice(2).map(() => 1)];
  let y = reshape(standardise(reshape(x, [n * groups, -1]), epsilon), x.shape);
  if (scale !== undefined) y = mul(y, reshape(scale, perChannel));
  return bias === undefined ? y : add(y, reshape(bias, perChannel));
}

/** A vector scaled to length 1 along an axis. */
export const normalise = (x: Tensor, axis = -1, epsilon = 1e-12): Tensor =>
  mul(x, reciprocal(sqrt(add(sum(square(x), { axes: axis, keepDims: true }), epsilon))));
