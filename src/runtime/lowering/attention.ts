import { float } from '../onnx/emitter.js';
import type { Lowerings } from './lowering.js';

export const attention: Lowerings<'cachedAttention'> = {
  cachedAttention: ({ inputs, attributes: { heads, keyValueHeads, window, scale } }, { emitter, value }) => {
    const [query] = inputs;
    const [queryName, key, value_, pastKey, pastValue, lengthsName] = inputs.map(value);
    const rows = query!.shape[1]!;
    // The operator takes the last valid position of every row, and the greatest length (of the padded rows in a prefill).
    const last = emitter.node('Sub', [lengthsName!, emitter.scalar('int32', 1)]);
    const total =
      rows > 1
        ? emitter.scalar('int32', rows)
        : emitter.node('ReduceMax', [lengthsName!, emitter.int64([0])], { keepdims: 0 });
    return emitter.nodes(
      'GroupQueryAttention',
      [queryName!, key!, value_!, pastKey!, pastValue!, last, total],
      {
        num_heads: heads,
        kv_num_heads: keyValueHeads,
        scale: float(scale),
        local_window_size: window > 0 ? window : -1,
        do_rotary: 0,
      },
      3,
    );
  },
};
