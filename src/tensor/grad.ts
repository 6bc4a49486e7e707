import type { Tensor } from './graph.js';
import { type Node } from './graph.js';
import { add } from './elementwise.js';
import { full } from './create.js';
import { isFloatType, mismatch, sameShape } from './define.js';
import { isTensor } from './trace.js';
import { type MapTree, mapTree } from './tree.js';

const isFloat = (tensor: Tensor): boolean => isFloatType(tensor.dtype);

/** The nodes that `outputs` need, each after its inputs. */
export function ancestors(outputs: readonly Tensor[]): Node[] {
  const seen = new Set<Node>();
  const stack = outputs.map((tensor) => tensor.node);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) stack.push(input.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/**
 * Reverse-mode differentiation: extends the graph by the vector-Jacobian products of `outputs`.
 *
 * @param outputs tensors with their cotangents (gradients arriving from above), of equal shapes
 * @param sources the tensors to differentiate with respect to; treated as independent of each other
 * @returns one gradient per source, of its shape; zeros where the outputs do not depend on it
 */
export function vectorJacobianProduct(
  outputs: readonly { readonly tensor: Tensor; readonly cotangent: Tensor }[],
  sources: readonly Tensor[],
): Tensor[] {
  const nodes = ancestors(outputs.map((output) => output.tensor));
  const sourceSet = new Set(sources);

  // A tensor is live when a gradient has to travel through it to reach a source.
  const live = new Set<Tensor>(sources);
  const liveNodes: Node[] = [];
  for (const node of nodes) {
    if (node.op === 'stopGradient') continue;
    if (!node.inputs.some((input) => live.has(input))) continue;
    liveNodes.push(node);
    for (const output of node.outputs) if (isFloat(output)) live.add(output);
  }

  const cotangents = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, gradient: Tensor): void => {
    const sum = cotangents.get(tensor);
    cotangents.set(tensor, sum === undefined ? gradient : add(sum, gradient));
  };
  for (const { tensor, cotangent } of outputs) {
    if (!sameShape(tensor.shape, cotangent.shape))
      mismatch('vectorJacobianProduct', [tensor, cotangent], 'an output and its cotangent must have one shape');
    if (live.has(tensor)) accumulate(tensor, cotangent);
  }

  for (const node of liveNodes.reverse()) {
    // A source ends the walk: what lies below it is somebody else's variable.
    const gradients = node.outputs.map((output) => (sourceSet.has(output) ? undefined : cotangents.get(output)));
    if (gradients.every((gradient) => gradient === undefined)) continue;
    const needed = node.inputs.map((input) => live.has(input) && isFloat(input));
    if (!needed.includes(true)) continue;
    if (node.rule.gradient === undefined)
      mismatch(node.op, node.inputs, 'has no gradient', 'put stopGradient() before it, or compute it another way');
    const { inputs, outputs: results, attributes } = node;
    const flowing = node.rule.gradient({ inputs, outputs: results, attributes, gradients, needed });
    node.inputs.forEach((input, index) => {
      const gradient = flowing[index];
      if (needed[index] === true && gradient !== undefined) accumulate(input, gradient);
    });
  }
  return sources.map((source) => cotangents.get(source) ?? full(source.shape, 0, source.dtype));
}

/** Gradients of a scalar with respect to tensors that it was computed from. */
export function gradients(loss: Tensor, sources: readonly Tensor[]): Tensor[] {
  if (loss.size !== 1 || !isFloat(loss)) {
    mismatch('grad', [loss], 'only a float scalar can be differentiated', 'reduce the loss with mean() or sum() first');
  }
  return vectorJacobianProduct([{ tensor: loss, cotangent: full(loss.shape, 1) }], sources);
}

/**
 * Makes f(parameters, …) → scalar into (parameters, …) → { value, gradients }, the gradients a tree like the parameters.
 * Gradients are tensors like any other, so they can be differentiated again.
 */
export function valueAndGrad<Parameters, Rest extends unknown[]>(
  fn: (parameters: Parameters, ...rest: Rest) => Tensor,
): (parameters: Parameters, ...rest: Rest) => { value: Tensor; gradients: MapTree<Parameters, Tensor, Tensor> } {
  return (parameters, ...rest) => {
    const value = fn(parameters, ...rest);
    const sources: Tensor[] = [];
    mapTree(parameters, isTensor, (leaf) => sources.push(leaf));
    const flat = gradients(value, sources);
    let next = 0;
    return { value, gradients: mapTree(parameters, isTensor, () => flat[next++]!) };
  };
}

/** Like valueAndGrad, the gradients alone. */
export function grad<Parameters, Rest extends unknown[]>(
  fn: (parameters: Parameters, ...rest: Rest) => Tensor,
): (parameters: Parameters, ...rest: Rest) => MapTree<Parameters, Tensor, Tensor> {
  const both = valueAndGrad(fn);
  return (parameters, ...rest) => both(parameters, ...rest).gradients;
}
