import { broadcastShapes, isFloatType, mismatch, primitive } from './define.js';
import { full, scalar } from './create.js';
import { Tensor, type Rule, apply } from './graph.js';
import type { DType, None, PrimitiveName, Primitives } from './primitives.js';
import { broadcastTo, sumTo } from './structure.js';

/** Elementwise arithmetic. Operands broadcast by numpy's rule; a plain number takes the other operand's dtype. */
export type Operand = Tensor | number;

type Plain = { [Name in PrimitiveName]: Primitives[Name] extends None ? Name : never }[PrimitiveName];
/** Undefined: the derivative is zero. */
type Derivative = (x: Tensor, y: Tensor, gradient: Tensor) => Tensor | undefined;

function unary(name: Plain, derivative?: Derivative, accepts: (dtype: DType) => boolean = isFloatType) {
  const rule: Rule = {
    name,
    shape: ([x]) => {
      if (!accepts(x!.dtype)) mismatch(name, [x!], `does not take ${x!.dtype}`, 'convert it with cast()');
      return [{ shape: x!.shape, dtype: name === 'isNaN' ? 'bool' : x!.dtype }];
    },
    ...(derivative && {
      gradient: ({ inputs, outputs, gradients }) => [derivative(inputs[0]!, outputs[0]!, gradients[0]!)],
    }),
  };
  return (x: Tensor): Tensor => apply(rule, [x], {})[0]!;
}

/** A tensor from an operand, with the dtype of the other one. */
function operand(value: Operand, other: Operand): Tensor {
  if (value instanceof Tensor) return value;
  return scalar(value, other instanceof Tensor ? other.dtype : 'float32');
}

interface BinaryOptions {
  readonly result?: DType;
  readonly accepts?: (dtype: DType) => boolean;
  readonly partials?: (
    a: Tensor,
    b: Tensor,
    y: Tensor,
    g: Tensor,
    needed: readonly boolean[],
  ) => (Tensor | undefined)[];
}

const isNumber = (dtype: DType): boolean => dtype !== 'bool';

function binary(name: Plain, options: BinaryOptions) {
  const { result, accepts = isNumber, partials } = options;
  const rule: Rule = {
    name,
    shape: ([a, b]) => {
      if (a!.dtype !== b!.dtype) mismatch(name, [a!, b!], 'the dtypes differ', 'convert one with cast()');
      if (!accepts(a!.dtype)) mismatch(name, [a!, b!], `does not take ${a!.dtype}`);
      const shape = broadcastShapes(a!.shape, b!.shape);
      if (shape === undefined) mismatch(name, [a!, b!], 'the shapes do not broadcast');
      return [{ shape, dtype: result ?? a!.dtype }];
    },
    ...(partials && {
      gradient: ({ inputs, outputs, gradients, needed }) =>
        partials(inputs[0]!, inputs[1]!, outputs[0]!, gradients[0]!, needed).map(
          (partial, index) => partial && sumTo(partial, inputs[index]!.shape),
        ),
    }),
  };
  return (a: Operand, b: Operand): Tensor => apply(rule, [operand(a, b), operand(b, a)], {})[0]!;
}

export const add = binary('add', {
  partials: (_a, _b, _y, g, needed) => [needed[0] ? g : undefined, needed[1] ? g : undefined],
});
export const sub = binary('sub', {
  partials: (_a, _b, _y, g, needed) => [needed[0] ? g : undefined, needed[1] ? neg(g) : undefined],
});
export const mul = binary('mul', {
  partials: (a, b, _y, g, needed) => [needed[0] ? mul(g, b) : undefined, needed[1] ? mul(g, a) : undefined],
});
export const div = binary('div', {
  partials: (_a, b, y, g, needed) => [
    needed[0] ? div(g, b) : undefined,
    needed[1] ? neg(div(mul(g, y), b)) : undefined,
  ],
});
/** a to the power b. A negative a wants a whole b, and passes no gradient to it: between whole numbers there is no power. */
export const pow = binary('pow', {
  partials: (a, b, y, g, needed) => {
    const positive = (): Tensor => less(0, a);
    return [
      needed[0] ? mul(g, powSlope(a, b)) : undefined,
      needed[1] ? mul(g, where(positive(), mul(y, log(where(positive(), a, 1))), 0)) : undefined,
    ];
  },
});
/** b · a^(b − 1), and 0 where b = 0, whatever a is. */
function powSlope(a: Tensor, b: Tensor): Tensor {
  const slope = mul(b, pow(a, sub(b, 1)));
  if (b.node.op !== 'full') return where(equal(b, 0), 0, slope);
  const { value } = b.node.attributes as Primitives['full'];
  return value === 0 ? full(a.shape, 0, a.dtype) : value === 2 ? mul(a, 2) : slope;
}

/** Where a and b tie, each takes half of the gradient. */
const chosen = (wins: Tensor, ties: Tensor, g: Tensor): Tensor => mul(g, where(ties, 0.5, cast(wins, g.dtype)));
export const maximum = binary('maximum', {
  partials: (a, b, _y, g, needed) => [
    needed[0] ? chosen(less(b, a), equal(a, b), g) : undefined,
    needed[1] ? chosen(less(a, b), equal(a, b), g) : undefined,
  ],
});
export const minimum = binary('minimum', {
  partials: (a, b, _y, g, needed) => [
    needed[0] ? chosen(less(a, b), equal(a, b), g) : undefined,
    needed[1] ? chosen(less(b, a), equal(a, b), g) : undefined,
  ],
});
/** Remainder with the sign of the divisor, for integers. */
export const mod = binary('mod', { accepts: (dtype) => dtype === 'int32' });

