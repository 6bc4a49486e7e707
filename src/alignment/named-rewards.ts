import type { Message } from '../tokenizer/chat.js';
import { counterRandom, integer } from '../tensor/random.js';

/**
 * Rewards that a few lines can check, so that no model has to be trained to guess them: is the sum right, is the answer
 * one word, is it JSON. Each is between 0 and 1.
 */

export interface CheckedAnswer {
  readonly messages: readonly Message[];
  readonly answer: string;
  /** Whether it ended by itself within the limit. */
  readonly finished: boolean;
}

export interface NamedReward {
  /** For the command line's help. */
  readonly about: string;
  readonly score: (sample: CheckedAnswer) => number;
  /** Something to practise on that it can check, where that can be made up. */
  readonly prompts?: (options: { seed: number; count: number }) => (readonly Message[])[];
}

const operations: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  plus: (left, right) => left + right,
  '-': (left, right) => left - right,
  '−': (left, right) => left - right,
  minus: (left, right) => left - right,
  '*': (left, right) => left * right,
  '×': (left, right) => left * right,
  times: (left, right) => left * right,
};
const sum = /(-?\d+)\s*(\+|plus|-|−|minus|\*|×|times)\s*(-?\d+)/i;

/** What the last sum in a text comes to; undefined where there is none. */
export function resultOf(text: string): number | undefined {
  const found = [...text.matchAll(new RegExp(sum, 'gi'))].at(-1);
  if (found === undefined) return undefined;
  return operations[found[2]!.toLowerCase()]!(Number(found[1]), Number(found[3]));
}

/** The last number of a text. */
const lastNumber = (text: string): number | undefined => {
  const found = text.replaceAll('−', '-').match(/-?\d+(\.\d+)?/g);
  return found === null ? undefined : Number(found.at(-1));
};

const asked = ({ messages }: CheckedAnswer): string => messages.at(-1)?.content ?? '';

export const namedRewards = {
  sum: {
    about: 'the last number of the answer is what the sum in the question comes to',
    score: (sample) => {
      const expected = resultOf(asked(sample));
      return Number(sample.finished && expected !== undefined && lastNumber(sample.answer) === expected);
    },
    prompts: ({ seed, count }) =>
      Array.from({ length: count }, (_, index) => {
        const random = counterRandom(seed, 'sums to practise on', index);
        const [left, right] = [integer(random, 11), integer(random, 11)];
        const word = ['plus', 'minus', 'times'][integer(random, 3)]!;
        const [greater, less] = [Math.max(left, right), Math.min(left, right)];
        return [{ role: 'user', content: `What is ${greater} ${word} ${less}?` }];
      }),
  },
  'one-word': {
    about: 'the answer is one word, with a full stop or without',
    score: ({ answer, finished }) => Number(finished && /^\s*[\p{L}\p{N}'’-]+[.!?]?\s*$/u.test(answer)),
  },
  json: {
    about: 'the answer is a JSON object or array, and nothing else',
    score: ({ answer, finished }) => {
      if (!finished || !/^\s*[[{]/.test(answer)) return 0;
      try {
        JSON.parse(answer);
        return 1;
      } catch {
        return 0;
      }
    },
  },
} as const satisfies Record<string, NamedReward>;

export type RewardName = keyof typeof namedRewards;

/** The reward of that name. */
export const namedReward = (name: string): NamedReward | undefined =>
  Object.hasOwn(namedRewards, name) ? namedRewards[name as RewardName] : undefined;
