import type { Lowerings } from './lowering.js';
import { scatterRows } from './fusions.js';

export type IndexingName =
  | 'gather' | 'scatterAdd' | 'takeAlongAxis' | 'scatterAddAlongAxis' | 'cumsum' | 'topK' | 'argMax'; // prettier-ignore

export const indexing: Lowerings<IndexingName> = {
  gather: ({ inputs: [x, indices], attributes: { axis } }, { emitter, value }) =>
    emitter.node('Gather', [value(x!), value(indices!)], { axis }),
  scatterAdd: (node, context) => scatterRows(node, node.inputs[0]!, context),
  takeAlongAxis: ({ inputs: [x, indices], attributes: { axis } }, { emitter, value }) =>
    emitter.node('GatherElements', [value(x!), value(indices!)], { axis }),
  scatterAddAlongAxis: ({ inputs, attributes: { axis } }, { emitter, value }) =>
    emitter.node('ScatterElements', inputs.map(value), { axis, reduction: 'add' }),
  cumsum: ({ inputs: [x], attributes: { axis, exclusive, reverse } }, { emitter, value }) =>
    emitter.node('CumSum', [value(x!), emitter.scalar('int64', axis)], {
      exclusive: exclusive ? 1 : 0,
      reverse: reverse ? 1 : 0,
    }),
  topK: ({ inputs: [x], attributes: { k, axis } }, { emitter, value }) => {
    const [values, indices] = emitter.nodes('TopK', [value(x!), emitter.int64([k])], { axis }, 2);
    return [values!, emitter.cast(indices!, 'int32')];
  },
  argMax: ({ inputs: [x], attributes: { axis, keepDims } }, { emitter, value }) =>
    emitter.cast(emitter.node('ArgMax', [value(x!)], { axis, keepdims: keepDims ? 1 : 0 }), 'int32'),
};
