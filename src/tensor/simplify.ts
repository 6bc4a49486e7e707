import { full } from './create.js';
import { sameShape } from './define.js';
import { evaluateBinary, evaluateUnary } from './folding.js';
import { ancestors } from './grad.js';
import { type Node, type Tensor, apply } from './graph.js';
import type { Primitives } from './primitives.js';
import { broadcastTo, reshape, transpose } from './structure.js';
import type { Graph } from './trace.js';

/**
 * Rewrites a graph into a smaller one that computes the same: only what the outputs need is kept (dead-code
 * elimination), equal applications become one (common subexpressions), and what is known is computed (constant folding
 * and a few identities). Inputs stay as they are.
 */
export function simplify(graph: Graph): Graph {
  /** From a tensor, old or made here, to the simplest one that equals it. */
  const simplest = new Map<Tensor, Tensor>();
  const known = new Map<string, Node>();
  for (const { tensor } of graph.inputs) simplest.set(tensor, tensor);

  /** Recurses only through what `shorten` has just made: nodes are visited after their inputs. */
  const rewrite = (tensor: Tensor): Tensor => {
    const found = simplest.get(tensor);
    if (found !== undefined) return found;
    const { node } = tensor;
    const inputs = node.inputs.map(rewrite);
    const shortcut = shorten(node, inputs);
    if (shortcut !== undefined) {
      const result = rewrite(shortcut);
      simplest.set(tensor, result);
      return result;
    }
    const { outputs } = shareNode(node, inputs);
    node.outputs.forEach((output, index) => simplest.set(output, outputs[index]!));
    for (const output of outputs) simplest.set(output, output);
    return outputs[tensor.index]!;
  };

  /** The node with these inputs, made once. */
  const shareNode = (node: Node, inputs: readonly Tensor[]): Node => {
    const key = identity(node, inputs);
    let same = known.get(key);
    if (same === undefined) {
      const unchanged = inputs.every((input, index) => input === node.inputs[index]);
      same = unchanged ? node : apply(node.rule, inputs, node.attributes)[0]!.node;
      known.set(key, same);
    }
    return same;
  };

  for (const node of needed(graph)) rewrite(node.outputs[0]!);
  const outputs = graph.outputs.map(({ path, tensor }) => ({ path, tensor: rewrite(tensor) }));
  return { inputs: graph.inputs, outputs };
}

/** The nodes behind the outputs, each after its inputs. */
const needed = (graph: Graph): Node[] =>
  ancestors(graph.outputs.map(({ tensor }) => tensor)).filter((node) => node.op !== 'input');

const arrays = new WeakMap<object, number>();
let arrayCount = 0;
/** Small constants are equal by content, large ones by identity. */
function dataKey(data: Float32Array | Int32Array | Uint8Array): string {
  if (data.length <= 1024) return `${data.constructor.name}:${data.join(',')}`;
  if (!arrays.has(data)) arrays.set(data, arrayCount++);
  return `#${String(arrays.get(data))}`;
}

function identity(node: Node, inputs: readonly Tensor[]): string {
  const attributes =
    node.op === 'constant'
      ? dataKey((node.attributes as Primitives['constant']).data)
      : JSON.stringify(node.attributes, (_key, value: unknown) =>
          Object.is(value, -0) ? '-0' : typeof value !== 'number' || Number.isFinite(value) ? value : String(value),
        );
  const result =
    inputs.length === 0 || node.op === 'randomUniform'
      ? `${node.outputs[0]!.dtype}[${node.outputs[0]!.shape.join()}]`
      : '';
  return `${node.op}(${inputs.map((input) => `${input.node.id}.${input.index}`).join()})${attributes}${result}`;
}

/** The value of a tensor all of whose elements are one known number. */
const uniformValue = (tensor: Tensor | undefined): number | undefined =>
  tensor?.node.op === 'full' ? (tensor.node.attributes as Primitives['full']).value : undefined;

