import type { Node, Tensor } from '../tensor/graph.js';
import { type Traced, nodesOf, trace } from '../tensor/trace.js';
import { type LossTerm, type Phase, isDuring } from './phase.js';

/**
 * Floating-point operations of the training step that ends at `step` (from 1): two for each multiplication and addition of
 * its matrix products and convolutions, once on the way forward and once more for each of the two factors that a gradient
 * goes to. Pointwise work and recomputation are not counted, so a share of the matrix-product peak stays below 1.
 *
 * @returns a function of the step, since not every phase takes part in every step; one that runs every n steps counts as
 * an n-th
 */
export function flopsPerStep(phases: readonly Phase[], accumulation = 1): (step: number) => number {
  const costs = phases.map((phase) => {
    const batches = (accumulation * (phase.parts ?? 1)) / (phase.every ?? 1);
    const terms = [phase, ...(phase.also ?? [])].map((term) => flopsOfTerm(phase, term));
    return { during: phase.during, flops: batches * terms.reduce((sum, flops) => sum + flops, 0) };
  });
  return (step) => costs.reduce((sum, { during, flops }) => (isDuring({ during }, step) ? sum + flops : sum), 0);
}

function flopsOfTerm({ parameters, trainable = () => true }: Phase, { batch, loss }: LossTerm): number {
  const specs = { parameters, batch };
  const call = loss as (parameters: unknown, batch: unknown) => { loss: Tensor };
  const { inputs, outputs } = trace((args: Traced<typeof specs>) => call(args.parameters, args.batch).loss, specs);
  const within = 'parameters.';
  const isTrained = (path: string): boolean => path.startsWith(within) && trainable(path.slice(within.length));
  const trained = new Set(inputs.filter(({ path }) => isTrained(path)).map(({ tensor }) => tensor.node));
  const learning = new Set<Node>();
  let total = 0;
  for (const node of nodesOf({ inputs, outputs })) {
    const factors = node.inputs.filter((input) => learning.has(input.node)).length;
    total += flopsOf(node) * (1 + factors);
    if (trained.has(node) || (factors > 0 && node.op !== 'stopGradient')) learning.add(node);
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
