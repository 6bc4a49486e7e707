import { float } from '../onnx/emitter.js';
import type { Lowerings } from './lowering.js';

export type NormalisationName = 'softmax' | 'layerNorm' | 'rmsNorm';

export const normalisation: Lowerings<NormalisationName> = {
  softmax: ({ inputs: [x], attributes: { axis } }, { emitter, value }) =>
    emitter.node('Softmax', [value(x!)], { axis }),
  layerNorm: ({ inputs, attributes: { epsilon } }, { emitter, value }) =>
    emitter.nodes('LayerNormalization', inputs.map(value), { axis: -1, epsilon: float(epsilon) }, 3),
  rmsNorm: ({ inputs, attributes: { epsilon } }, { emitter, value }) =>
    emitter.node('SimplifiedLayerNormalization', inputs.map(value), { axis: -1, epsilon: float(epsilon) }),
};
