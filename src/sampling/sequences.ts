import { ConfigError, DataError } from '../errors.js';
import type { Gpt } from '../families/autoregressive/gpt.js';
import { StreamDecoder } from '../tokenizer/stream-decoder.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Constraint } from './constraint/constraint.js';
import { type SamplingOptions, samplingSettings } from './options.js';
import { Sequence } from './sequence.js';

/** What a prompt is checked and read with. */
export interface PromptReader {
  readonly model: Pick<Gpt, 'config'>;
  /** Needed for text prompts, text answers and stop strings. */
  readonly tokenizer?: Tokenizer | undefined;
}

export interface SequencesOptions {
  readonly prompts: readonly (Int32Array | string)[];
  readonly sampling: SamplingOptions;
  /** Answers to each prompt. Default 1. */
  readonly samples?: number;
  /** The row of the first prompt. Default 0. */
  readonly firstRow?: number;
  /** Makes what restricts an answer: one for each. */
  readonly constraint?: () => Constraint;
}

/**
 * Answers that are about to be written, those to one prompt beside each other.
 *
 * @throws DataError when a prompt is empty or fills the context; ConfigError for an impossible option
 */
export function sequencesOf(reader: PromptReader, options: SequencesOptions): Sequence[] {
  const { prompts, sampling, samples = 1, firstRow = 0, constraint } = options;
  const { model, tokenizer } = reader;
  const settings = samplingSettings(sampling);
  const { contextLength, vocabularySize } = model.config;
  if (settings.stop.length > 0 && !tokenizer) {
    throw new ConfigError('sampling.stop: stop strings need a tokenizer', { advice: 'give the generator one' });
  }
  const ids = [...settings.stopTokens, ...Object.keys(settings.logitBias).map(Number)];
  const unknown = ids.find((id) => id >= vocabularySize);
  if (unknown !== undefined) {
    const key = settings.stopTokens.includes(unknown) ? 'stopTokens' : 'logitBias';
    throw new ConfigError(`sampling.${key}: the vocabulary has ${vocabularySize} tokens, and no id ${unknown}`);
  }
  return prompts.flatMap((given, index) => {
    const prompt = readPrompt(reader, given, index);
    return Array.from({ length: samples }, (_, sample) => {
      const identity = { seed: settings.seed, row: firstRow + index, sample };
      const decoder = tokenizer && new StreamDecoder(tokenizer);
      const rules = constraint && { constraint: constraint() };
      return new Sequence({ prompt, settings, identity, contextLength, decoder, ...rules });
    });
  });
}

/** A prompt's tokens, checked. */
function readPrompt({ model, tokenizer }: PromptReader, prompt: Int32Array | string, index: number): Int32Array {
  if (typeof prompt === 'string' && !tokenizer) {
    throw new ConfigError('a prompt of text needs a tokenizer', {
      advice: 'give the generator one, or pass token ids',
    });
  }
  const ids = typeof prompt === 'string' ? tokenizer!.encode(prompt) : prompt;
  const { contextLength, vocabularySize } = model.config;
  if (ids.length === 0) {
    throw new DataError(`prompt ${index} is empty: a model needs a token to go on from`, {
      advice: 'begin with the end-of-text token',
    });
  }
  if (ids.length >= contextLength) {
    throw new DataError(
      `prompt ${index} has ${ids.length} tokens; the model sees ${contextLength}, the answer included`,
      { advice: 'shorten it; in a chat, leave out the oldest turns (recentTurns)' },
    );
  }
  const unknown = ids.find((id) => id < 0 || id >= vocabularySize);
  if (unknown !== undefined) {
    throw new DataError(`prompt ${index} has the token ${unknown}; the vocabulary has ${vocabularySize}`);
  }
  return ids;
}
