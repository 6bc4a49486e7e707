import { full } from './create.js';
import { sameShape } from './define.js';
import { evaluateBinary, evaluateUnary } from './folding.js';
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
  const rewritten = new Map<Tensor, Tensor>();
  const known = new Map<string, Node>();
  for (const { tensor } of graph.inputs) rewritten.set(tensor, tensor);

  const visit = (node: Node): void => {
    const inputs = node.inputs.map((input) => rewritten.get(input)!);
    // These exist for the gradient alone.
    if (node.op === 'customGradient' || node.op === 'stopGradient') {
      rewritten.set(node.outputs[0]!, inputs[0]!);
      return;
    }
    const shortcut = shorten(node, inputs);
    if (shortcut !== undefined) {
      rewritten.set(node.outputs[0]!, share(shortcut));
      return;
    }
    const outputs = shareNode(node, inputs);
    node.outputs.forEach((output, index) => rewritten.set(output, outputs[index]!));
  };

  /** The node with these inputs, made once. */
  const shareNode = (node: Node, inputs: readonly Tensor[]): readonly Tensor[] => {
    const key = identity(node, inputs);
    let same = known.get(key);
    if (same === undefined) {
      const unchanged = inputs.every((input, index) => input === node.inputs[index]);
      same = unchanged ? node : apply(node.rule, inputs, node.attributes)[0]!.node;
      known.set(key, same);
    }
    return same.outputs;
  };
  const share = (tensor: Tensor): Tensor => {
    const { node } = tensor;
    return node.op === 'input' ? tensor : shareNode(node, node.inputs)[tensor.index]!;
  };

  for (const node of needed(graph)) visit(node);
  const outputs = graph.outputs.map(({ path, tensor }) => ({ path, tensor: rewritten.get(tensor)! }));
  return { inputs: graph.inputs, outputs };
}

/** The nodes behind the outputs, each after its inputs. An explicit stack: graphs are deeper than call stacks. */
function needed(graph: Graph): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  const stack = graph.outputs.map(({ tensor }) => tensor.node);
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (state.get(node) === undefined) {
      state.set(node, 'open');
      for (const input of node.inputs) if (state.get(input.node) === undefined) stack.push(input.node);
    } else {
      stack.pop();
      if (state.get(node) === 'done') continue;
      state.set(node, 'done');
      if (node.op !== 'input') order.push(node);
    }
  }
  return order;
}

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
          typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
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
    case 'reshape':
      if (left !== undefined) return full(output.shape, left, output.dtype);
      if (a!.node.op === 'reshape') return reshape(a!.node.inputs[0]!, output.shape);
      return sameShape(a!.shape, output.shape) ? a : undefined;
    case 'broadcast':
      return left === undefined ? undefined : full(output.shape, left, output.dtype);
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
    case 'cast':
      return left !== undefined && output.dtype === 'float32' ? full(output.shape, left) : undefined;
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
  return sameShape(rest.shape, shape) ? apply(node.rule, [rest, full([], factor * innerFactor)], {})[0] : undefined;
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
