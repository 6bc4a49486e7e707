import { type Node, Tensor, apply, type Rule } from './graph.js';
import type { TensorSpec } from './primitives.js';
import { type MapTree, type PathLeaf, leaves, mapTree } from './tree.js';
import { ShapeError } from '../errors.js';

/** A function made into a graph: its inputs and outputs by path. */
export interface Graph {
  readonly inputs: readonly { readonly path: string; readonly tensor: Tensor }[];
  readonly outputs: readonly { readonly path: string; readonly tensor: Tensor }[];
}

/** A tree of specs, seen from inside the traced function. */
export type Traced<Specs> = MapTree<Specs, TensorSpec, Tensor>;

const inputRule: Rule<'input'> = {
  name: 'input',
  shape: () => {
    throw new ShapeError('an input is made by trace() alone');
  },
};

export const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;

/** Whether a value is a description of a tensor: `{ shape, dtype }`. */
export const isSpec = (value: unknown): value is TensorSpec =>
  typeof value === 'object' && value !== null && 'shape' in value && 'dtype' in value && Array.isArray(value.shape);

/** A symbolic argument of a traced function. */
export function input(path: string, spec: TensorSpec): Tensor {
  const rule: Rule<'input'> = { ...inputRule, shape: () => [{ shape: spec.shape, dtype: spec.dtype }] };
  return apply(rule, [], { name: path })[0]!;
}

/**
 * Runs `fn` once on symbolic tensors and records what it computes. Shapes are static.
 *
 * @param fn a pure function of one tree of tensors, returning a tree of tensors
 * @param specs the tree of its argument's shapes and dtypes
 * @throws ShapeError naming the op, the shapes and the line, when shapes do not fit
 */
export function trace<Specs>(fn: (args: Traced<Specs>) => unknown, specs: Specs): Graph {
  const inputs: { path: string; tensor: Tensor }[] = [];
  const args = mapTree<TensorSpec, Tensor, Specs>(specs, isSpec, (spec, path) => {
    const tensor = input(path, spec);
    inputs.push({ path, tensor });
    return tensor;
  });
  const out = fn(args);
  const outputs = leaves(out, isTensor).map(({ path, leaf }: PathLeaf<Tensor>) => ({ path, tensor: leaf }));
  return { inputs, outputs };
}

/** The nodes behind the outputs of a graph, in topological order. */
export function nodesOf(graph: Graph): Node[] {
  const seen = new Set<Node>();
  const stack = graph.outputs.map(({ tensor }) => tensor.node);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) stack.push(input.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
