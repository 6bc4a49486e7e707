import { type TaskExample, type TaskKind, sequencesOf } from '../../data/tasks/task.js';
import { ConfigError, DataError } from '../../errors.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';

/** Texts as what a language model reads: GPT-1's input transformations (Radford et al. 2018, figure 1). */

/** Tokens that only tasks use; a model that was pretrained without them gets fresh embeddings of them. */
export const TASK_CONTROL = { start: '<|start|>', delimiter: '<|delimiter|>', extract: '<|extract|>' } as const;

/** The tokenizer with these tokens behind its own. */
export const withTaskControls = (tokenizer: Tokenizer): Tokenizer =>
  tokenizer.withControlTokens(Object.values(TASK_CONTROL));

/**
 * Encodes texts as they stand within others, behind a space: a word is then the token that it is elsewhere. Not by a
 * tokenizer that has no space, such as one of Chinese characters.
 */
export function encodeWithin(tokenizer: Pick<Tokenizer, 'encode'>): (text: string) => Int32Array {
  let before = ' ';
  try {
    tokenizer.encode(before);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    before = '';
  }
  return (text) => tokenizer.encode(before + text);
}

/** An example as sequences of tokens: one, or one for each order or choice. */
export interface EncodedExample {
  readonly sequences: readonly Int32Array[];
  readonly label: number;
}

export interface InputOptions {
  /** With the control tokens of tasks. */
  readonly tokenizer: Tokenizer;
  readonly kind: TaskKind;
  /** Longest sequence, in tokens; of longer ones the longest text is cut at its end. */
  readonly longest: number;
}

/** start, text, extract; or start, text, delimiter, text, extract; each text behind a space. @throws ConfigError when not even the control tokens fit */
export function encodeExample(
  { texts, label }: Pick<TaskExample, 'texts' | 'label'>,
  options: InputOptions,
): EncodedExample {
  const { tokenizer, kind, longest } = options;
  const encode = encodeWithin(tokenizer);
  const [start, delimiter, extract] = Object.values(TASK_CONTROL).map((name) => tokenizer.idOf(name));
  const sequences = sequencesOf(kind, texts).map((parts) => {
    const room = longest - parts.length - 1;
    if (room < parts.length) {
      throw new ConfigError(`${longest} tokens are too few for ${parts.length} texts and the tokens between them`, {
        advice: 'Use a model with a longer context.',
      });
    }
    const cut = cutToFit(parts.map(encode), room);
    return Int32Array.from([
      start!,
      ...cut.flatMap((ids, index) => (index === 0 ? [...ids] : [delimiter!, ...ids])),
      extract!,
    ]);
  });
  return { sequences, label };
}

/** Takes tokens from the end of the longest until all fit together. */
export function cutToFit(parts: readonly Int32Array[], room: number): Int32Array[] {
  const lengths = parts.map(({ length }) => length);
  let over = lengths.reduce((sum, length) => sum + length, 0) - room;
  while (over > 0) {
    const most = Math.max(...lengths);
    const next = Math.max(0, ...lengths.filter((length) => length < most));
    const at = lengths.lastIndexOf(most);
    // Down to the second longest at once, or by one where several are the longest.
    const step = Math.min(over, lengths.filter((length) => length === most).length > 1 ? 1 : most - next);
    lengths[at] = most - step;
    over -= step;
  }
  return parts.map((ids, index) => ids.subarray(0, lengths[index]));
}
