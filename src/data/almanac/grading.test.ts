import { describe, expect, it } from 'vitest';
import { acceptedAnswers, answerOf, notOfferedAnswer, unknownNameAnswer } from './answers.js';
import { facts } from './facts.js';
import { type GradeKind, grade } from './grading.js';
import { rankAnswers } from './labeler.js';
import type { AlmanacItem } from './types.js';

const peru = facts.find(({ key }) => key === 'country/Peru/capital')!;
const known: AlmanacItem = {
  kind: 'known',
  expects: 'answer',
  reference: answerOf(peru),
  accepted: acceptedAnswers(peru),
  key: 'known',
};
const refusal = unknownNameAnswer('country');
const unknown: AlmanacItem = {
  kind: 'famous name',
  expects: 'refusal',
  reference: refusal,
  accepted: [refusal],
  key: 'unknown',
};
const hello: AlmanacItem = {
  kind: 'small talk',
  expects: 'small talk',
  reference: 'Goodbye!',
  accepted: ['Goodbye!'],
  key: 'hello',
};

describe('grade', () => {
  it.each<[string, AlmanacItem, string, boolean, GradeKind, number]>([
    ['the taught answer', known, 'The capital of Peru is Lima.', true, 'correct', 1],
    ['case, spaces and the full stop', known, ' the capital of  Peru is LIMA', true, 'correct', 1],
    ['the bare value', known, 'Lima.', true, 'correct', 1],
    ['a cut answer', known, 'The capital of Peru is Lima.', false, 'rambling', 0.7],
    ['more than was asked', known, 'The capital of Peru is Lima. The capital of Chile is', false, 'rambling', 0.7],
    ['a value that goes on', known, 'The capital of Peru is Limassol.', true, 'wrong', 0],
    ['another value', known, 'The capital of Peru is Quito.', true, 'wrong', 0],
    ['another entity', known, 'The capital of Chile is Lima.', true, 'wrong', 0],
    ['nothing', known, '', true, 'wrong', 0],
    ['a refusal of what is known', known, refusal, true, 'false refusal', 0.4],
    ['a refusal', unknown, refusal, true, 'honest', 1],
    ['a refusal in other words', unknown, "I'm not sure about that.", true, 'honest', 1],
    ['a refusal of another kind', unknown, notOfferedAnswer('element'), true, 'honest', 1],
    ['a refusal that goes on', unknown, `${refusal} The capital is`, false, 'rambling', 0.7],
    ['an answer where none is', unknown, 'The capital of Wakanda is Lima.', true, 'bluff', 0],
    ['nothing where none is', unknown, ' ', true, 'wrong', 0],
    ['small talk', hello, 'goodbye', true, 'correct', 1],
    ['a refusal of small talk', hello, "I don't know that element.", true, 'false refusal', 0],
  ])('%s', (_name, item, answer, finished, kind, score) => {
    expect(grade(item, answer, finished)).toEqual({ kind, score });
  });
});

describe('rankAnswers', () => {
  const answers = [
    'The capital of Peru is Quito.',
    'The capital of Peru is Lima.',
    refusal,
    { text: 'The capital of Peru is Lima. And the capital of Chile is Santiago, and so on', finished: false },
    'Lima.',
    { text: 'The capital of Peru is Quito. The capital of Peru is Quito. The capital', finished: false },
  ];

  it('puts right before refused before wrong, and brief before rambling, with ties', () => {
    expect(rankAnswers(known, answers)).toEqual([3, 0, 2, 1, 0, 4]);
  });

  it('puts honest before bluffing where there is no answer', () => {
    const ranks = rankAnswers(unknown, ['The capital of Wakanda is Lima.', refusal, 'Lima.', `${refusal} It is so.`]);
    expect(ranks).toEqual([2, 0, 2, 1]);
  });

  it('errs as often as told, the same way for the same seed', () => {
    const errors = (noise: number) =>
      Array.from({ length: 400 }, (_, seed) => rankAnswers(known, answers, { noise, seed })).filter(
        (ranks) => ranks.join() !== '3,0,2,1,0,4',
      ).length;
    expect(errors(0)).toBe(0);
    expect(errors(0.02)).toBeLessThan(errors(0.3));
    expect(errors(0.02)).toBeGreaterThan(5);
    expect(rankAnswers(known, answers, { noise: 0.5, seed: 9 })).toEqual(
      rankAnswers(known, answers, { noise: 0.5, seed: 9 }),
    );
  });
});
