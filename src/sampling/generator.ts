import { ConfigError } from '../errors.js';
import type { Gpt } from '../families/autoregressive/gpt.js';
import type { Engine, Store } from '../runtime/engine.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { CachePool, cacheBytes } from './cache-pool.js';
import { DecodingBatch, bucket } from './decoding-batch.js';
import type { SamplingOptions } from './options.js';
import { Programs } from './programs.js';
import type { FinishReason, SampledToken, Sequence } from './sequence.js';
import { type GenerationPrompt, type SequencesOptions, sequencesOf } from './sequences.js';

export interface GeneratorOptions {
  engine: Engine;
  model: Gpt;
  /** The parameters; a call may bring others. */
  store: Store;
  /** Needed for text prompts, text answers and stop strings. */
  tokenizer?: Tokenizer;
  /** Most sequences side by side; by default 256, or as many as 512 MiB of keys and values hold. */
  rows?: number;
}

export interface Generation {
  /** The generated tokens, the stop token included when one came. */
  readonly ids: Int32Array;
  /** One a token: log p under the distribution sampled from, before top-k, top-p and min-p. Nats. */
  readonly logProbs: Float32Array;
  /** One a token: log p under the model's own distribution (no penalties, temperature 1). Nats. */
  readonly modelLogProbs: Float32Array;
  /** Each token with its alternatives. */
  readonly tokens: readonly SampledToken[];
  /** The answer without stop tokens and strings; empty without a tokenizer. */
  readonly text: string;
  readonly finishReason: FinishReason;
  /** The stop string or token that was met. */
  readonly stoppedBy?: string | number;
}

/** A step of a stream. The last one has a finish reason; after an abort it has no token. */
export interface GenerationStep {
  readonly token?: SampledToken;
  /** Text that has become certain: what may begin a stop string or an unfinished character is held back. */
  readonly text: string;
  readonly finishReason?: FinishReason;
  readonly stoppedBy?: string | number;
}

export interface GenerateOptions extends SamplingOptions {
  prompt: GenerationPrompt;
  /** Other parameters for the same model. */
  store?: Store;
  signal?: AbortSignal;
  /** Tells apart sequences of equal seed: 0 by default. The n-th prompt of a batch has row n. */
  row?: number;
}

export interface GenerateBatchOptions extends SamplingOptions {
  prompts: readonly GenerationPrompt[];
  samplesPerPrompt?: number;
  /** The row of the first prompt, for batches that are cut out of a longer list. */
  firstRow?: number;
  store?: Store;
  signal?: AbortSignal;
  onProgress?: (progress: { finished: number; total: number; tokens: number }) => void;
}

type SequenceRows = Pick<SequencesOptions, 'firstRow' | 'samples'>;

/** Generates text with a GPT. Programs and caches are kept from call to call. */
export class Generator {
  readonly #model: Gpt;
  readonly #store: Store;
  readonly #tokenizer: Tokenizer | undefined;
  readonly #rows: number | undefined;
  readonly #programs: Programs;
  readonly #pool: CachePool;

  constructor({ engine, model, store, tokenizer, rows }: GeneratorOptions) {
    if (rows !== undefined && (!Number.isInteger(rows) || rows < 1)) {
      throw new ConfigError(`generator.rows: ${rows} is not a positive integer`);
    }
    this.#model = model;
    this.#store = store;
    this.#tokenizer = tokenizer;
    this.#rows = rows;
    this.#programs = new Programs(engine, model);
    this.#pool = new CachePool(engine, model);
  }

  /** Generates one answer. An abort ends it with what there is, and the finish reason 'abort'. */
  async generate({ prompt, row, ...options }: GenerateOptions): Promise<Generation> {
    const [generation] = await this.generateBatch({ ...options, prompts: [prompt], firstRow: row });
    return generation!;
  }

  /**
   * Generates one answer token by token.
   *
   * @throws DataError when the prompt is empty or fills the context; ConfigError for an impossible option
   */
  async *stream({ prompt, row = 0, store, signal, ...options }: GenerateOptions): AsyncGenerator<GenerationStep, void> {
    const [sequence] = this.#sequences([prompt], options, { firstRow: row, samples: 1 });
    const batch = this.#batch([sequence!], store);
    try {
      await batch.admit([sequence!]);
      while (sequence!.finishReason === undefined) {
        const [step] = await unlessAborted(batch, signal);
        const text = step ? step.text : sequence!.finish('abort');
        const { finishReason, stoppedBy } = sequence!;
        yield {
          ...(step && { token: step.token }),
          text,
          ...(finishReason && { finishReason }),
          ...(stoppedBy !== undefined && { stoppedBy }),
        };
      }
    } finally {
      await batch.close();
    }
  }

