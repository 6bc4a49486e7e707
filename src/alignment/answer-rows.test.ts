import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gpt } from '../families/autoregressive/gpt.js';
import { initialise } from '../nn/parameters.js';
import { evaluate } from '../tensor/evaluate.test-helper.js';
import { trace } from '../tensor/index.js';
import { type Answered, layOutAnswers, rowArrays, rowForward, rowSpec, rowsFor, sharedPrompt } from './answer-rows.js';

const ids = (length: number, of = fc.integer({ min: 1, max: 8 })) =>
  fc.array(of, { minLength: length, maxLength: length + 3 }).map((list) => Int32Array.from(list));
const answered = fc.record({ prompt: ids(1), answers: fc.array(ids(1), { minLength: 1, maxLength: 5 }) });

describe('answers in rows', () => {
  it('every token stands once, behind its own prompt, at the position it would have alone', () => {
    fc.assert(
      fc.property(fc.array(answered, { minLength: 1, maxLength: 6 }), (list) => {
        const time = 16;
        const rows = rowsFor(list, time);
        const { tokens, positions, segments, trunks, places } = layOutAnswers(list, { rows, time, padToken: 9 });
        list.forEach(({ prompt, answers }, index) => {
          answers.forEach((answer, number) => {
            const place = places[index]![number]!;
            const start = place.prompt - prompt.length + 1;
            expect(tokens.slice(start, place.prompt + 1)).toEqual(prompt);
            expect(tokens.slice(place.answer, place.answer + answer.length)).toEqual(answer);
            expect(positions[place.prompt]).toBe(prompt.length - 1);
            expect(positions[place.answer]).toBe(prompt.length);
            expect(trunks[place.answer]).toBe(segments[place.prompt]);
            expect(Math.floor(place.answer / time)).toBe(Math.floor(start / time));
          });
        });
        const filled = segments.filter((segment) => segment > 0).length;
        expect(tokens.filter((token) => token === 9)).toHaveLength(rows * time - filled);
      }),
    );
  });

  it('says what does not fit', () => {
    const list = [{ prompt: new Int32Array(10), answers: [new Int32Array(7)] }];
    expect(() => rowsFor(list, 16)).toThrow('A prompt of 10 tokens with an answer of 7 does not fit into 16');
    expect(() => layOutAnswers([...list, ...list], { rows: 1, time: 17, padToken: 0 })).toThrow(
      '2 rows of 17 tokens do not fit into 1',
    );
  });

  it('shorter answers fit where room was made for the longest, though they may pack worse', () => {
    const lengths = fc.record({
      prompt: fc.integer({ min: 1, max: 24 }),
      answers: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }),
    });
    const time = 32;
    fc.assert(
      fc.property(fc.array(lengths, { minLength: 1, maxLength: 24 }), (list) => {
        const withAnswers = (length: (answer: number) => number): Answered[] =>
          list.map(({ prompt, answers }) => ({
            prompt: new Int32Array(prompt),
            answers: answers.map((answer) => new Int32Array(length(answer))),
          }));
        const rows = rowsFor(
          withAnswers(() => 8),
          time,
        );
        const shorter = withAnswers((answer) => answer);
        expect(layOutAnswers(shorter, { rows, time, padToken: 0, reserved: 8 }).tokens).toHaveLength(rows * time);
      }),
      { numRuns: 300 },
    );
  });

  it('finds what sequences share, and leaves each a token of its own', () => {
    fc.assert(
      fc.property(fc.array(ids(1, fc.integer({ min: 1, max: 2 })), { minLength: 1, maxLength: 4 }), (sequences) => {
        const { prompt, answers } = sharedPrompt(sequences);
        expect(answers.map((answer) => [...prompt, ...answer])).toEqual(sequences.map((each) => [...each]));
        expect(Math.min(...answers.map(({ length }) => length))).toBeGreaterThan(0);
      }),
    );
  });
});

it.each(['learned', 'rotary'] as const)('a model reads an answer in rows as it reads it alone: %s', (positions) => {
  const model = gpt({
    vocabularySize: 10,
    contextLength: 12,
    layers: 2,
    heads: 2,
    width: 8,
    initialisation: 0.5,
    positions,
  });
  const values = initialise(model.parameters, 3);
  const hiddenOf = (list: readonly Answered[], rows: number, time: number) => {
    const graph = trace(
      ({ parameters, batch }) => ({ out: model.hidden(parameters as never, batch.tokens, rowForward(batch)) }),
      { parameters: model.parameters, batch: rowSpec({ rows, time }) },
    );
    const laidOut = layOutAnswers(list, { rows, time, padToken: 9 });
    const named = Object.fromEntries([
      ...Object.entries(values).map(([path, data]) => [`parameters.${path}`, data]),
      ...Object.entries(rowArrays(laidOut)).map(([name, data]) => [`batch.${name}`, data]),
    ]) as Record<string, Float32Array>;
    const { out } = evaluate(graph, named);
    return laidOut.places.map((places, index) =>
      places.map(({ answer }, number) => {
        const last = answer + list[index]!.answers[number]!.length - 1;
        return Array.from(out!).slice(last * 8, (last + 1) * 8);
      }),
    );
  };
  const of = (...list: number[]): Int32Array => Int32Array.from(list);
  const list = [
    { prompt: of(1, 2, 3), answers: [of(4, 5), of(4, 6, 7), of(8)] },
    { prompt: of(3, 1), answers: [of(2, 2), of(5)] },
  ];
  const together = hiddenOf(list, 1, 20);
  list.forEach(({ prompt, answers }, index) => {
    answers.forEach((answer, number) => {
      const alone = hiddenOf([{ prompt, answers: [answer] }], 1, 10)[0]![0]!;
      together[index]![number]!.forEach((value, at) => expect(value).toBeCloseTo(alone[at]!, 8));
    });
  });
});
