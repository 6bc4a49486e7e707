import { imageValues } from '../data/packed-batches.js';
import type { HostTree, Store } from '../runtime/engine.js';
import type { Cache, CachePool } from './cache-pool.js';
import { isPlain } from './options.js';
import type { Programs } from './programs.js';
import type { SampledToken, Sequence } from './sequence.js';

export interface BatchOptions {
  programs: Programs;
  pool: CachePool;
  parameters: Store;
  /** Tokens that fit into a row of the cache. */
  length: number;
}

export interface Step {
  readonly sequence: Sequence;
  readonly token: SampledToken;
  /** Text that has become certain. */
  readonly text: string;
}

/** The least power of two that is not less than a count, and not below `floor`. */
export const bucket = (count: number, floor = 1): number => Math.max(floor, 2 ** Math.ceil(Math.log2(count)));

/**
 * Sequences that decode side by side, a token each per step. Sequences may come in at any step; a finished one leaves
 * its row, and when the rest fits into half the rows they move together. Shapes are powers of two, so few programs
 * serve all.
 */
export class DecodingBatch {
  readonly #programs: Programs;
  readonly #pool: CachePool;
  readonly #parameters: Store;
  readonly #length: number;
  /** By row. Finished sequences stay until the rows move. */
  #sequences: Sequence[] = [];
  #cache: Cache | undefined;

  constructor({ programs, pool, parameters, length }: BatchOptions) {
    this.#programs = programs;
    this.#pool = pool;
    this.#parameters = parameters;
    this.#length = length;
  }

  /** The sequences that are not finished. */
  get active(): readonly Sequence[] {
    return this.#sequences.filter(({ finishReason }) => finishReason === undefined);
  }

  /** Takes sequences in: their prompts but the last token are read in one pass, a prompt that several share once. */
  async admit(sequences: readonly Sequence[]): Promise<void> {
    if (sequences.length === 0) return;
    const prompts = new Map<Int32Array, number>();
    const first: Sequence[] = [];
    for (const sequence of sequences) {
      if (prompts.has(sequence.prompt)) continue;
      prompts.set(sequence.prompt, first.length);
      first.push(sequence);
    }
    const read = await this.#read(first);
    const rows = sequences.map(({ prompt }) => prompts.get(prompt)!);
    await this.#move(rows, read);
    this.#sequences.push(...sequences);
  }

