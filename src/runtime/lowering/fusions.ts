import { sameShape } from '../../tensor/define.js';
import type { Node, Tensor } from '../../tensor/graph.js';
import type { Shape } from '../../tensor/primitives.js';
import { float } from '../onnx/emitter.js';
import { convolution } from './convolution.js';
import { type LoweringContext, fillOf, isNode } from './lowering.js';

/**
 * Operations that are faster in one: an addition is taken into the product, convolution or scatter that feeds it, and
 * a transpose into the flags of a product.
 */

/** The value of a tensor, and whether its last two axes are to be read in the other order. */
function factor(tensor: Tensor, flip: boolean, context: LoweringContext): { name: string; flip: boolean } {
  const { node } = tensor;
  if (!isNode(node, 'transpose')) return { name: context.value(tensor), flip };
  const last = tensor.rank - 1;
  const swapsLastTwo = node.attributes.permutation.every(
    (axis, index) => axis === (index < last - 1 ? index : 2 * last - 1 - index),
  );
  return swapsLastTwo ? factor(node.inputs[0]!, !flip, context) : { name: context.value(tensor), flip };
}

/** Whether the product is one of two matrices, the first one possibly given as a stack of its rows. */
function isMatrixProduct({ inputs, attributes }: Node<'matmul'>): boolean {
  const [a, b] = inputs as readonly [Tensor, Tensor];
  return a.dtype === 'float32' && b.rank === 2 && (a.rank === 2 || !attributes.transposeA);
}

/** alpha · A B, plus `addend` (of one row, or of the result's shape) where given. */
export function product(node: Node<'matmul'>, addend: Tensor | undefined, context: LoweringContext): string {
  const { emitter } = context;
  const [a, b] = node.inputs as readonly [Tensor, Tensor];
  const { transposeA, transposeB, alpha } = node.attributes;
  const { shape } = node.outputs[0]!;
  const left =
    a.rank === 2 || !isMatrixProduct(node) ? factor(a, transposeA, context) : { name: context.value(a), flip: false };
  const right = factor(b, transposeB, context);
  const flags = { transA: left.flip ? 1 : 0, transB: right.flip ? 1 : 0 };

  if (isMatrixProduct(node)) {
    const columns = shape.at(-1)!;
    const rows = a.rank === 2 ? left.name : emitter.reshape(left.name, [a.size / a.shape.at(-1)!, a.shape.at(-1)!]);
    const inputs = [rows, right.name];
    if (addend !== undefined) {
      const flat = addend.size === columns ? [columns] : [addend.size / columns, columns];
      const name = context.value(addend);
      inputs.push(sameShape(addend.shape, flat) ? name : emitter.reshape(name, flat));
    }
    const matrix = emitter.node('Gemm', inputs, { ...flags, alpha: float(alpha) });
    return shape.length === 2 ? matrix : emitter.reshape(matrix, shape);
  }
  if (context.device !== 'webgpu' && a.dtype === 'float32') {
    return emitter.node('FusedMatMul', [left.name, right.name], { ...flags, alpha: float(alpha) });
  }
  const straight = (name: string, tensor: Tensor, flip: boolean): string => {
    const axes = [...tensor.shape.keys()];
    return flip ? emitter.transpose(name, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]) : name;
  };
  const plain = emitter.node('MatMul', [straight(left.name, a, left.flip), straight(right.name, b, right.flip)]);
  return alpha === 1 ? plain : emitter.node('Mul', [plain, emitter.scalar(a.dtype, alpha)]);
}

/** base with the updates added to its rows; `base` need not be the node's own. */
export function scatterRows(node: Node<'scatterAdd'>, base: Tensor, { emitter, value }: LoweringContext): string {
  const [, indices, updates] = node.inputs as readonly [Tensor, Tensor, Tensor];
  const rows = emitter.reshape(emitter.cast(value(indices), 'int64'), [...indices.shape, 1]);
  return emitter.node('ScatterND', [value(base), rows, value(updates)], { reduction: 'add' });
}

type Fusion = (addend: Tensor, context: LoweringContext) => string;

/** How the node could take in `addend`, were it added to its result read as `shape`; undefined where it cannot. */
function fusion(node: Node, shape: Shape, addend: Tensor): Fusion | undefined {
  const result = node.outputs[0]!;
  if (isNode(node, 'matmul') && isMatrixProduct(node) && result.shape.at(-1) === shape.at(-1)) {
    const columns = shape.at(-1)!;
    const isRow = addend.size === columns && addend.shape.at(-1) === columns && addend.rank <= shape.length;
    if (!isRow && !sameShape(addend.shape, shape)) return undefined;
    return (c, context) => {
      const sum = product(node, c, context);
      return sameShape(result.shape, shape) ? sum : context.emitter.reshape(sum, shape);
    };
  }
  if (!sameShape(result.shape, shape)) return undefined;
  if (isNode(node, 'conv')) {
    const channels = shape[1]!;
    const spatial = shape.length - 2;
    const isBias =
      addend.size === channels && addend.rank > spatial && addend.shape[addend.rank - 1 - spatial] === channels;
    return isBias ? (bias, context) => convolution(node, bias, context) : undefined;
  }
  if (isNode(node, 'scatterAdd') && fillOf(node.inputs[0]!) === 0 && sameShape(addend.shape, shape)) {
    return (base, context) => scatterRows(node, base, context);
  }
  return undefined;
}

interface Choice {
  /** The nodes that are emitted as part of the sum. */
  readonly taken: readonly Node[];
  readonly fused: (context: LoweringContext) => string;
}

/** Which operand of an addition the other one is taken into, if any. Of two candidates, the one computed last. */
function choose(node: Node<'add'>, onlyUser: LoweringContext['onlyUser']): Choice | undefined {
  const [a, b] = node.inputs as readonly [Tensor, Tensor];
  const { shape, dtype } = node.outputs[0]!;
  if (dtype !== 'float32' || a === b) return undefined;
  const orders = a.node.id > b.node.id ? ([[a, b], [b, a]] as const) : ([[b, a], [a, b]] as const); // prettier-ignore
  for (const [into, addend] of orders) {
    if (!sameShape(into.shape, shape) || onlyUser(into) !== (node as Node)) continue;
    // A product of matrices often stands behind a change of shape.
    const taken = [into.node];
    for (
      let last = into.node;
      last.op === 'reshape' && onlyUser(last.inputs[0]!) === last;
      last = last.inputs[0]!.node
    ) {
      taken.push(last.inputs[0]!.node);
    }
    const found = fusion(taken.at(-1)!, shape, addend);
    if (found !== undefined) return { taken, fused: (context) => found(addend, context) };
  }
  return undefined;
}

/** The sum as part of the operation that feeds it; undefined where there is nothing to gain. */
export function addFused(node: Node<'add'>, context: LoweringContext): string | undefined {
  return choose(node, context.onlyUser)?.fused(context);
}

/** Whether a node is emitted as part of the addition that uses it, and not for itself. */
export function isTakenIn(node: Node, onlyUser: LoweringContext['onlyUser']): boolean {
  let user = node.outputs.length === 1 ? onlyUser(node.outputs[0]!) : undefined;
  while (user?.op === 'reshape') user = onlyUser(user.outputs[0]!);
  return isNode(user, 'add') && choose(user, onlyUser)?.taken.includes(node) === true;
}
