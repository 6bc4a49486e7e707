import { describe, expect, it } from 'vitest';
import { askQuestions, shareRight, wordOverlap } from './questions.js';

describe('questions', () => {
  it('counts right answers; one that did not end is wrong', async () => {
    const questions = ['a', 'b', 'c', 'd'].map((answer) => ({
      answer,
      messages: [{ role: 'user' as const, content: '?' }],
    }));
    const answers = await askQuestions(
      questions,
      () => Promise.resolve(['a', ' b', 'x', 'd'].map((text, index) => ({ text, finished: index < 3 }))),
      (said, { answer }) => said === answer,
    );
    expect(answers.map(({ right }) => right)).toEqual([true, true, false, false]);
    expect(shareRight(answers)).toEqual({ accuracy: 0.5, standardError: 0.25, images: 4 });
  });

  it.each([
    ['The red cat.', 'red cat', 0.8],
    ['red red', 'red', 2 / 3],
    ['cat', 'dog', 0],
    ['', 'dog', 0],
  ])('words that %s and %s have in common', (said, reference, share) => {
    expect(wordOverlap(said, reference)).toBeCloseTo(share, 10);
  });
});
