import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namedReward, namedRewards, resultOf } from './named-rewards.js';

const score = (name: string, question: string, answer: string, finished = true): number =>
  namedReward(name)!.score({ messages: [{ role: 'user', content: question }], answer, finished });

describe('rewards by name', () => {
  it.each([
    ['sum', 'What is 7 plus 5?', 'That is 12.', 1],
    ['sum', 'What is 7 plus 5?', '7 plus 5 is 13.', 0],
    ['sum', 'And 9 − 11?', '-2', 1],
    ['sum', 'How are you?', '12', 0],
    ['one-word', 'A colour?', ' Red.', 1],
    ['one-word', 'A colour?', 'Dark red', 0],
    ['json', 'Peru?', '{"capital": "Lima"}', 1],
    ['json', 'Peru?', '{"capital": Lima}', 0],
    ['json', 'Peru?', '"Lima"', 0],
  ])('%s: %s %s', (name, question, answer, expected) => {
    expect(score(name, question, answer)).toBe(expected);
    expect(score(name, question, answer, false)).toBe(0);
  });

  it('knows no others', () => {
    expect(namedReward('toString')).toBeUndefined();
  });

  it('the right answer to every sum that is made up scores 1, and any other 0', () => {
    const prompts = namedRewards.sum.prompts({ seed: 2, count: 60 });
    expect(new Set(prompts.map(([message]) => message!.content)).size).toBeGreaterThan(40);
    fc.assert(
      fc.property(fc.constantFrom(...prompts), fc.integer({ min: -20, max: 120 }), ([message], guess) => {
        const right = resultOf(message!.content)!;
        expect(right).toBeGreaterThanOrEqual(0);
        expect(score('sum', message!.content, `It is ${right}.`)).toBe(1);
        expect(score('sum', message!.content, `It is ${guess}.`)).toBe(Number(guess === right));
      }),
    );
  });
});
