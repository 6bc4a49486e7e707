import type { Node, Tensor } from '../tensor/graph.js';
import { type Traced, trace } from '../tensor/trace.js';
import type { Phase } from './phase.js';

/**
 * Floating-point operations of the matrix products and convolutions that `outputs` depend on: two for each
 * multiplication and addition. Pointwise work is not counted, so a share of the matrix-product peak stays below 1.
 */
function countFlops(outputs: readonly Tensor[]): number {
  const seen = new Set<Node>();
  const open = outputs.map(({ node }) => node);
  let total = 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    total += flopsOf(node);
    open.push(...node.inputs.map((input) => input.node));
  }
  return total;
}

/**
 * Operations of one training step of the phases, by the usual reckoning: the backward pass costs twice the forward one,
 * and recomputation is not useful work.
 */
export function flopsPerStep(phases: readonly Phase[], accumulation = 1): number {
  let total = 0;
  for (const phase of phases) {
    for (const { batch, loss } of [phase, ...(phase.also ?? [])]) {
      const specs = { parameters: phase.parameters, batch };
      const call = loss as (parameters: unknown, batch: unknown) => { loss: Tensor };
      const graph = trace((args: Traced<typeof specs>) => call(args.parameters, args.batch).loss, specs);
      const batches = (accumulation * (phase.parts ?? 1)) / (phase.every ?? 1);
      total += 3 * batches * countFlops(graph.outputs.map(({ tensor }) => tensor));
    }
  }
  return total;
}

function flopsOf(node: Node): number {
  const [first, second] = node.inputs;
  switch (node.op) {
    case 'matmul': {
      const { transposeA } = node.attributes as Node<'matmul'>['attributes'];
      return 2 * node.outputs[0]!.size * first!.shape.at(transposeA ? -2 : -1)!;
    }
    case 'conv': // x, w [O, C/groups, …]: each output is a sum over one row of w.
      return 2 * node.outputs[0]!.size * (second!.size / second!.shape[0]!);
    case 'convInput': // gradient, w
      return 2 * first!.size * (second!.size / second!.shape[0]!);
    case 'convWeight': // x, gradient
      return 2 * second!.size * (node.outputs[0]!.size / node.outputs[0]!.shape[0]!);
    default:
      return 0;
  }
}
