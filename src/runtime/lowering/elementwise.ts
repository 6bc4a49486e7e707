import { sameShape } from '../../tensor/define.js';
import type { PrimitiveName } from '../../tensor/primitives.js';
import { float } from '../onnx/emitter.js';
import { addFused } from './fusions.js';
import { type Lowering, type Lowerings, elementwiseOperands, fillOf } from './lowering.js';

/** An ONNX operator of the same meaning, with numpy broadcasting. */
const plain =
  (opType: string): Lowering<PrimitiveName> =>
  ({ inputs, outputs }, context) =>
    context.emitter.node(opType, elementwiseOperands(inputs, outputs[0]!.shape, context));

const identity: Lowering<PrimitiveName> = ({ inputs }, { value }) => value(inputs[0]!);

export type ElementwiseName =
  | 'neg' | 'abs' | 'sign' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'tanh' | 'sigmoid' | 'erf' | 'sin' | 'cos'
  | 'floor' | 'ceil' | 'round' | 'relu' | 'silu' | 'geluTanh' | 'geluErf' | 'softplus' | 'not' | 'isNaN' | 'cast' | 'clip'
  | 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum' | 'mod' | 'equal' | 'less' | 'lessEqual' | 'and' | 'or'
  | 'where' | 'stopGradient' | 'customGradient' | 'barrier'; // prettier-ignore

export const elementwise: Lowerings<ElementwiseName> = {
  neg: plain('Neg'),
  abs: plain('Abs'),
  sign: plain('Sign'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  reciprocal: plain('Reciprocal'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  erf: plain('Erf'),
  sin: plain('Sin'),
  cos: plain('Cos'),
  floor: plain('Floor'),
  ceil: plain('Ceil'),
  round: plain('Round'),
  relu: plain('Relu'),
  silu: ({ inputs: [x] }, { emitter, value }) => emitter.node('QuickGelu', [value(x!)], { alpha: float(1) }),
  geluTanh: plain('FastGelu'),
  geluErf: plain('Gelu'),
  softplus: plain('Softplus'),
  not: plain('Not'),
  isNaN: plain('IsNaN'),
  cast: ({ inputs: [x], attributes: { dtype } }, { emitter, value }) => emitter.cast(value(x!), dtype),
  clip: ({ inputs: [x], attributes: { min, max } }, { emitter, value }) =>
    emitter.node('Clip', [value(x!), emitter.scalar(x!.dtype, min), emitter.scalar(x!.dtype, max)]),

  add: (node, context) => addFused(node, context) ?? plain('Add')(node, context),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  pow: (node, context) => {
    const [base, exponent] = node.inputs;
    const power = fillOf(exponent!);
    if (sameShape(base!.shape, node.outputs[0]!.shape)) {
      const x = (): string => context.value(base!);
      if (power === 2) return context.emitter.node('Mul', [x(), x()]);
      if (power === 0.5) return context.emitter.node('Sqrt', [x()]);
      if (power === -1) return context.emitter.node('Reciprocal', [x()]);
    }
    return plain('Pow')(node, context);
  },
  maximum: plain('Max'),
  minimum: plain('Min'),
  mod: plain('Mod'),
  equal: plain('Equal'),
  less: plain('Less'),
  lessEqual: plain('LessOrEqual'),
  and: plain('And'),
  or: plain('Or'),
  where: (node, context) => {
    if (node.outputs[0]!.dtype !== 'bool') return plain('Where')(node, context);
    // There is no Where for bool.
    const { emitter } = context;
    const [condition, a, b] = elementwiseOperands(node.inputs, node.outputs[0]!.shape, context);
    const chosen = emitter.node('Where', [condition!, emitter.cast(a!, 'int32'), emitter.cast(b!, 'int32')]);
    return emitter.cast(chosen, 'bool');
  },

  stopGradient: identity,
  customGradient: identity,
  /**
   * The runtime would merge equal computations again and order them as it likes. A shape that is computed from `after`
   * and a number of its own keeps this value apart, at the cost of a few scalar operations and no copy.
   */
  barrier: ({ inputs: [x, after] }, { emitter, value }) => {
    const shape = x!.shape.length === 0 ? [1] : x!.shape;
    const source = after ?? x!;
    const flat = emitter.reshape(value(source), [source.size]);
    const first = emitter.node('Slice', [flat, emitter.int64([0]), emitter.int64([1])]);
    const zero = emitter.node('Min', [
      emitter.cast(emitter.node('IsNaN', [asFloat(first)]), 'int64'),
      emitter.int64([0]),
    ]);
    const wanted = emitter.node('Add', [zero, emitter.int64([...shape, emitter.unique()])]);
    const target = emitter.node('Slice', [wanted, emitter.int64([0]), emitter.int64([shape.length])]);
    const held = emitter.node('Reshape', [value(x!), target], { allowzero: 1 });
    return x!.shape.length === 0 ? emitter.reshape(held, []) : held;

    function asFloat(name: string): string {
      return source.dtype === 'float32' ? name : emitter.cast(name, 'float32');
    }
  },
};