  /** One token more in every active sequence. */
  async step(): Promise<Step[]> {
    await this.#compact();
    const cache = this.#cache;
    const active = this.active;
    if (cache === undefined || active.length === 0) return [];
    const { rows } = cache.shape;
    const tokens = new Int32Array(rows);
    const lengths = new Int32Array(rows).fill(1);
    this.#sequences.forEach((sequence, row) => {
      // A finished row reads its last token again, which nobody looks at.
      tokens[row] = sequence.last;
      lengths[row] = Math.min(sequence.length, this.#length);
    });
    const feeds = { parameters: this.#parameters, cache: cache.store, tokens, lengths };
    const drawn = active.every(({ settings }) => isPlain(settings))
      ? await this.#sampled(cache, feeds)
      : await this.#fromLogits(cache, feeds);
    const steps: Step[] = [];
    this.#sequences.forEach((sequence, row) => {
      if (sequence.finishReason !== undefined) return;
      const token = drawn(sequence, row);
      steps.push({ sequence, token, text: sequence.push(token) });
    });
    return steps;
  }

  /** Gives the memory back. */
  async close(): Promise<void> {
    const cache = this.#cache;
    this.#cache = undefined;
    this.#sequences = [];
    if (cache) await this.#pool.giveBack(cache);
  }

  /** Draws where the logits are: a few numbers a row come back. */
  async #sampled(cache: Cache, feeds: Feeds): Promise<Drawing> {
    const { rows } = cache.shape;
    const temperature = new Float32Array(rows);
    const uniform = new Float32Array(rows);
    this.#sequences.forEach((sequence, row) => {
      temperature[row] = sequence.settings.temperature;
      uniform[row] = sequence.uniform;
    });
    const program = await this.#programs.sample(cache.shape);
    const args = { ...feeds, temperature, uniform };
    const { ids, logProbs, modelLogProbs } = (await program.run(args, {
      into: { cache: cache.store },
    })) as unknown as Drawn;
    return (_, row) => ({ id: ids[row]!, logProb: logProbs[row]!, modelLogProb: modelLogProbs[row]! });
  }

  async #fromLogits(cache: Cache, feeds: Feeds): Promise<Drawing> {
    const program = await this.#programs.logits(cache.shape);
    const { logits } = (await program.run(feeds, { into: { cache: cache.store } })) as unknown as {
      logits: Float32Array;
    };
    const vocabulary = logits.length / cache.shape.rows;
    return (sequence, row) => sequence.sample(logits.subarray(row * vocabulary, (row + 1) * vocabulary));
  }

  /** A cache that has read all but the last token of each prompt, one row each. */
  async #read(sequences: readonly Sequence[]): Promise<Cache> {
    const prompts = sequences.map(({ prompt }) => prompt);
    const shape = { rows: bucket(prompts.length), length: this.#length };
    const cache = await this.#pool.take(shape);
    const longest = Math.max(...prompts.map(({ length }) => length - 1));
    if (longest === 0) return cache;
    const width = Math.min(bucket(longest, 8), this.#length);
    const tokens = new Int32Array(shape.rows * width);
    const lengths = new Int32Array(shape.rows).fill(1);
    prompts.forEach((prompt, row) => {
      tokens.set(prompt.subarray(0, -1), row * width);
      lengths[row] = Math.max(1, prompt.length - 1);
    });
    const shown = sequences.flatMap(({ images }) => images);
    const count = shown.length === 0 ? 0 : bucket(shown.length);
    const program = await this.#programs.prefill(shape, width, count);
    const images = count > 0 && { images: imageValues(shown, count) };
    const feeds = { parameters: this.#parameters, cache: cache.store, tokens, lengths, ...images };
    await program.run(feeds, { into: { cache: cache.store } });
    return cache;
  }

  /** Brings the active rows, and then the given rows of another cache, together in a cache that just holds them. */
  async #move(added: readonly number[], from?: Cache): Promise<void> {
    const current = this.#cache;
    const kept = [...this.#sequences.entries()].filter(([, { finishReason }]) => finishReason === undefined);
    const rows = bucket(kept.length + added.length);
    const isWhole = added.every((row, index) => row === index);
    if (from && kept.length === 0 && isWhole && from.shape.rows === rows) {
      this.#sequences = [];
      this.#cache = from;
    } else {
      const sources = [kept.length > 0 ? current : undefined, from].filter((cache) => cache !== undefined);
      const offset = sources.length === 2 ? sources[0]!.shape.rows : 0;
      const target = await this.#pool.take({ rows, length: this.#length });
      const order = new Int32Array(rows);
      order.set([...kept.map(([row]) => row), ...added.map((row) => row + offset)]);
      const program = await this.#programs.select(
        sources.map(({ shape }) => shape.rows),
        target.shape,
      );
      const [first, second] = sources.map(({ store }) => store);
      const feeds = { first: first!, ...(second && { second }), rows: order };
      await program.run(feeds, { into: { cache: target.store } });
      this.#sequences = kept.map(([, sequence]) => sequence);
      this.#cache = target;
      if (from) await this.#pool.giveBack(from);
    }
    if (current) await this.#pool.giveBack(current);
  }

  async #compact(): Promise<void> {
    const active = this.active.length;
    if (this.#cache && active > 0 && bucket(active) < this.#cache.shape.rows) await this.#move([]);
  }
}

type Feeds = Readonly<Record<string, Store | HostTree>>;
type Drawing = (sequence: Sequence, row: number) => SampledToken;
interface Drawn {
  readonly ids: Int32Array;
  readonly logProbs: Float32Array;
  readonly modelLogProbs: Float32Array;
}
