import { describe, expect, it } from 'vitest';
import { counterRandom } from '../tensor/random.js';
import { bootstrap } from './bootstrap.js';
import { type Outcomes, metrics } from './task-metrics.js';
import { greatest } from './task-report.js';
import golden from './golden/text-metrics.json' with { type: 'json' };
import { exactMatch, normaliseAnswer, rougeL, rougeN, tokenF1 } from './text-overlap.js';
import { bleuOf, bleuRow, chrfOf, chrfRow, tokenise13a } from './translation.js';

const { pairs } = golden;

const sum = (rows: readonly (readonly number[])[]): number[] =>
  rows[0]!.map((_, column) => rows.reduce((total, row) => total + row[column]!, 0));

describe('metrics of texts', () => {
  it('cuts a sentence as mteval-13a does', () => {
    pairs.forEach(({ answer }, index) => expect(tokenise13a(answer)).toEqual(golden.tokens[index]));
  });

  it('has the BLEU of sacreBLEU, over all references and over one', () => {
    const of = (list: readonly (readonly [string, readonly string[]])[]) =>
      bleuOf(sum(list.map(([answer, references]) => bleuRow(answer, references))));
    expect(of(pairs.map(({ answer, references }) => [answer, references]))).toBeCloseTo(golden.bleu, 8);
    expect(of(pairs.map(({ answer, references }) => [answer, references.slice(0, 1)]))).toBeCloseTo(golden.bleuOne, 8);
    expect(of([['the cat', ['the cat sat on the mat']]])).toBeCloseTo(golden.bleuShort, 8);
    expect(of([['a cat sat there today', ['the dog sat there yesterday']]])).toBeCloseTo(golden.bleuSmoothed, 8);
  });

  it('has the chrF of sacreBLEU', () => {
    const of = (count: number) =>
      chrfOf(sum(pairs.map(({ answer, references }) => chrfRow(answer, references.slice(0, count)))));
    expect(of(2)).toBeCloseTo(golden.chrf, 8);
    expect(of(1)).toBeCloseTo(golden.chrfOne, 8);
  });

  it.each([
    ['exactMatch', exactMatch],
    ['tokenF1', tokenF1],
    ['rouge1', (answer: string, references: readonly string[]) => rougeN(answer, references, 1)],
    ['rouge2', (answer: string, references: readonly string[]) => rougeN(answer, references, 2)],
    ['rougeL', rougeL],
  ] as const)('has the %s of its definition', (name, score) => {
    pairs.forEach(({ answer, references }, index) => {
      expect(score(answer, references)).toBeCloseTo(golden[name][index]!, 10);
    });
  });

  it('compares scripts without spaces character by character', () => {
    expect(normaliseAnswer('The  Cat!')).toBe('cat');
    expect(tokenF1('北京市', ['北京'])).toBeCloseTo(0.8, 10);
    expect(rougeN('北京市', ['北京'], 1)).toBeCloseTo(0.8, 10);
  });
});

describe('the bootstrap', () => {
  const random = counterRandom(1, 'scores', 0);
  const scores = Array.from({ length: 400 }, () => Number(random() < 0.3));
  const rows = scores.map((score) => [score, 1]);
  const share = ([right, all]: readonly number[]): number => right! / all!;

  it('has the standard error that a mean has by its formula', () => {
    const { value, standardError, low, high } = bootstrap(rows, share);
    const mean = scores.reduce((total, score) => total + score, 0) / 400;
    const formula = Math.sqrt((mean * (1 - mean)) / 400);
    expect(value).toBeCloseTo(mean, 12);
    expect(Math.abs(standardError / formula - 1)).toBeLessThan(0.1);
    expect(low).toBeLessThan(mean - 1.6 * formula);
    expect(high).toBeGreaterThan(mean + 1.6 * formula);
  });

  it('is the same for the same seed, and nothing where all examples are alike', () => {
    expect(bootstrap(rows, share, { seed: 3, resamples: 50 })).toEqual(
      bootstrap(rows, share, { seed: 3, resamples: 50 }),
    );
    expect(
      bootstrap(
        [
          [1, 1],
          [1, 1],
        ],
        share,
        { resamples: 20 },
      ),
    ).toEqual({ value: 1, standardError: 0, low: 1, high: 1 });
  });
});

describe('metrics of tasks', () => {
  const figure = (name: keyof typeof metrics, outcomes: readonly Outcomes[keyof Outcomes][]): number => {
    const { row, figure: of } = metrics[name];
    return of(sum(outcomes.map((outcome) => row(outcome as never))));
  };

  it('compares choices by what it says it compares them by', () => {
    const choices = [
      { text: ' a', logProb: -2, tokens: 1, bytes: 2, prior: -1 },
      { text: ' b c d', logProb: -3, tokens: 3, bytes: 6, prior: -5 },
    ];
    const outcome = { choices, right: 1 };
    expect(figure('accuracy', [outcome])).toBe(0);
    expect(figure('accuracy per token', [outcome])).toBe(1);
    expect(figure('accuracy per byte', [outcome])).toBe(1);
    expect(figure('accuracy by prior', [outcome])).toBe(1);
    expect(greatest([1, 3, 3])).toBe(1);
  });

  it('tells the whole answer from its last token, and a perplexity per token from one per word', () => {
    const outcomes = [
      { logProb: -1, likeliest: [0, 1] },
      { logProb: -3, likeliest: [1, 1] },
    ];
    expect(figure('whole answer', outcomes)).toBe(0.5);
    expect(figure('last token', outcomes)).toBe(1);
    expect(figure('target perplexity', outcomes)).toBeCloseTo(Math.exp(2), 12);
    expect(figure('target perplexity per token', outcomes)).toBeCloseTo(Math.exp(1), 12);
  });

  it('has one loss in four units', () => {
    const outcome = { nats: 60, tokens: 30, words: 20, characters: 100, bytes: 120 };
    expect(figure('perplexity per token', [outcome, outcome])).toBeCloseTo(Math.exp(2), 12);
    expect(figure('perplexity per word', [outcome])).toBeCloseTo(Math.exp(3), 12);
    expect(figure('bits per byte', [outcome])).toBeCloseTo(0.5 / Math.LN2, 12);
    expect(figure('bits per character', [outcome])).toBeCloseTo(0.6 / Math.LN2, 12);
  });
});
