import { Choice } from './choice.js';
import { grade } from './grading.js';
import type { AlmanacItem } from './types.js';

/** An answer to be ranked: its text, and whether it came to its end by itself (true when left out). */
export interface CandidateAnswer {
  text: string;
  finished?: boolean;
}

export interface RankingNoise {
  /** The chance that the labeler misjudges an answer, and takes it for as good as some other of the same prompt. */
  noise?: number;
  seed?: number;
}

const steps = { correct: 4, honest: 4, rambling: 3, 'false refusal': 2, bluff: 1, wrong: 1 };

/** An answer this many times as long as the best one, or more, is too long. */
const tooLong = 1.8;

/** How good a labeler finds an answer: what it says first, then how briefly. Answers with the same number are tied. */
function preference(item: AlmanacItem, { text, finished = true }: CandidateAnswer): number {
  const { kind, score } = grade(item, text, finished);
  const step = kind === 'false refusal' && score === 0 ? steps.wrong : steps[kind];
  const long = !finished || text.trim().length >= tooLong * item.reference.length || text.trim() === '';
  return 2 * step + (long ? 0 : 1);
}

/**
 * Ranks the answers to one prompt as a person would who knows the almanac: right or honestly unknowing before a needless
 * refusal before a wrong or made-up answer, and of two equally true ones the brief before the rambling. Returns one
 * number an answer, 0 for the best; equal numbers are ties.
 */
export function rankAnswers(
  item: AlmanacItem,
  answers: readonly (string | CandidateAnswer)[],
  { noise = 0, seed = 0 }: RankingNoise = {},
): number[] {
  const values = answers.map((answer) => preference(item, typeof answer === 'string' ? { text: answer } : answer));
  const choice = new Choice(seed, `almanac labeler ${item.key}`);
  const judged = values.map((value) => (noise > 0 && choice.chance(noise) ? choice.pick(values) : value));
  const order = [...new Set(judged)].sort((left, right) => right - left);
  return judged.map((value) => order.indexOf(value));
}
