import { describe } from '../../tensor/define.js';
import { DescentError, RuntimeError } from '../../errors.js';
import type { Node, Tensor } from '../../tensor/graph.js';
import type { PrimitiveName } from '../../tensor/primitives.js';
import { type Graph, nodesOf } from '../../tensor/trace.js';
import type { Device } from '../device.js';
import { Emitter } from '../onnx/emitter.js';
import { isTakenIn } from './fusions.js';
import type { Lowering, LoweringContext } from './lowering.js';
import { lowerings } from './table.js';

/** A program as ONNX. Input k of the graph is called `i<k>` there, output k `o<k>`. */
export interface LoweredProgram {
  readonly model: Uint8Array<ArrayBuffer>;
}

/** Emitted where they are used, since the user can often do without them. */
const lazy = new Set<PrimitiveName>(['constant', 'full', 'iota', 'transpose', 'broadcast']);

/** Expresses a simplified graph in ONNX for a device. */
export function lower(graph: Graph, device: Device): LoweredProgram {
  const emitter = new Emitter();
  const values = new Map<Tensor, string>();
  for (const { tensor } of graph.inputs) values.set(tensor, emitter.input(tensor));

  const nodes = nodesOf(graph);
  const users = new Map<Tensor, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
  }
  const results = new Set(graph.outputs.map(({ tensor }) => tensor));
  const onlyUser = (tensor: Tensor): Node | undefined => {
    const all = users.get(tensor);
    return all?.length === 1 && !results.has(tensor) ? all[0] : undefined;
  };

  const emit = (node: Node): void => {
    const label = emitter.label;
    emitter.label = node.op;
    try {
      // The table has, under each name, the lowering of that primitive's attributes.
      const lowering = lowerings[node.op] as Lowering<PrimitiveName>;
      const names = lowering(node, context);
      (typeof names === 'string' ? [names] : names).forEach((name, index) => values.set(node.outputs[index]!, name));
    } catch (error) {
      if (error instanceof DescentError) throw error;
      const inputs = node.inputs.map(describe).join(', ');
      throw new RuntimeError(`${node.op}(${inputs}) cannot be expressed on ${device}: ${String(error)}`, {
        cause: error,
      });
    } finally {
      emitter.label = label;
    }
  };
  const value = (tensor: Tensor): string => {
    if (!values.has(tensor)) emit(tensor.node);
    return values.get(tensor)!;
  };
  const context: LoweringContext = { device, emitter, value, onlyUser };

  for (const node of nodes) {
    if (!lazy.has(node.op) && !values.has(node.outputs[0]!) && !isTakenIn(node, onlyUser)) emit(node);
  }
  for (const { tensor } of graph.outputs) emitter.output(value(tensor), tensor);
  return { model: emitter.model({ inPlace: device !== 'webgpu' }) };
}
