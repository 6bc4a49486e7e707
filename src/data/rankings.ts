import { counterRandom, integer, shuffle } from '../tensor/random.js';
import type { Message } from '../tokenizer/chat.js';
import { BadRowError, orSkip, placeOf, type Place } from './bad-rows.js';
import { isObject, nameOf, type JsonObject } from './json.js';
import { parseCell, readInstruction, readMessages, requireArray, requireString, requireTurns } from './messages.js';
import type { Row } from './sources/row.js';
import { readRows, type RowOptions } from './sources/rows.js';

/** One answer with its place among the others: 0 is the best, equal ranks are ties. An empty answer is one too. */
export interface RankedAnswer {
  readonly text: string;
  readonly rank: number;
}

/** A prompt (a dialogue that ends with the user) and 2 to 9 answers to it, best first. */
export interface Ranking extends Place {
  readonly messages: readonly Message[];
  readonly answers: readonly RankedAnswer[];
}

export interface RankingOptions extends RowOptions {
  /** Where a prompt has more answers, so many are drawn, the same in every run with the same seed. Default 9. */
  readonly maximumAnswers?: number;
  readonly seed?: number;
}

/** An answer with a number that orders it; greater is better. */
interface ScoredAnswer {
  readonly text: string;
  readonly score: number;
}

interface RankingFormat {
  readonly name: string;
  /** What a row looks like, for messages and help. */
  readonly shape: string;
  readonly matches: (row: JsonObject) => boolean;
  readonly read: (row: JsonObject, place: Place) => ScoredAnswer[];
}

/** Every row is read by the first of these that it matches. The prompt is read apart from the answers. */
export const rankingFormats: readonly RankingFormat[] = [
  {
    name: 'answers with scores',
    shape: '{"prompt": "…", "answers": ["…", "…"], "scores": [0.2, 0.9]}; greater is better, equal is a tie',
    matches: (row) => row['scores'] !== undefined,
    read: (row, place) => {
      const answers = requireArray(row['answers'], 'answers', place);
      const scores = requireArray(row['scores'], 'scores', place);
      if (scores.length !== answers.length) {
        const why = `has ${scores.length} scores for ${answers.length} answers`;
        throw new BadRowError(place, { field: 'scores', why });
      }
      return answers.map((answer, index) => ({
        text: requireString(answer, `answers[${index}]`, place),
        score: requireNumber(scores[index], `scores[${index}]`, place),
      }));
    },
  },
  {
    name: 'scored or ranked answers',
    shape: '{"prompt": "…", "answers": [{"text": "…", "score": 0.2}, …]}; or "rank" (1 is the best) instead of "score"',
    matches: (row) => isObject(firstAnswer(row)),
    read: (row, place) =>
      requireArray(row['answers'], 'answers', place).map((answer, index) => {
        const at = `answers[${index}]`;
        if (!isObject(answer))
          throw new BadRowError(place, { field: at, why: `should be an object, but is ${nameOf(answer)}` });
        const textField = ['text', 'output', 'content'].find((field) => answer[field] !== undefined) ?? 'text';
        const text = requireString(answer[textField], `${at}.${textField}`, place);
        if (answer['rank'] !== undefined) return { text, score: -requireNumber(answer['rank'], `${at}.rank`, place) };
        const scoreField = ['score', 'win_vs_davinci003'].find((field) => answer[field] !== undefined) ?? 'score';
        return { text, score: requireNumber(answer[scoreField], `${at}.${scoreField}`, place) };
      }),
  },
  {
    name: 'answers in order',
    shape: '{"prompt": "…", "answers": ["best", ["tied", "tied"], "worst"]}',
    matches: (row) => row['answers'] !== undefined,
    read: (row, place) => readOrder(row['answers'], 'answers', place),
  },
  {
    name: 'Alpaca with outputs in order',
    shape: '{"instruction": "…", "input": "…", "output": ["best", …, "worst"], "history": [["…", "…"]]}',
    matches: (row) => Array.isArray(parseCell(row['output'])),
    read: (row, place) => readOrder(row['output'], 'output', place),
  },
  {
    name: 'pairs',
    shape: '{"prompt": "…", "chosen": "…", "rejected": "…"}',
    matches: (row) => row['chosen'] !== undefined && row['rejected'] !== undefined,
    read: (row, place) => [
      { text: readAnswer(row['chosen'], 'chosen', place), score: 1 },
      { text: readAnswer(row['rejected'], 'rejected', place), score: 0 },
    ],
  },
];