/** A simpler tensor that equals the node's only output, or undefined. */
function shorten(node: Node, inputs: readonly Tensor[]): Tensor | undefined {
  const [a, b] = inputs;
  const output = node.outputs[0]!;
  const [left, right] = [uniformValue(a), uniformValue(b)];
  switch (node.op) {
    // These exist for the gradient alone.
    case 'customGradient':
    case 'stopGradient':
      return a;
    case 'reshape':
      if (left !== undefined) return full(output.shape, left, output.dtype);
      if (a!.node.op === 'reshape') return reshape(a!.node.inputs[0]!, output.shape);
      return sameShape(a!.shape, output.shape) ? a : undefined;
    case 'broadcast':
      if (left !== undefined) return full(output.shape, left, output.dtype);
      return a!.node.op === 'broadcast' ? broadcastTo(a!.node.inputs[0]!, output.shape) : undefined;
    case 'transpose': {
      if (left !== undefined) return full(output.shape, left, output.dtype);
      if (a!.node.op !== 'transpose') return undefined;
      const inner = (a!.node.attributes as Primitives['transpose']).permutation;
      const outer = (node.attributes as Primitives['transpose']).permutation;
      return transpose(
        a!.node.inputs[0]!,
        outer.map((axis) => inner[axis]!),
      );
    }
    case 'sum':
      return left !== undefined && output.dtype === 'float32'
        ? full(output.shape, (left * a!.size) / output.size)
        : undefined;
    case 'mean':
      return left === undefined ? undefined : full(output.shape, left, output.dtype);
    case 'cast':
      return left !== undefined && output.dtype === 'float32' ? full(output.shape, left) : undefined;
    case 'neg':
      if (a!.node.op === 'neg') return a!.node.inputs[0];
      break;
    default:
  }
  if (inputs.length === 1 && left !== undefined) {
    const value = evaluateUnary(node.op, left);
    return value === undefined ? undefined : full(output.shape, value, output.dtype);
  }
  if (inputs.length !== 2) return undefined;
  if (left !== undefined && right !== undefined) {
    const value = evaluateBinary(node.op, left, right, output.dtype);
    if (value !== undefined) return full(output.shape, value, output.dtype);
  }
  return identityOperand(node, inputs, left, right) ?? withoutBroadcast(node, inputs);
}

/** x + 0, x − 0, x · 1, x / 1, 0 − x … */
function identityOperand(node: Node, [a, b]: readonly Tensor[], left?: number, right?: number): Tensor | undefined {
  const { shape } = node.outputs[0]!;
  if (
    right === (node.op === 'add' || node.op === 'sub' ? 0 : 1) &&
    ['add', 'sub', 'mul', 'div', 'pow'].includes(node.op)
  ) {
    return broadcastTo(a!, shape);
  }
  if ((node.op === 'add' && left === 0) || (node.op === 'mul' && left === 1)) return broadcastTo(b!, shape);
  if (node.op !== 'mul') return undefined;
  // (x · c) · d = x · (cd)
  const [x, factor] = right === undefined ? [b!, left] : [a!, right];
  if (factor === undefined || x.node.op !== 'mul') return undefined;
  const [inner, other] = x.node.inputs as [Tensor, Tensor];
  const innerFactor = uniformValue(inner) ?? uniformValue(other);
  if (innerFactor === undefined || !sameShape(x.shape, shape)) return undefined;
  const rest = uniformValue(other) === undefined ? other : inner;
  if (node.outputs[0]!.dtype !== 'float32' || !sameShape(rest.shape, shape)) return undefined;
  return apply(node.rule, [rest, full([], factor * innerFactor)], {})[0];
}

const BROADCASTING = new Set(['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'equal', 'less', 'lessEqual']);

/** Elementwise operations broadcast by themselves: an explicit repetition in front of one is wasted memory. */
function withoutBroadcast(node: Node, [a, b]: readonly Tensor[]): Tensor | undefined {
  if (!BROADCASTING.has(node.op)) return undefined;
  const { shape } = node.outputs[0]!;
  const narrow = (x: Tensor): Tensor =>
    x.node.op === 'broadcast'
      ? x.node.inputs[0]!
      : x.node.op === 'full' && x.rank > 0
        ? full([], uniformValue(x)!, x.dtype)
        : x;
  const [leftNarrow, rightNarrow] = [narrow(a!), narrow(b!)];
  if (rightNarrow !== b && sameShape(a!.shape, shape)) return apply(node.rule, [a!, rightNarrow], node.attributes)[0];
  if (leftNarrow !== a && sameShape(b!.shape, shape)) return apply(node.rule, [leftNarrow, b!], node.attributes)[0];
  return undefined;
}
