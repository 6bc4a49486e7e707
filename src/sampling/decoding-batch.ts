import { imageValues } from '../data/packed-batches.js';
import type { HostTree, Store } from '../runtime/engine.js';
import type { Cache, CachePool } from './cache-pool.js';
import { type KeptRows, type ReadRow, LEAST_SHARED, commonBeginning } from './kept-rows.js';
import type { Programs } from './programs.js';
import type { SampledToken, Sequence } from './sequence.js';

export interface BatchOptions {
  programs: Programs;
  pool: CachePool;
  parameters: Store;
  /** Tokens that fit into a row of the cache. */
  length: number;
  /** Where rows go that are finished with, for prompts that begin as they do. Without it nothing is kept. */
  kept?: KeptRows;
}

export interface Step {
  readonly sequence: Sequence;
  readonly token: SampledToken;
  /** Text that has become certain. */
  readonly text: string;
}

/** A row whose beginning a prompt shares, from where on it is read, and how many tokens wide. */
interface Continuation {
  readonly source: ReadRow;
  readonly start: number;
  readonly width: number;
}

/** The least power of two that is not less than a count, and not below `floor`. */
export const bucket = (count: number, floor = 1): number => Math.max(floor, 2 ** Math.ceil(Math.log2(count)));

/**
 * Sequences that decode side by side, a token each per step. Each has a row of the cache to itself. Sequences may come in
 * at any step: into rows whose sequences are finished, where nothing else moves, or, where there are too few, all into a
 * larger cache; when the rest fits into half the rows they move together. Shapes are powers of two, so few programs serve
 * all.
 */
export class DecodingBatch {
  readonly #programs: Programs;
  readonly #pool: CachePool;
  readonly #parameters: Store;
  readonly #length: number;
  readonly #kept: KeptRows | undefined;
  /** By row. Finished sequences stay until their row is taken; rows behind the last one are free. */
  #sequences: Sequence[] = [];
  #cache: Cache | undefined;

  constructor({ programs, pool, parameters, length, kept }: BatchOptions) {
    this.#programs = programs;
    this.#pool = pool;
    this.#parameters = parameters;
    this.#length = length;
    this.#kept = kept;
  }

  /** The sequences that are not finished. */
  get active(): readonly Sequence[] {
    return this.#sequences.filter(({ finishReason }) => finishReason === undefined);
  }

  /**
   * Takes sequences in: their prompts but the last token are read in one pass, a prompt that several share once. Of a
   * prompt that begins like a row that is here or was kept, only the rest is read.
   */
  async admit(sequences: readonly Sequence[]): Promise<void> {
    const byPrompt = new Map<Int32Array, Sequence[]>();
    for (const sequence of sequences)
      byPrompt.set(sequence.prompt, [...(byPrompt.get(sequence.prompt) ?? []), sequence]);
    const fresh: Sequence[][] = [];
    for (const [prompt, own] of byPrompt) {
      const continuation = this.#continuation(own[0]!);
      if (continuation) {
        for (const sequence of own) sequence.shared = continuation.start;
        await this.#enter(await this.#continue(prompt, continuation), [own]);
      } else fresh.push(own);
    }
    if (fresh.length > 0) await this.#enter(await this.#read(fresh.map(([first]) => first!)), fresh);
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
    const drawn = await this.#draw(
      cache,
      { parameters: this.#parameters, cache: cache.store, tokens, lengths },
      active,
    );
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
    await this.#keep(this.#sequences.keys());
    this.#cache = undefined;
    this.#sequences = [];
    if (cache) await this.#pool.giveBack(cache);
  }

