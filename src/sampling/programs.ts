import type { Gpt, GptCache, GptParameters } from '../families/autoregressive/gpt.js';
import type { Engine, Program } from '../runtime/engine.js';
import {
  type Tensor,
  type TensorSpec,
  add,
  argMax,
  cast,
  cumsum,
  div,
  equal,
  expandDims,
  float32,
  int32,
  iota,
  less,
  logSumExp,
  maximum,
  minimum,
  mul,
  reshape,
  sliceAxis,
  softmax,
  sub,
  sum,
  takeAlongAxis,
  where,
} from '../tensor/index.js';

import { imagesSpec } from '../training/language-model.js';

/** The programs of generation, each compiled once per shape. All are pure functions of a tree of tensors. */

export interface CacheShape {
  /** Sequences side by side. */
  readonly rows: number;
  /** Most tokens of one. */
  readonly length: number;
}

export type CacheSpec = readonly { readonly key: TensorSpec; readonly value: TensorSpec }[];

/** One [rows, K, M, D] pair of keys and values a block. */
export function cacheSpec({ config }: Pick<Gpt, 'config'>, { rows, length }: CacheShape): CacheSpec {
  const leaf = float32(rows, config.keyValueHeads, length, config.width / config.heads);
  return Array.from({ length: config.layers }, () => ({ key: leaf, value: leaf }));
}

/** The token and its log-probabilities. All [B]. */
interface Sampled {
  readonly ids: Tensor;
  readonly logProbs: Tensor;
  readonly modelLogProbs: Tensor;
}

/**
 * Draws a token a row from softmax(logits / temperature): the one at which the cumulated probability reaches the row's
 * uniform number. A temperature of 0 takes the most probable token, and reports log-probabilities at 1.
 *
 * @param logits [B, V]
 * @param temperature [B]
 * @param uniform [B], in [0, 1)
 */
export function sampleInGraph(logits: Tensor, temperature: Tensor, uniform: Tensor): Sampled {
  const vocabulary = logits.shape[1]!;
  const greedy = equal(temperature, 0);
  const scaled = div(logits, expandDims(where(greedy, 1, temperature), 1));
  const cumulated = cumsum(softmax(scaled), { axis: 1 });
  // Rounding may leave the sum beside 1. Above 0, so that a token of probability 0 is never reached.
  const total = sliceAxis(cumulated, { axis: 1, start: vocabulary - 1 });
  const target = maximum(mul(expandDims(uniform, 1), total), 1e-30);
  const drawn = minimum(sum(cast(less(cumulated, target), 'int32'), { axes: 1 }), vocabulary - 1);
  const ids = where(greedy, argMax(logits, { axis: 1 }), drawn);
  const logProbOf = (x: Tensor): Tensor =>
    sub(reshape(takeAlongAxis(x, expandDims(ids, 1), 1), [-1]), logSumExp(x, { axes: 1 }));
  return { ids, logProbs: logProbOf(scaled), modelLogProbs: logProbOf(logits) };
}

/** Compiles what a generator needs, when it needs it. */
export class Programs {
  readonly #engine: Engine;
  readonly #model: Gpt;
  readonly #compiled = new Map<string, Promise<Program>>();

  constructor(engine: Engine, model: Gpt) {
    this.#engine = engine;
    this.#model = model;
  }

  /**
   * {parameters, cache, tokens [B, S], lengths [B], images?} → {cache}: fills an empty cache; rows are padded at the
   * right.
   */
  prefill(shape: CacheShape, tokens: number, images = 0): Promise<Program> {
    const { rows, length } = shape;
    return this.#once(`prefill ${rows}x${tokens} of ${length}, ${images} images`, (name) =>
      this.#engine.compile(
        (args: { parameters: GptParameters; cache: GptCache; tokens: Tensor; lengths: Tensor; images?: Tensor }) => ({
          cache: this.#model.decode(args.parameters, args.tokens, {
            positions: iota([rows, tokens], 1),
            lengths: args.lengths,
            cache: args.cache,
            ...(args.images && { images: args.images }),
          }).cache,
        }),
        {
          parameters: this.#model.parameters,
          cache: cacheSpec(this.#model, shape),
          tokens: int32(rows, tokens),
          lengths: int32(rows),
          ...(images > 0 && { images: imagesSpec(this.#model, images) }),
        },
        { name },
      ),
    );
  }

  /** {parameters, cache, tokens [1, S], lengths [1]} → {cache}: S tokens more in a row, which `lengths` counts. */
  extend(length: number, tokens: number): Promise<Program> {
    const shape = { rows: 1, length };
    return this.#once(`extend by ${tokens} of ${length}`, (name) =>
      this.#engine.compile(
        (args: { parameters: GptParameters; cache: GptCache; tokens: Tensor; lengths: Tensor }) => ({
          cache: this.#model.decode(args.parameters, args.tokens, {
            positions: add(iota([1, tokens], 1), sub(expandDims(args.lengths, 1), tokens)),
            lengths: args.lengths,
            cache: args.cache,
            continues: true,
          }).cache,
        }),
        {
          parameters: this.#model.parameters,
          cache: cacheSpec(this.#model, shape),
          tokens: int32(1, tokens),
          lengths: int32(1),
        },
        { name },
      ),
    );
  }

  /**
   * {parameters, cache, tokens [B], lengths [B]} → {cache}: one token more in each row, which `lengths` counts. With
   * `logits` → {logits [B, V]} too; with `draws`, {temperature [B], uniform [B]} → {ids, logProbs, modelLogProbs}.
   */
  decode(shape: CacheShape, { draws, logits: isAsked }: DecodeResults): Promise<Program> {
    const { rows, length } = shape;
    const what = [...(draws ? ['draw'] : []), ...(isAsked ? ['logits'] : [])].join(', ');
    return this.#once(`${what} ${rows} of ${length}`, (name) =>
      this.#engine.compile(
        (args: DecodeArguments & { temperature?: Tensor; uniform?: Tensor }) => {
          const { cache, logits } = this.#decode(args, rows);
          const drawn = draws ? sampleInGraph(logits, args.temperature!, args.uniform!) : {};
          return { cache, ...(isAsked && { logits }), ...drawn };
        },
        {
          parameters: this.#model.parameters,
          cache: cacheSpec(this.#model, shape),
          tokens: int32(rows),
          lengths: int32(rows),
          ...(draws && { temperature: float32(rows), uniform: float32(rows) }),
        },
        { name },
      ),
    );
  }

  #decode({ parameters, cache, tokens, lengths }: DecodeArguments, rows: number) {
    const decoded = this.#model.decode(parameters, reshape(tokens, [rows, 1]), {
      positions: reshape(sub(lengths, 1), [rows, 1]),
      lengths,
      cache,
    });
    const logits = this.#model.head(parameters, reshape(decoded.hidden, [rows, -1]));
    return { cache: decoded.cache, logits };
  }

  async #once(name: string, compile: (name: string) => Promise<Program>): Promise<Program> {
    const known = this.#compiled.get(name);
    if (known) return known;
    const compiling = compile(name);
    this.#compiled.set(name, compiling);
    try {
      return await compiling;
    } catch (error) {
      this.#compiled.delete(name);
      throw error;
    }
  }
}

/** What a step is to give, beside the longer cache. */
export interface DecodeResults {
  /** A token a row, drawn where the logits are. */
  readonly draws: boolean;
  readonly logits: boolean;
}

interface DecodeArguments {
  parameters: GptParameters;
  cache: GptCache;
  tokens: Tensor;
  lengths: Tensor;
}
