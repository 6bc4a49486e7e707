import { broadcastShapes, sameShape } from '../../tensor/define.js';
import type { Node, Tensor } from '../../tensor/graph.js';
import type { PrimitiveName, Shape } from '../../tensor/primitives.js';
import type { Device } from '../device.js';
import type { Emitter } from '../onnx/emitter.js';

/** What a lowering sees of the program around its node. */
export interface LoweringContext {
  readonly device: Device;
  readonly emitter: Emitter;
  /** The ONNX value that holds a tensor; emits what is needed for it. */
  readonly value: (tensor: Tensor) => string;
  /** The only node that uses a tensor, or undefined when there are several or the tensor is a result of the program. */
  readonly onlyUser: (tensor: Tensor) => Node | undefined;
}

/** Emits the ONNX nodes of one primitive; returns the value of each output. */
export type Lowering<Name extends PrimitiveName> = (
  node: Node<Name>,
  context: LoweringContext,
) => string | readonly string[];

export type Lowerings<Name extends PrimitiveName> = { readonly [Key in Name]: Lowering<Key> };

/** Whether a node is one of the given primitive; narrows the type of its attributes. */
export const isNode = <Name extends PrimitiveName>(node: Node | undefined, op: Name): node is Node & Node<Name> =>
  node?.op === op;

/** The scalar that fills a tensor, or undefined. */
export const fillOf = ({ node }: Tensor): number | undefined =>
  isNode(node, 'full') ? node.attributes.value : undefined;

/** A scalar that needs no storage of its own, or the tensor before it was repeated. */
function compact(tensor: Tensor): { shape: Shape; value: (context: LoweringContext) => string } | undefined {
  const fill = fillOf(tensor);
  if (fill !== undefined) return { shape: [], value: ({ emitter }) => emitter.scalar(tensor.dtype, fill) };
  if (tensor.node.op !== 'broadcast') return undefined;
  const source = tensor.node.inputs[0]!;
  return compact(source) ?? { shape: source.shape, value: (context) => context.value(source) };
}

/**
 * The operands of an elementwise operation. Those that are only repeated values are passed unrepeated, as far as ONNX
 * broadcasting still gives the shape of the result.
 */
export function elementwiseOperands(inputs: readonly Tensor[], result: Shape, context: LoweringContext): string[] {
  const shapes = inputs.map((tensor) => tensor.shape);
  const fits = (): boolean => {
    const common = shapes.reduce<Shape | undefined>((shape, other) => shape && broadcastShapes(shape, other), []);
    return common !== undefined && sameShape(common, result);
  };
  return inputs.map((tensor, index) => {
    const small = compact(tensor);
    if (small !== undefined) {
      shapes[index] = small.shape;
      if (fits()) return small.value(context);
      shapes[index] = tensor.shape;
    }
    return context.value(tensor);
  });
}
