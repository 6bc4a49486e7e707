import type { Node, Tensor } from '../../tensor/graph.js';
import { float } from '../onnx/emitter.js';
import type { LoweringContext, Lowerings } from './lowering.js';

export type ReductionName = 'sum' | 'mean' | 'max' | 'min' | 'logSumExp';

const reduce =
  (opType: string) =>
  ({ inputs: [x], attributes: { axes, keepDims } }: Node<ReductionName>, { emitter, value }: LoweringContext): string =>
    emitter.node(opType, [value(x!), emitter.int64(axes)], { keepdims: keepDims ? 1 : 0, noop_with_empty_axes: 1 });

/** The matrix product is the fastest column sum there is: ones [1, rows] times x [rows, columns]. */
function columnSums(
  node: Node<ReductionName>,
  scale: (rows: number) => number,
  context: LoweringContext,
): string | undefined {
  const { emitter, value } = context;
  const [x] = node.inputs as readonly [Tensor];
  const { axes } = node.attributes;
  const leading = axes.every((axis, index) => axis === index);
  const rows = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const columns = x.size / rows;
  if (!leading || x.dtype !== 'float32' || rows < 8 || columns < 8) return undefined;
  const one = emitter.initializer('float32', [1, 1], Float32Array.of(1));
  const ones = emitter.node('Expand', [one, emitter.int64([1, rows])]);
  const matrix = x.shape.length === 2 ? value(x) : emitter.reshape(value(x), [rows, columns]);
  return emitter.reshape(emitter.node('Gemm', [ones, matrix], { alpha: float(scale(rows)) }), node.outputs[0]!.shape);
}

export const reductions: Lowerings<ReductionName> = {
  sum: (node, context) => columnSums(node, () => 1, context) ?? reduce('ReduceSum')(node, context),
  mean: (node, context) => columnSums(node, (rows) => 1 / rows, context) ?? reduce('ReduceMean')(node, context),
  max: reduce('ReduceMax'),
  min: reduce('ReduceMin'),
  /**
   * Softmax passes over the data once and vectorised; its greatest element is exp(0) / Σ exp(x - max x), so that
   * log Σ exp(x) = max x - log(max softmax(x)). Several axes go through the runtime's own reduction.
   */
  logSumExp: (node, context) => {
    const { axes, keepDims } = node.attributes;
    if (axes.length !== 1) return reduce('ReduceLogSumExp')(node, context);
    const { emitter, value } = context;
    const x = value(node.inputs[0]!);
    const greatest = (name: string): string =>
      emitter.node('ReduceMax', [name, emitter.int64(axes)], { keepdims: keepDims ? 1 : 0 });
    const share = greatest(emitter.node('Softmax', [x], { axis: axes[0]! }));
    return emitter.node('Sub', [greatest(x), emitter.node('Log', [share])]);
  },
};
