import { add, and, equal, less, lessEqual, maximum, minimum, sub, where } from '../../tensor/elementwise.js';
import { iota } from '../../tensor/create.js';
import type { Node, Tensor } from '../../tensor/graph.js';
import { gather } from '../../tensor/indexing.js';
import { matmul } from '../../tensor/linear.js';
import { softmax } from '../../tensor/normalisation.js';
import { concat, slice } from '../../tensor/shaping.js';
import { reshape, transpose } from '../../tensor/structure.js';
import { float } from '../onnx/emitter.js';
import type { LoweringContext, Lowerings } from './lowering.js';

/** Small enough that a softmax gives it the weight 0, and finite. */
const masked = -1e9;

/** One operator does it all, and appends to the cache in place where input and output share memory. */
function groupQueryAttention(node: Node<'cachedAttention'>, { emitter, value }: LoweringContext): string[] {
  const { heads, keyValueHeads, window, scale, continues = false } = node.attributes;
  const names = node.inputs.map(value);
  const lengths = names.pop()!;
  const rows = node.inputs[0]!.shape[1]!;
  // The operator takes the last valid position of every row, and the greatest length (of the padded rows in a prefill).
  const last = emitter.node('Sub', [lengths, emitter.scalar('int32', 1)]);
  const total =
    rows > 1 && !continues
      ? emitter.scalar('int32', rows)
      : emitter.node('ReduceMax', [lengths, emitter.int64([0])], { keepdims: 0 });
  const attributes = {
    num_heads: heads,
    kv_num_heads: keyValueHeads,
    scale: float(scale),
    local_window_size: window > 0 ? window : -1,
    do_rotary: 0,
  };
  return emitter.nodes('GroupQueryAttention', [...names, last, total], attributes, 3);
}

/** The same out of simpler operations, for the shapes and devices that the operator does not take. */
function composed(node: Node<'cachedAttention'>): Tensor[] {
  const [query, key, value, pastKey, pastValue, lengths] = node.inputs as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const { heads, keyValueHeads, window, scale, continues = false } = node.attributes;
  const [batch, rows] = query.shape as [number, number];
  const [, , capacity, width] = pastKey.shape as [number, number, number, number];
  const last = sub(reshape(lengths, [batch, 1, 1, 1]), 1);
  const slot = iota([1, 1, capacity, 1], 2);
  const isNew = equal(slot, last);
  const first = sub(last, rows - 1);
  const append = (fresh: Tensor, past: Tensor): Tensor => {
    const split = transpose(reshape(fresh, [batch, rows, keyValueHeads, width]), [0, 2, 1, 3]);
    if (rows === 1) return where(isNew, split, past);
    if (continues) {
      // Each place of the cache beside the new token that belongs there, or any where none does.
      const from = reshape(maximum(minimum(sub(slot, first), rows - 1), 0), [capacity]);
      const spread = transpose(gather(transpose(split, [2, 0, 1, 3]), from), [1, 2, 0, 3]);
      return where(and(lessEqual(first, slot), lessEqual(slot, last)), spread, past);
    }
    return rows === capacity ? split : concat([split, slice(past, [null, null, [rows, capacity]])], 2);
  };
  const [keys, values] = [append(key, pastKey), append(value, pastValue)];

  const perKeyHead = heads / keyValueHeads;
  const split = transpose(reshape(query, [batch, rows, heads, width]), [0, 2, 1, 3]);
  const grouped = reshape(split, [batch, keyValueHeads, perKeyHead * rows, width]);
  const scores = reshape(matmul(grouped, keys, { transposeB: true, alpha: scale }), [batch, heads, rows, capacity]);
  const place = iota([1, 1, 1, capacity], 3);
  const inOrder = iota([1, 1, rows, 1], 2);
  const position = rows === 1 ? last : continues ? add(first, inOrder) : inOrder;
  const past = lessEqual(place, position);
  const seen = window > 0 ? and(past, less(sub(position, window), place)) : past;
  const weights = softmax(where(seen, scores, masked));
  const output = matmul(reshape(weights, grouped.shape.with(-1, capacity)), values);
  const merged = transpose(reshape(output, [batch, heads, rows, width]), [0, 2, 1, 3]);
  return [reshape(merged, query.shape), keys, values];
}

export const attention: Lowerings<'cachedAttention'> = {
  cachedAttention: (node, context) => {
    const width = node.inputs[3]!.shape[3]!;
    const hasOperator = context.device !== 'webgpu' && width % 8 === 0;
    return hasOperator ? groupQueryAttention(node, context) : composed(node).map(context.value);
  },
};
