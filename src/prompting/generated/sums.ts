import { type Choice, type Split, splitOf } from '../../data/almanac/choice.js';

/** Sums of two numbers with as many digits, asked plainly or as a little story, and how one works them out. */
export interface Sum {
  readonly question: string;
  readonly answer: string;
  /** Column by column from the right, with the carry: "7+5+0=12 2+7+1=10". */
  readonly working: string;
}

/** {a} and {b} the numbers; all say that they are added. */
const stories = [
  'Ann has {a} and gets {b}.',
  'Tom saw {a} and then {b}.',
  'We sold {a} and later {b}.',
  'Put {b} on top of {a}.',
] as const;

const heldOut = 0.1;

/** @param stories share of sums that are told as a story */
export function drawSum(
  choice: Choice,
  { digits, split, storyShare }: { digits: number; split: Split; storyShare: number },
): Sum {
  const least = digits === 1 ? 0 : 10 ** (digits - 1);
  const number = (): number => least + choice.integer(10 ** digits - least);
  for (;;) {
    const [a, b] = [number(), number()];
    // The same two numbers in another order are the same sum.
    if (splitOf(`sum ${Math.min(a, b)} ${Math.max(a, b)}`, heldOut) !== split) continue;
    const question = choice.chance(storyShare)
      ? choice.pick(stories).replace('{a}', String(a)).replace('{b}', String(b))
      : `${a}+${b}`;
    return { question, answer: String(a + b), working: workingOf(a, b, digits) };
  }
}

function workingOf(a: number, b: number, digits: number): string {
  const digit = (value: number, place: number): number => Math.floor(value / 10 ** place) % 10;
  const columns: string[] = [];
  let carry = 0;
  for (let place = 0; place < digits; place++) {
    const total = digit(a, place) + digit(b, place) + carry;
    // Two digits always: every column is as wide as the next.
    columns.push(`${digit(a, place)}+${digit(b, place)}+${carry}=${String(total).padStart(2, '0')}`);
    carry = Math.floor(total / 10);
  }
  return columns.join(' ');
}