  /**
   * Generates answers to many prompts, as many side by side as there are rows. The result has `samplesPerPrompt` answers
   * to the first prompt, then to the second, and so on; each depends on (seed, row, sample) alone, not on its neighbours.
   *
   * @throws DataError when a prompt is empty or fills the context; ConfigError for an impossible option
   */
  async generateBatch({
    prompts,
    samplesPerPrompt = 1,
    firstRow = 0,
    store,
    signal,
    onProgress,
    ...options
  }: GenerateBatchOptions): Promise<Generation[]> {
    const sequences = this.#sequences(prompts, options, { firstRow, samples: samplesPerPrompt });
    if (sequences.length === 0) return [];
    const batch = this.#batch(sequences, store);
    // Prompts of like length side by side waste the fewest padded tokens.
    const waiting = [...sequences].sort((a, b) => a.prompt.length - b.prompt.length);
    const rows = this.#capacity(sequences);
    let tokens = 0;
    try {
      while (waiting.length > 0 || batch.active.length > 0) {
        const active = batch.active.length;
        if (active <= rows / 2) await batch.admit(waiting.splice(0, rows - active));
        const steps = await unlessAborted(batch, signal);
        if (steps.length === 0) break;
        tokens += steps.length;
        if (onProgress && steps.some(({ sequence }) => sequence.finishReason !== undefined)) {
          const finished = sequences.length - waiting.length - batch.active.length;
          onProgress({ finished, total: sequences.length, tokens });
        }
      }
    } finally {
      await batch.close();
    }
    return sequences.map((sequence) => {
      if (sequence.finishReason === undefined) sequence.finish('abort');
      return generationOf(sequence);
    });
  }

  /** Frees the caches. The store and the engine are the caller's. */
  async dispose(): Promise<void> {
    await this.#pool.dispose();
  }

  #sequences(prompts: readonly GenerationPrompt[], sampling: SamplingOptions, row: SequenceRows): Sequence[] {
    return sequencesOf({ model: this.#model, tokenizer: this.#tokenizer }, { prompts, sampling, ...row });
  }

  /**
   * Tokens a cache row must hold. Many rows are read in every step, so theirs are tight; one alone has a small context
   * whole, so that the turns of a chat share their programs.
   */
  #length(sequences: readonly Sequence[]): number {
    const longest = Math.max(...sequences.map(({ prompt, settings }) => prompt.length + settings.maxTokens));
    const tight = sequences.length > 1 && longest <= 256;
    return Math.min(this.#model.config.contextLength, tight ? Math.ceil(longest / 32) * 32 : bucket(longest, 256));
  }

  #capacity(sequences: readonly Sequence[]): number {
    if (this.#rows !== undefined) return this.#rows;
    const rowBytes = cacheBytes(this.#model, { rows: 1, length: this.#length(sequences) });
    return Math.max(1, Math.min(256, 2 ** Math.floor(Math.log2(2 ** 29 / rowBytes))));
  }

  #batch(sequences: readonly Sequence[], store = this.#store): DecodingBatch {
    return new DecodingBatch({
      programs: this.#programs,
      pool: this.#pool,
      parameters: store,
      length: this.#length(sequences),
    });
  }
}

/** Its caches are kept until `dispose`. */
export const createGenerator = (options: GeneratorOptions): Generator => new Generator(options);

/** The next step, or none once the signal has fired. */
async function unlessAborted(batch: DecodingBatch, signal: AbortSignal | undefined) {
  return signal?.aborted ? [] : batch.step();
}

function generationOf(sequence: Sequence): Generation {
  const { tokens, text, finishReason, stoppedBy } = sequence;
  return {
    ids: Int32Array.from(sequence.ids),
    logProbs: Float32Array.from(tokens, ({ logProb }) => logProb),
    modelLogProbs: Float32Array.from(tokens, ({ modelLogProb }) => modelLogProb),
    tokens,
    text,
    finishReason: finishReason!,
    ...(stoppedBy !== undefined && { stoppedBy }),
  };
}
