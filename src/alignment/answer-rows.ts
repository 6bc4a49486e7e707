import { packBestFit } from '../data/packing.js';
import { ConfigError } from '../errors.js';
import { type Tensor, type TensorSpec, int32 } from '../tensor/index.js';
import { segmentMask } from '../training/language-model.js';

/**
 * Prompts with their answers in rows of one shape. Answers to one prompt share it: it stands once, and every answer sees
 * it and itself alone, at the positions that it would have if it stood there by itself. So a ranking of nine answers
 * costs one prompt and nine answers, and short samples leave little of a row empty.
 */

export interface Answered {
  readonly prompt: Int32Array;
  /** One or more, none of them empty. */
  readonly answers: readonly Int32Array[];
}

export interface RowShape {
  readonly rows: number;
  /** Tokens of a row. */
  readonly time: number;
  readonly padToken: number;
  /** Tokens that room was made for behind each prompt, where answers are not known beforehand; at least the longest. */
  readonly reserved?: number;
}

/** Arrays are int32 [rows · time]. */
export interface AnswerRows {
  readonly tokens: Int32Array;
  /** Where a token stands behind its own prompt's beginning. */
  readonly positions: Int32Array;
  /** Numbers prompts and answers within a row from 1; 0 is padding. */
  readonly segments: Int32Array;
  /** The segment of the prompt that a token belongs to. */
  readonly trunks: Int32Array;
  /** For every answer of every prompt, as an index into the rows: the last token of its prompt, and its own first one. */
  readonly places: readonly (readonly { readonly prompt: number; readonly answer: number }[])[];
}

interface Piece {
  readonly prompt: number;
  readonly answers: number[];
  length: number;
}

/**
 * Every prompt with as many of its answers as a row takes; the others stand beside a copy of it.
 *
 * @param reserved the least room that an answer takes
 */
function piecesOf(list: readonly Answered[], time: number, reserved = 0): Piece[] {
  return list.flatMap(({ prompt, answers }, index) => {
    const pieces: Piece[] = [];
    answers.forEach((answer, number) => {
      if (prompt.length + answer.length > time) {
        throw new ConfigError(
          `A prompt of ${prompt.length} tokens with an answer of ${answer.length} does not fit into ${time}`,
        );
      }
      const room = Math.max(answer.length, reserved);
      let piece = pieces.at(-1);
      if (piece === undefined || piece.length + room > time) {
        piece = { prompt: index, answers: [], length: prompt.length };
        pieces.push(piece);
      }
      piece.answers.push(number);
      piece.length += room;
    });
    return pieces;
  });
}

const pack = (pieces: readonly Piece[], time: number) =>
  packBestFit(
    pieces.map(({ length }) => length),
    time,
  );

/** How many rows a list takes. @throws ConfigError when an answer does not fit behind its prompt */
export const rowsFor = (list: readonly Answered[], time: number): number => pack(piecesOf(list, time), time).length;

/**
 * Rows of a length that leaves little empty: room for two of the usual prompts with their answers, and for the longest
 * sequence. In much longer rows attention costs more than the room is worth.
 */
export function timeFor(longest: number, list: readonly Answered[] = []): number {
  const tokens = list.reduce((sum, each) => sum + tokensOf(each), 0);
  return Math.max(128, Math.ceil(Math.max(longest, (2 * tokens) / Math.max(1, list.length)) / 16) * 16);
}

/** Tokens of a prompt and its answers together. */
export const tokensOf = ({ prompt, answers }: Answered): number =>
  answers.reduce((sum, { length }) => sum + length, prompt.length);

/** @throws ConfigError when the list does not fit into the shape */
export function layOutAnswers(list: readonly Answered[], { rows, time, padToken, reserved }: RowShape): AnswerRows {
  let pieces = piecesOf(list, time);
  let packed = pack(pieces, time);
  if (packed.length > rows && reserved !== undefined) {
    // Shorter answers can take a row more than longer ones: best fit is not monotone. Room was made for the longest.
    pieces = piecesOf(list, time, reserved);
    packed = pack(pieces, time);
  }
  if (packed.length > rows) throw new ConfigError(`${packed.length} rows of ${time} tokens do not fit into ${rows}`);
  const tokens = new Int32Array(rows * time).fill(padToken);
  const [positions, segments, trunks] = [0, 0, 0].map(() => new Int32Array(rows * time)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const places = list.map(({ answers }) => answers.map(() => ({ prompt: 0, answer: 0 })));
  packed.forEach((row, index) => {
    let at = index * time;
    let segment = 0;
    const put = (ids: Int32Array, start: number, trunk: number): void => {
      segment++;
      tokens.set(ids, at);
      for (let offset = 0; offset < ids.length; offset++) positions[at + offset] = start + offset;
      segments.fill(segment, at, at + ids.length);
      trunks.fill(trunk === 0 ? segment : trunk, at, at + ids.length);
      at += ids.length;
    };
    for (const piece of row) {
      const { prompt: number, answers } = pieces[piece]!;
      const { prompt, answers: texts } = list[number]!;
      put(prompt, 0, 0);
      const [trunk, last] = [segment, at - 1];
      for (const answer of answers) {
        places[number]![answer] = { prompt: last, answer: at };
        put(texts[answer]!, prompt.length, trunk);
      }
    }
  });
  return { tokens, positions, segments, trunks, places };
}

type Arrays<Value> = Readonly<Record<'tokens' | 'positions' | 'segments' | 'trunks', Value>>;

/** What of the rows goes into a program. */
export const rowArrays = ({ tokens, positions, segments, trunks }: AnswerRows): Arrays<Int32Array> => ({
  tokens,
  positions,
  segments,
  trunks,
});

/** The shapes of `rowArrays`. */
export function rowSpec({ rows, time }: Pick<RowShape, 'rows' | 'time'>): Arrays<TensorSpec> {
  const spec = int32(rows, time);
  return { tokens: spec, positions: spec, segments: spec, trunks: spec };
}

export type RowTensors = Arrays<Tensor>;

/** How a model has to read the rows. */
export const rowForward = ({ positions, segments, trunks }: RowTensors) => ({
  positions,
  mask: segmentMask(segments, trunks),
});

/** Sequences as answers to what all of them begin with; every one keeps a token of its own. */
export function sharedPrompt(sequences: readonly Int32Array[]): Answered {
  const [first] = sequences;
  const most = Math.min(...sequences.map(({ length }) => length)) - 1;
  let shared = 0;
  while (shared < most && sequences.every((ids) => ids[shared] === first![shared])) shared++;
  return { prompt: first!.subarray(0, shared), answers: sequences.map((ids) => ids.subarray(shared)) };
}
