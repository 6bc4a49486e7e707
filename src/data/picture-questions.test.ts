import { describe, expect, it } from 'vitest';
import type { ImageSet } from './images/image-set.js';
import { answered, captionQuestions, pictureQuestions, questionKinds, verdictOf } from './picture-questions.js';

/** Twenty images of one pixel, whose grey is their digit. */
const digits: ImageSet = {
  name: 'digits',
  count: 20,
  channels: 1,
  height: 1,
  width: 1,
  pixels: Uint8Array.from({ length: 20 }, (_, index) => index % 10),
  labels: Int32Array.from({ length: 20 }, (_, index) => index % 10),
  labelNames: '0123456789'.split(''),
};
const words = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const digitsOf = (question: ReturnType<typeof pictureQuestions>[number]): number[] =>
  question.messages[0]!.images!.map(({ pixels }) => pixels!.pixels[0]!);

describe('questions about images', () => {
  it('ask for the name of every image in turn', () => {
    const questions = pictureQuestions({ images: digits, kind: 'name', count: 40, seed: 1 });
    const counts = new Map<number, number>();
    for (const question of questions) {
      const [digit] = digitsOf(question) as [number];
      expect(question.answer).toBe(`${digit === 8 ? 'an' : 'a'} ${words[digit]!}`);
      counts.set(digit, (counts.get(digit) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual(new Array(10).fill(4));
    expect(new Set(questions.map(({ messages }) => messages[0]!.content)).size).toBeGreaterThan(5);
  });

  it.each(['larger', 'smaller'] as const)('ask which of two is %s, and both are seen in their order', (kind) => {
    const questions = pictureQuestions({ images: digits, kind, count: 200, seed: 2 });
    for (const question of questions) {
      const [first, second] = digitsOf(question) as [number, number];
      const isFirst = kind === 'larger' ? first > second : first < second;
      expect(verdictOf(question.answer)).toBe(
        first === second ? 'they are equal' : `the ${isFirst ? 'first' : 'second'}`,
      );
      expect(question.answer).toContain(`${words[first]!} and`);
      expect(question.messages[0]!.content).toMatch(kind === 'larger' ? /large/ : /small/);
    }
    expect(questions.some(({ answer }) => answer.endsWith('equal'))).toBe(true);
  });

  it('are the same for the same seed, and others for another', () => {
    const ask = (seed: number) => pictureQuestions({ images: digits, kind: 'larger', count: 20, seed });
    expect(ask(3)).toEqual(ask(3));
    expect(ask(3)).not.toEqual(ask(4));
  });

  it('have wordings that training never uses, and no mark of a place is left in any', () => {
    for (const kind of questionKinds) {
      const contents = (wording: 'training' | 'heldOut'): Set<string> =>
        new Set(
          pictureQuestions({ images: digits, kind, count: 100, seed: 5, wording }).map(
            ({ messages }) => messages[0]!.content,
          ),
        );
      const [training, heldOut] = [contents('training'), contents('heldOut')];
      for (const wording of [...training, ...heldOut]) expect(wording).not.toContain('▢');
      for (const wording of heldOut) expect(training).not.toContain(wording);
    }
  });

  it('use the names of classes, and captions where there are some', () => {
    const animals = { ...digits, labelNames: ['ant', 'cow'], labels: digits.labels!.map((label) => label % 2) };
    const answers = new Set(
      pictureQuestions({ images: animals, kind: 'name', count: 20, seed: 1 }).map(({ answer }) => answer),
    );
    expect(answers).toEqual(new Set(['an ant', 'a cow']));
    const named = {
      ...digits,
      captions: Array.from({ length: 20 }, (_, index) => (index === 3 ? ['a hat', 'cap'] : [])),
    };
    const [question, ...others] = captionQuestions({ images: named, seed: 1 });
    expect(others).toEqual([]);
    expect(answered(question!).at(-1)).toEqual({ role: 'assistant', content: 'a hat' });
  });

  it('say what they cannot be about', () => {
    const { labels: _labels, ...bare } = digits;
    expect(() => pictureQuestions({ images: bare, kind: 'name', count: 1, seed: 1 })).toThrow(/without labels/);
    const animals = { ...digits, labelNames: ['ant', 'cow'] };
    expect(() => pictureQuestions({ images: animals, kind: 'larger', count: 1, seed: 1 })).toThrow(/only digits/);
  });
});
