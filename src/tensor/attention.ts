import { table } from './create.js';
import { customGradient } from './control.js';
import { mismatch, sameShape } from './define.js';
import { add, mul, sub } from './elementwise.js';
import type { Tensor } from './graph.js';
import { type Rule, apply } from './graph.js';
import { gather } from './indexing.js';
import { matmul } from './linear.js';
import { softmax } from './normalisation.js';
import type { Primitives } from './primitives.js';
import { concat, expandDims, split } from './shaping.js';
import { reshape, sum, transpose } from './structure.js';

/** Added to a score, it leaves a weight of exactly 0 in float32, and a row of nothing else stays finite. */
const MASKED = -1e9;

/**
 * The additive causal mask [queries, keys]: 0 where a query may look, a large negative number elsewhere. The last query
 * stands at the last key. With a window, only that many latest positions, itself included (GPT-3's banded layers).
 */
export function causalMask(queries: number, keys = queries, window = 0): Tensor {
  const make = (): Float32Array => {
    const mask = new Float32Array(queries * keys).fill(MASKED);
    for (let query = 0; query < queries; query++) {
      const position = query + keys - queries;
      const first = window > 0 ? Math.max(0, position - window + 1) : 0;
      mask.fill(0, query * keys + first, query * keys + position + 1);
    }
    return mask;
  };
  return table(`causal mask ${queries} ${keys} ${window}`, make, [queries, keys]);
}

export interface AttentionOptions {
  /** Added to the scores; broadcasts to [B, H, T, S]. See causalMask. */
  mask?: Tensor;
  /** Of the scores; 1/√D by default. */
  scale?: number;
  /** Applied to the attention weights (dropout). */
  weightTransform?: (weights: Tensor) => Tensor;
}

/**
 * Scaled dot-product attention (Vaswani et al. 2017), with grouped queries (Ainslie et al. 2023) where there are fewer
 * key heads than query heads: query head h reads key head ⌊h·K/H⌋.
 *
 * @param query [B, H, T, D]
 * @param key [B, K, S, D], K dividing H
 * @param value [B, K, S, D]
 * @returns [B, H, T, D]
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions = {}): Tensor {
  const inputs = [query, key, value];
  if (inputs.some((tensor) => tensor.rank !== 4)) mismatch('attention', inputs, 'takes [batch, heads, time, width]');
  const [batch, heads, time, width] = query.shape as [number, number, number, number];
  const [, keyHeads, keys] = key.shape as [number, number, number];
  if (heads % keyHeads !== 0)
    mismatch('attention', inputs, `${heads} query heads do not divide over ${keyHeads} key heads`);
  const scale = options.scale ?? 1 / Math.sqrt(width);

  if (!sameShape(key.shape, value.shape) || !sameShape(key.shape, [batch, keyHeads, keys, width]))
    mismatch('attention', inputs, 'batch, time or width do not agree');

  // The queries of one key head in a row: grouped queries cost no copy of the keys.
  const rows = (heads / keyHeads) * time;
  const q = reshape(query, [batch, keyHeads, rows, width]);
  const scaled = reshape(matmul(q, key, { transposeB: true, alpha: scale }), [batch, heads, time, keys]);
  const scores = options.mask ? add(scaled, options.mask) : scaled;
  const weights = softmax(scores);
  const perKeyHead = [batch, keyHeads, rows, keys];
  const { weightTransform } = options;
  if (weightTransform) return reshape(matmul(reshape(weightTransform(weights), perKeyHead), value), query.shape);

  const p = reshape(weights, perKeyHead);
  const result = matmul(p, value);
  // Σ_j dP_ij P_ij = Σ_d dO_id O_id: the softmax's row sums over D numbers rather than over S.
  const attended = customGradient(result, [scores, value], (g, needed) => {
    const along = sum(mul(g, result), { axes: -1, keepDims: true });
    const toScores = mul(p, sub(matmul(g, value, { transposeB: true }), along));
    return [
      needed[0] ? reshape(toScores, scores.shape) : undefined,
      needed[1] ? matmul(p, g, { transposeA: true }) : undefined,
    ];
  });
  return reshape(attended, query.shape);
}

/** [B, T, H·D] → [B, H, T, D] */
export const splitHeads = (x: Tensor, heads: number): Tensor =>
  transpose(reshape(x, [x.shape[0]!, x.shape[1]!, heads, -1]), [0, 2, 1, 3]);

/** [B, H, T, D] → [B, T, H·D] */
export const joinHeads = (x: Tensor): Tensor =>
  reshape(transpose(x, [0, 2, 1, 3]), [x.shape[0]!, x.shape[2]!, x.shape[1]! * x.shape[3]!]);

/**
 * Rotary position embedding (Su et al. 2021), in the half-split form: the pair (i, i + D/2) turns by position · base^(−2i/D).
 *
 * @param x [B, H, T, D]
 * @param positions int32 [T] or [B, T], less than `context`
 */
export function rotaryEmbedding(x: Tensor, positions: Tensor, { base = 10_000, context = 4096 } = {}): Tensor {
  const half = x.shape[3]! / 2;
  if (!Number.isInteger(half)) mismatch('rotaryEmbedding', [x], 'the head width must be even');
  const at = (fn: 'cos' | 'sin'): Tensor => {
    const make = (): Float32Array =>
      Float32Array.from({ length: context * half }, (_, index) =>
        Math[fn](Math.floor(index / half) * base ** (-(index % half) / half)),
      );
    const rows = gather(table(`rotary ${fn} ${base} ${context} ${half}`, make, [context, half]), positions);
    return positions.rank === 2 ? expandDims(rows, 1) : rows;
  };
  const [cosine, sine] = [at('cos'), at('sin')];
  const [first, second] = split(x, 2, -1) as [Tensor, Tensor];
  return concat([sub(mul(first, cosine), mul(second, sine)), add(mul(second, cosine), mul(first, sine))], -1);
}

const cachedRule: Rule<'cachedAttention'> = {
  name: 'cachedAttention',
  shape: ([query, key, value, pastKey, pastValue, lengths], { continues = false }) => {
    const inputs = [query!, key!, value!, pastKey!, pastValue!, lengths!];
    if (continues && query!.shape[0] !== 1) mismatch('cachedAttention', inputs, 'continues one row at a time');
    if (lengths!.dtype !== 'int32' || lengths!.size !== query!.shape[0])
      mismatch('cachedAttention', inputs, 'needs int32 lengths [B]');
    return [query!, pastKey!, pastValue!];
  },
};

/** Attention of new tokens over a key-value cache; see the primitive's description for shapes. Not differentiable. */
export function cachedAttention(
  inputs: { query: Tensor; key: Tensor; value: Tensor; pastKey: Tensor; pastValue: Tensor; lengths: Tensor },
  attributes: Primitives['cachedAttention'],
): { output: Tensor; keyCache: Tensor; valueCache: Tensor } {
  const { query, key, value, pastKey, pastValue, lengths } = inputs;
  const [output, keyCache, valueCache] = apply(
    cachedRule,
    [query, key, value, pastKey, pastValue, lengths],
    attributes,
  );
  return { output: output!, keyCache: keyCache!, valueCache: valueCache! };
}
