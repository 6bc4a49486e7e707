import type { Tensor } from './graph.js';
import { type Rule, apply } from './graph.js';
import { isFloatType, mismatch } from './define.js';
import { vectorJacobianProduct } from './grad.js';
import { isTensor } from './trace.js';
import { leaves, mapTree } from './tree.js';

/** Gradients by hand: rules of one's own, and recomputation in place of memory. */

type Backward = (gradient: Tensor, needed: readonly boolean[]) => readonly (Tensor | undefined)[];

const customRule: Rule<'customGradient'> = {
  name: 'customGradient',
  shape: ([result]) => [result!],
  gradient: ({ attributes, gradients: [g], needed }) => {
    const backward = attributes.backward as unknown as Backward;
    return [undefined, ...backward(g!, needed.slice(1))];
  },
};

/**
 * `result`, whose gradient with respect to `inputs` is what `backward` says instead of what its computation implies.
 * `backward` is given the gradient of the result and which inputs need one; what it returns can be differentiated again
 * by its own operations.
 */
export function customGradient(result: Tensor, inputs: readonly Tensor[], backward: Backward): Tensor {
  return apply(customRule, [result, ...inputs], { backward: backward as unknown as (gradient: never) => unknown })[0]!;
}

const barrierRule: Rule<'barrier'> = {
  name: 'barrier',
  shape: ([x]) => [x!],
  gradient: ({ gradients: [g] }) => [g],
};
let barriers = 0;

/** An identity that is not merged with its like, computed only after `after` is known. */
const barrier = (x: Tensor, after: Tensor): Tensor => apply(barrierRule, [x, after], { id: barriers++ })[0]!;

/**
 * Trades time for memory (Chen et al. 2016): the result of `fn` is as ever, but what lies between its arguments and its
 * result is not kept for the backward pass; it is computed again there. Everything that `fn` needs a gradient for must
 * come in through its arguments, parameters included.
 *
 * @throws ShapeError when the function reaches for a program input behind its arguments
 */
export function checkpoint<Args extends readonly unknown[]>(fn: (...args: Args) => Tensor): (...args: Args) => Tensor {
  return (...args) => {
    const sources = leaves(args, isTensor).map(({ leaf }) => leaf);
    const result = fn(...args);
    rejectCaptures(result, sources);
    return customGradient(result, sources, (gradient, needed) => {
      const fresh: Tensor[] = [];
      const again = mapTree<Tensor, Tensor, Args>(args, isTensor, (leaf) => {
        const copy = barrier(leaf, gradient);
        fresh.push(copy);
        return copy;
      }) as unknown as Args;
      const recomputed = fn(...again);
      const wanted = fresh.filter((_, index) => needed[index] === true);
      const found = vectorJacobianProduct([{ tensor: recomputed, cotangent: gradient }], wanted);
      let next = 0;
      return fresh.map((_, index) => (needed[index] === true ? found[next++] : undefined));
    });
  };
}

/** A captured input would silently get no gradient. */
function rejectCaptures(result: Tensor, sources: readonly Tensor[]): void {
  const stop = new Set(sources);
  const seen = new Set<Tensor>();
  const stack = [result];
  for (let tensor = stack.pop(); tensor !== undefined; tensor = stack.pop()) {
    if (seen.has(tensor) || stop.has(tensor)) continue;
    seen.add(tensor);
    if (tensor.node.op === 'input' && isFloatType(tensor.dtype)) {
      const { name } = tensor.node.attributes as { name: string };
      mismatch(
        'checkpoint',
        sources,
        `the function uses '${name}' without taking it as an argument`,
        'pass all that it computes with through the arguments of the checkpointed function',
      );
    }
    stack.push(...tensor.node.inputs);
  }
}