export const equal = binary('equal', { result: 'bool', accepts: () => true });
export const less = binary('less', { result: 'bool' });
export const lessEqual = binary('lessEqual', { result: 'bool' });
export const greater = (a: Operand, b: Operand): Tensor => less(b, a);
export const greaterEqual = (a: Operand, b: Operand): Tensor => lessEqual(b, a);
export const notEqual = (a: Operand, b: Operand): Tensor => not(equal(a, b));
const isBool = (dtype: DType): boolean => dtype === 'bool';
export const and = binary('and', { accepts: isBool });
export const or = binary('or', { accepts: isBool });
export const not = unary('not', undefined, isBool);

export const neg = unary('neg', (_x, _y, g) => neg(g), isNumber);
export const sign = unary('sign', () => undefined);
export const abs = unary('abs', (x, _y, g) => mul(g, sign(x)), isNumber);
export const exp = unary('exp', (_x, y, g) => mul(g, y));
export const log = unary('log', (x, _y, g) => div(g, x));
export const sqrt = unary('sqrt', (_x, y, g) => div(mul(g, 0.5), y));
export const reciprocal = unary('reciprocal', (_x, y, g) => neg(mul(g, mul(y, y))));
/** 1/√x */
export const rsqrt = (x: Tensor): Tensor => reciprocal(sqrt(x));
export const square = (x: Tensor): Tensor => mul(x, x);
export const tanh = unary('tanh', (_x, y, g) => mul(g, sub(1, mul(y, y))));
export const sigmoid = unary('sigmoid', (_x, y, g) => mul(g, mul(y, sub(1, y))));
export const erf = unary('erf', (x, _y, g) => mul(g, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x, x))))));
export const sin = unary('sin', (x, _y, g) => mul(g, cos(x)));
export const cos = unary('cos', (x, _y, g) => neg(mul(g, sin(x))));
/** Rounding has the gradient zero, as the derivative has almost everywhere. */
export const floor = unary('floor', () => undefined);
export const ceil = unary('ceil', () => undefined);
/** To the nearest integer, halves to the even one. */
export const round = unary('round', () => undefined);
export const isNaN = unary('isNaN');
/** log(1 + exp(x)), without overflow. */
export const softplus = unary('softplus', (x, _y, g) => mul(g, sigmoid(x)));
/** log σ(x), without underflow. */
export const logSigmoid = (x: Tensor): Tensor => neg(softplus(neg(x)));

const castRule: Rule<'cast'> = {
  name: 'cast',
  shape: ([x], { dtype }) => [{ shape: x!.shape, dtype }],
  gradient: ({ inputs: [x], gradients: [g] }) => [cast(g!, x!.dtype)],
};
/** Converts the dtype; true becomes 1, and a float to int32 loses its fraction. */
export const cast = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : apply(castRule, [x], { dtype })[0]!);

const applyClip = primitive<'clip'>({
  name: 'clip',
  shape: ([x], { min, max }) => {
    if (!isNumber(x!.dtype)) mismatch('clip', [x!], `does not take ${x!.dtype}`);
    if (!(min <= max)) mismatch('clip', [x!], `${min} is not at most ${max}`);
    return [{ shape: x!.shape, dtype: x!.dtype }];
  },
  gradient: ({ inputs: [x], attributes: { min, max }, gradients: [g] }) => [
    where(and(lessEqual(min, x!), lessEqual(x!, max)), g!, 0),
  ],
});
/** Limits every element to [min, max]; the gradient passes where x lies within. */
export const clip = (x: Tensor, min: number, max: number): Tensor => applyClip([x], { min, max });

const whereRule: Rule<'where'> = {
  name: 'where',
  shape: ([condition, a, b]) => {
    const inputs = [condition!, a!, b!];
    if (condition!.dtype !== 'bool') mismatch('where', inputs, 'the condition must be bool');
    if (a!.dtype !== b!.dtype) mismatch('where', inputs, 'the dtypes of the two choices differ');
    const choices = broadcastShapes(a!.shape, b!.shape);
    const shape = choices && broadcastShapes(condition!.shape, choices);
    if (shape === undefined) mismatch('where', inputs, 'the shapes do not broadcast');
    return [{ shape, dtype: a!.dtype }];
  },
  gradient: ({ inputs: [condition, a, b], gradients: [g], needed }) => {
    return [
      undefined,
      needed[1] ? sumTo(where(condition!, g!, 0), a!.shape) : undefined,
      needed[2] ? sumTo(where(condition!, 0, g!), b!.shape) : undefined,
    ];
  },
};
/** Elementwise choice: a where the condition holds, else b. */
export const where = (condition: Tensor, a: Operand, b: Operand): Tensor =>
  apply(whereRule, [condition, operand(a, b), operand(b, a)], {})[0]!;

const stopRule: Rule<'stopGradient'> = { name: 'stopGradient', shape: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }] };
/** The identity, through which no gradient flows. */
export const stopGradient = (x: Tensor): Tensor => apply(stopRule, [x], {})[0]!;

/** Repeats each operand to the common shape. */
export function broadcastTogether(...tensors: readonly Tensor[]): Tensor[] {
  const shape = tensors.reduce<readonly number[]>((common, tensor) => {
    const next = broadcastShapes(common, tensor.shape);
    return next ?? mismatch('broadcastTogether', tensors, 'the shapes do not broadcast');
  }, []);
  return tensors.map((tensor) => broadcastTo(tensor, shape));
}
