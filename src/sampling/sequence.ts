import type { StreamDecoder } from '../tokenizer/stream-decoder.js';
import type { Constraint } from './constraint/constraint.js';
import { type SamplingSettings, isPlain } from './options.js';
import {
  type RowIdentity,
  type TokenLogProb,
  distribution,
  draw,
  logProbOf,
  penalise,
  topLogProbs,
  uniformAt,
} from './samplers.js';
import { StopStrings } from './stop-strings.js';

/** Why an answer ended: a stop token or string, maxTokens, the caller's signal, or the model's context being full. */
export type FinishReason = 'stop' | 'length' | 'abort' | 'context';

export interface SampledToken {
  readonly id: number;
  /** log p under the distribution sampled from, before top-k, top-p and min-p: with penalties, at the temperature. */
  readonly logProb: number;
  /** log p under the model's own distribution. */
  readonly modelLogProb: number;
  /** The model's most probable tokens, as many as `alternatives` asks for. */
  readonly alternatives?: readonly TokenLogProb[];
}

export interface SequenceOptions {
  prompt: Int32Array;
  settings: SamplingSettings;
  identity: RowIdentity;
  contextLength: number;
  /** Needed for text and stop strings. */
  decoder?: StreamDecoder;
  /** What the answer may say. */
  constraint?: Constraint;
}

/** One answer in the making. It knows nothing of batches, so it grows the same in any. */
export class Sequence {
  readonly prompt: Int32Array;
  readonly settings: SamplingSettings;
  readonly #identity: RowIdentity;
  readonly #contextLength: number;
  readonly #decoder: StreamDecoder | undefined;
  readonly #constraint: Constraint | undefined;
  readonly #stops: StopStrings;
  readonly #stopTokens: ReadonlySet<number>;
  readonly tokens: SampledToken[] = [];
  readonly ids: number[] = [];
  finishReason: FinishReason | undefined;
  /** The stop string or token that ended it. */
  stoppedBy: string | number | undefined;
  /** Tokens of the prompt that did not have to be read, because another had begun like it. */
  shared = 0;
  #text = '';

  constructor({ prompt, settings, identity, contextLength, decoder, constraint }: SequenceOptions) {
    this.prompt = prompt;
    this.settings = settings;
    this.#identity = identity;
    this.#contextLength = contextLength;
    this.#decoder = decoder;
    this.#constraint = constraint;
    this.#stops = new StopStrings(settings.stop);
    this.#stopTokens = new Set(settings.stopTokens);
  }

  /** Tokens so far, the prompt's included. */
  get length(): number {
    return this.prompt.length + this.ids.length;
  }

  /** The tokens that the model has read: all but the last. */
  get read(): Int32Array {
    const read = new Int32Array(this.length);
    read.set(this.prompt);
    read.set(this.ids, this.prompt.length);
    return read.subarray(0, -1);
  }

  /** The token that the model reads next. */
  get last(): number {
    const { ids, prompt } = this;
    return ids.length > 0 ? ids[ids.length - 1]! : prompt[prompt.length - 1]!;
  }

  /** What was said, without stop tokens and stop strings. */
  get text(): string {
    return this.#text;
  }

  /** The number in [0, 1) that decides the next token. */
  get uniform(): number {
    return uniformAt(this.#identity, this.ids.length);
  }

  /** Whether nothing but temperature shapes the distribution, so that the token can be drawn where the logits are. */
  get isPlain(): boolean {
    return this.#constraint === undefined && isPlain(this.settings);
  }

  /** Tokens that may still be written. */
  get #left(): number {
    return Math.min(this.settings.maxTokens - this.ids.length, this.#contextLength - this.length);
  }

  /** Draws the next token from the model's logits. */
  sample(logits: Float32Array): SampledToken {
    const { settings } = this;
    const { temperature, alternatives } = settings;
    const free = penalise(logits, settings, { prompt: this.prompt, generated: this.ids });
    const penalised = this.#constraint?.restrict(free, this.#left) ?? free;
    const id = draw(distribution(penalised, settings), this.uniform);
    return {
      id,
      logProb: logProbOf(penalised, id, temperature),
      modelLogProb: logProbOf(logits, id),
      ...(alternatives > 0 && { alternatives: topLogProbs(logits, alternatives) }),
    };
  }

  /** Takes a token in and returns the text that has become certain. */
  push(token: SampledToken): string {
    this.tokens.push(token);
    this.ids.push(token.id);
    if (this.#stopTokens.has(token.id)) return this.finish('stop', token.id);
    const said = this.#say(this.#decoder?.push(token.id) ?? '');
    if (this.#stops.found !== undefined) return said + this.finish('stop', this.#stops.found);
    this.#constraint?.push(token.id);
    if (this.#constraint?.isComplete === true) return said + this.finish('stop');
    if (this.ids.length >= this.settings.maxTokens) return said + this.finish('length');
    if (this.length >= this.#contextLength) return said + this.finish('context');
    return said;
  }

  /** Ends the answer and returns the text that was held back. */
  finish(reason: FinishReason, stoppedBy?: string | number): string {
    this.finishReason = reason;
    this.stoppedBy = stoppedBy;
    if (typeof stoppedBy === 'string') return '';
    const said = this.#say(this.#decoder?.flush() ?? '');
    const held = this.#stops.flush();
    this.#text += held;
    // The end of a cut character may have completed a stop string.
    if (this.#stops.found !== undefined) this.stoppedBy = this.#stops.found;
    return said + held;
  }

  #say(piece: string): string {
    const text = this.#stops.push(piece);
    this.#text += text;
    return text;
  }
}