  /**
   * Draws where the logits are, so that a few numbers a row come back, except for sequences whose logits are changed
   * first: how one is drawn does not depend on those beside it.
   */
  async #draw(cache: Cache, feeds: Feeds, active: readonly Sequence[]): Promise<Drawing> {
    const { rows } = cache.shape;
    const temperature = new Float32Array(rows);
    const uniform = new Float32Array(rows);
    this.#sequences.forEach((sequence, row) => {
      temperature[row] = sequence.settings.temperature;
      uniform[row] = sequence.uniform;
    });
    const wanted = { draws: active.some(({ isPlain }) => isPlain), logits: active.some(({ isPlain }) => !isPlain) };
    const program = await this.#programs.decode(cache.shape, wanted);
    const args = wanted.draws ? { ...feeds, temperature, uniform } : feeds;
    const result = await program.run(args, { into: { cache: cache.store } });
    const { ids, logProbs, modelLogProbs, logits } = result as unknown as Drawn;
    const vocabulary = wanted.logits ? logits.length / rows : 0;
    return (sequence, row) =>
      sequence.isPlain
        ? { id: ids[row]!, logProb: logProbs[row]!, modelLogProb: modelLogProbs[row]! }
        : sequence.sample(logits.subarray(row * vocabulary, (row + 1) * vocabulary));
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

  /** Sequences for each row of a cache that has read their prompts. */
  async #enter(cache: Cache, sequences: readonly (readonly Sequence[])[]): Promise<void> {
    const entering = sequences.flatMap((own, from) => own.map((sequence) => ({ sequence, from })));
    const rows = bucket(this.active.length + entering.length);
    if (rows > (this.#cache?.shape.rows ?? 0)) {
      const isReady =
        this.active.length === 0 && rows === cache.shape.rows && sequences.every(({ length }) => length === 1);
      await this.#moveTo(isReady ? cache : await this.#pool.take({ rows, length: this.#length }));
    }
    const target = this.#cache!;
    const isFree = (row: number): boolean =>
      this.#sequences[row]?.finishReason !== undefined || row >= this.#sequences.length;
    const free = Array.from({ length: target.shape.rows }, (_, row) => row).filter(isFree);
    const taken = free.slice(0, entering.length);
    if (target !== cache) {
      await this.#keep(taken.filter((row) => row < this.#sequences.length));
      const pairs = entering.map(({ from }, index) => [from, taken[index]!] as const);
      await target.store.copyRows(cache.store, pairs);
      await this.#pool.giveBack(cache);
    }
    entering.forEach(({ sequence }, index) => (this.#sequences[taken[index]!] = sequence));
  }

  /** The row with the longest beginning of a prompt, if that is long enough. Tokens do not tell images apart. */
  #continuation({ prompt, images }: Sequence): Continuation | undefined {
    const kept = this.#kept;
    const end = prompt.length - 1;
    if (kept === undefined || images.length > 0 || end < LEAST_SHARED) return undefined;
    const cache = this.#cache;
    const here = cache
      ? this.#sequences.map(({ read, images: own }, row) => ({ cache, row, tokens: own.length > 0 ? noTokens : read }))
      : [];
    let best: Continuation | undefined;
    for (const source of [...here, ...kept.rows]) {
      const common = Math.min(commonBeginning(source.tokens, prompt), end);
      const width = common === end ? 0 : bucket(end - common, 8);
      // Padded at the right, the new tokens may not reach beyond the row: then some are read again.
      const start = Math.min(common, this.#length - width);
      if (start >= LEAST_SHARED && start > (best?.start ?? 0)) best = { source, start, width };
    }
    if (best) kept.touch(best.source);
    return best;
  }

  /** A cache of one row that has read a prompt but its last token. */
  async #continue(prompt: Int32Array, { source, start, width }: Continuation): Promise<Cache> {
    const cache = await this.#copy(source);
    if (width > 0) {
      const tokens = new Int32Array(width);
      tokens.set(prompt.subarray(start, -1));
      const program = await this.#programs.extend(this.#length, width);
      const lengths = Int32Array.of(start + width);
      const feeds = { parameters: this.#parameters, cache: cache.store, tokens, lengths };
      await program.run(feeds, { into: { cache: cache.store } });
    }
    return cache;
  }

  async #copy({ cache, row }: Pick<ReadRow, 'cache' | 'row'>): Promise<Cache> {
    const target = await this.#pool.take({ rows: 1, length: this.#length });
    await target.store.copyRows(cache.store, [[row, 0]]);
    return target;
  }

  /** Copies rows that are about to be left, for prompts to come. */
  async #keep(rows: Iterable<number>): Promise<void> {
    const [kept, cache] = [this.#kept, this.#cache];
    if (kept === undefined || cache === undefined) return;
    for (const row of rows) {
      const { read, images } = this.#sequences[row]!;
      if (images.length === 0 && kept.wants(read)) await kept.keep(read, await this.#copy({ cache, row }));
    }
  }

  /** Brings the active rows together in another cache. */
  async #moveTo(target: Cache): Promise<void> {
    const current = this.#cache;
    const rows = [...this.#sequences.keys()];
    const staying = rows.filter((row) => this.#sequences[row]!.finishReason === undefined);
    await this.#keep(rows.filter((row) => !staying.includes(row)));
    if (current) {
      await target.store.copyRows(
        current.store,
        staying.map((from, to) => [from, to]),
      );
      await this.#pool.giveBack(current);
    }
    this.#sequences = staying.map((row) => this.#sequences[row]!);
    this.#cache = target;
  }

  async #compact(): Promise<void> {
    const rows = bucket(this.active.length);
    if (this.#cache && this.active.length > 0 && rows < this.#cache.shape.rows) {
      await this.#moveTo(await this.#pool.take({ rows, length: this.#length }));
    }
  }
}

const noTokens = new Int32Array();

type Feeds = Readonly<Record<string, Store | HostTree>>;
type Drawing = (sequence: Sequence, row: number) => SampledToken;
interface Drawn {
  readonly ids: Int32Array;
  readonly logProbs: Float32Array;
  readonly modelLogProbs: Float32Array;
  /** Of all rows, one after the other. */
  readonly logits: Float32Array;
}