/** The prompt of a row and its answers, whatever the format. */
export function readRankingRow(row: Row, options: Pick<RankingOptions, 'maximumAnswers' | 'seed'> = {}): Ranking {
  const { value } = row;
  const { maximumAnswers = 9, seed = 0 } = options;
  const place = placeOf(row);
  const format = rankingFormats.find(({ matches }) => matches(value));
  if (format === undefined) {
    throw new BadRowError(place, {
      why: `not a ranking in any known format: it is ${nameOf(value)}`,
      advice: [
        'Accepted are ("messages" may stand for "prompt" everywhere):',
        ...rankingFormats.map(({ name, shape }) => `  ${name}: ${shape}`),
      ].join('\n'),
    });
  }
  const messages = readPrompt(value, place);
  const scored = dropRepeated(format.read(value, place));
  if (new Set(scored.map(({ score }) => score)).size < 2) {
    const why =
      scored.length < 2 ? 'needs at least two different answers' : 'all answers tie, so there is nothing to learn';
    throw new BadRowError(place, { field: 'answers', why });
  }
  // The place is part of the purpose, so that a row's draw does not depend on the rows before it.
  const chosen = drawAnswers(scored, maximumAnswers, `answers ${place.line} ${place.item ?? 0}`, seed);
  const scores = [...new Set(chosen.map(({ score }) => score))].sort((a, b) => b - a);
  const answers = chosen.map(({ text, score }) => ({ text, rank: scores.indexOf(score) }));
  return { messages, answers: answers.sort((a, b) => a.rank - b.rank), ...place };
}

/**
 * Streams rankings from JSONL, JSON, CSV, TSV and Parquet files in any of `rankingFormats`.
 *
 * @throws BadRowError for a row that is no ranking, unless `badRows` is given
 */
export async function* readRankings(options: RankingOptions): AsyncGenerator<Ranking> {
  for await (const row of readRows(options)) {
    const ranking = orSkip(options.badRows, () => readRankingRow(row, options));
    if (ranking !== undefined) yield ranking;
  }
}

/** The prompt of a row that has answers beside it. @throws BadRowError when there is none, or the user does not speak last */
export function readPrompt(row: JsonObject, place: Place): Message[] {
  const field = ['messages', 'prompt', 'instruction', 'question'].find((name) => row[name] !== undefined);
  if (field === undefined) {
    throw new BadRowError(place, { field: 'prompt', why: `is missing (messages, instruction or question would do)` });
  }
  const messages = Array.isArray(parseCell(row[field]))
    ? readMessages(row[field], field, place)
    : readInstruction(row, place, field);
  requireTurns(messages, field, place, 'user');
  return messages;
}

function firstAnswer(row: JsonObject): unknown {
  const answers = parseCell(row['answers']);
  return Array.isArray(answers) ? (answers[0] as unknown) : undefined;
}

/** Best to worst; an array inside is a tie. */
function readOrder(value: unknown, field: string, place: Place): ScoredAnswer[] {
  return requireArray(value, field, place).flatMap((item, index) => {
    const at = `${field}[${index}]`;
    if (!Array.isArray(item)) return [{ text: requireString(item, at, place), score: -index }];
    return item.map((tied: unknown, i) => ({ text: requireString(tied, `${at}[${i}]`, place), score: -index }));
  });
}

/** An answer as text, or as messages of which the last is the assistant's. */
function readAnswer(value: unknown, field: string, place: Place): string {
  if (!Array.isArray(parseCell(value))) return requireString(value, field, place);
  const messages = readMessages(value, field, place);
  const last = messages[messages.length - 1];
  if (last?.role === 'assistant') return last.content;
  throw new BadRowError(place, { field, why: 'must end with a message of the assistant' });
}

function requireNumber(value: unknown, field: string, place: Place): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new BadRowError(place, { field, why: `should be a number, but is ${nameOf(value)}` });
}

/** Of equal texts only the best placed stays: a text cannot be better than itself. */
function dropRepeated(answers: readonly ScoredAnswer[]): ScoredAnswer[] {
  const best = new Map<string, ScoredAnswer>();
  for (const answer of answers) {
    const known = best.get(answer.text);
    if (known === undefined || answer.score > known.score) best.set(answer.text, answer);
  }
  return [...best.values()];
}

/** At most `maximum` answers, drawn by chance; at least two of them differ in score. */
function drawAnswers(answers: ScoredAnswer[], maximum: number, purpose: string, seed: number): ScoredAnswer[] {
  if (answers.length <= maximum) return answers;
  const random = counterRandom(seed, purpose, 0);
  const order = shuffle(random, answers.slice());
  const drawn = order.slice(0, maximum);
  const first = drawn[0]!.score;
  const others = order.filter(({ score }) => score !== first);
  if (others.length > 0 && drawn.every(({ score }) => score === first)) {
    drawn[maximum - 1] = others[integer(random, others.length)]!;
  }
  return drawn;
}
