import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GptOptions } from '../families/autoregressive/gpt-config.js';
import { storeOf } from '../families/autoregressive/gpt.test-helper.js';
import { type Gpt, type GptParameters, gpt } from '../families/autoregressive/gpt.js';
import { initialise } from '../nn/parameters.js';
import { defineTask } from '../prompting/built-in.js';
import { encodeContinuation, encodeText, slidingWindows } from '../prompting/encoding.js';
import type { TaskExample } from '../prompting/example.js';
import type { GeneratingSettings, TaskSettings } from '../prompting/task.js';
import { Engine, type Store } from '../runtime/engine.js';
import { createGenerator } from '../sampling/generator.js';
import { logProbOf } from '../sampling/samplers.js';
import { type Tensor, int32 } from '../tensor/index.js';
import { trainTokenizer } from '../tokenizer/bpe-trainer.js';
import { CharacterTokenizer } from '../tokenizer/character-tokenizer.js';
import { continuationScorer } from './continuations.js';
import { type TaskRunOptions, runTask } from './run-task.js';
import { type Subject, avoided, extracted, majority, readTexts } from './task-answers.js';

const tokenizer = CharacterTokenizer.fromText('abcdefgh .?:\n', ['<|endoftext|>']);
const base: GptOptions = {
  vocabularySize: tokenizer.vocabSize,
  contextLength: 24,
  layers: 2,
  heads: 2,
  width: 16,
  initialisation: 0.3,
};
const shapes: Readonly<Record<string, GptOptions>> = {
  learned: base,
  rotary: { ...base, positions: 'rotary' },
  banded: { ...base, bandedWindow: 3 },
};

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

interface Asked extends Subject {
  readonly model: Gpt;
  readonly store: Store;
}
async function subjectOf(options: GptOptions, rows?: number): Promise<Asked> {
  const model = gpt(options);
  const store = await storeOf(engine, model, initialise(model.parameters, 3));
  const of = { engine, model, store, tokenizer };
  return {
    ...of,
    scorer: continuationScorer({ ...of, ...(rows !== undefined && { rows }) }),
    generator: createGenerator(of),
  };
}

/** log p of every token but the first, and the likeliest one at its place: one sequence alone, all logits. */
async function naive({ model, store }: Asked, ids: Int32Array) {
  const program = await engine.compile(
    ({ parameters, tokens }: { parameters: GptParameters; tokens: Tensor }) => ({
      logits: model.logits(parameters, tokens),
    }),
    { parameters: model.parameters, tokens: int32(1, ids.length) } as never,
  );
  const { logits } = (await program.run({ parameters: store, tokens: ids })) as { logits: Float32Array };
  const size = model.config.vocabularySize;
  return Array.from({ length: ids.length - 1 }, (_, at) => {
    const row = logits.subarray(at * size, (at + 1) * size);
    return { logProb: logProbOf(row, ids[at + 1]!), isLikeliest: row.indexOf(Math.max(...row)) === ids[at + 1]! };
  });
}

describe.each(Object.entries(shapes))('scores of continuations, %s', (_, shape) => {
  it('are those of each sequence alone, in any batch, whatever is shared', async () => {
    const subject = await subjectOf(shape, 2);
    const groups = [
      ['abc:', [' a', ' ab', ' abc d', ' b']],
      ['h', ['g']],
      ['', ['abcdefgh', 'abcdefga']],
      ['a b c d e f g h a', [' b c?', ' b d', ' h']],
    ].map(([prompt, choices]) =>
      (choices as string[]).map((choice) => encodeContinuation(tokenizer, prompt as string, choice)),
    );
    const scored = await subject.scorer.score(groups);
    for (const [index, group] of groups.entries()) {
      for (const [member, { ids, from }] of group.entries()) {
        const expected = (await naive(subject, ids)).slice(from - 1);
        const { logProb, logProbs, likeliest } = scored[index]![member]!;
        expect(logProbs).toHaveLength(expected.length);
        expected.forEach((one, at) => {
          expect(logProbs[at]).toBeCloseTo(one.logProb, 4);
          expect(likeliest[at]).toBe(Number(one.isLikeliest));
        });
        expect(logProb).toBeCloseTo(
          expected.reduce((sum, one) => sum + one.logProb, 0),
          4,
        );
      }
    }
  });
});

describe('perplexity by a sliding window', () => {
  it.each([undefined, 1, 7])('is that of every window read alone, stride %s', async (stride) => {
    const subject = await subjectOf(base);
    const text = 'abc def gh. aa bb? '.repeat(3);
    const [figures] = await readTexts(subject, [text], { stride });
    let nats = 0;
    let tokens = 0;
    const ids = encodeText(tokenizer, text);
    for (const { ids: window, from } of slidingWindows(ids, { contextLength: 24, stride })) {
      for (const { logProb } of (await naive(subject, window)).slice(from - 1)) {
        nats -= logProb;
        tokens++;
      }
    }
    expect(tokens).toBe(text.length);
    expect(figures).toMatchObject({ tokens, words: 15, characters: text.length, bytes: text.length });
    expect(figures!.nats).toBeCloseTo(nats, 3);
  });
});

const rows = (split: string, fields: readonly TaskExample['fields'][]): TaskExample[] =>
  fields.map((each, index) => ({ fields: each, file: split, line: index + 1 }));
const examples = {
  train: rows(
    'train',
    ['a', 'b', 'c', 'd'].map((q, index) => ({ q, label: index % 2 === 0 ? 'g' : 'h' })),
  ),
  test: rows(
    'test',
    ['e', 'f', 'aa', 'bb', 'a b c d e f g h a b c d e f g h'].map((q, at) => ({ q, label: at % 2 === 0 ? 'g' : 'h' })),
  ),
};
const task = (changes: Partial<TaskSettings> = {}) =>
  defineTask({
    name: 'letters',
    source: { kind: 'rows', test: 'x.jsonl' },
    prompt: '{{q}}:',
    target: ' {{label}}',
    separator: '\n',
    answer: { by: 'choosing', choices: [' g', ' h'], prior: ':' },
    metrics: ['accuracy', 'accuracy by prior'],
    ...changes,
  });

describe('a task', () => {
  let subject: Asked;
  beforeAll(async () => {
    subject = await subjectOf(base);
  });
  const run = (changes: Partial<TaskSettings>, options: Partial<TaskRunOptions> = {}) =>
    runTask(subject, { task: task(changes), examples, shots: 2, seed: 1, ...options });

  it('by choosing: as many shots as fit, what does not fit said, every score in the record', async () => {
    const { result, records } = await run({}, { shots: 9 });
    expect(result).toMatchObject({
      task: 'letters',
      questions: 4,
      leftOut: 1,
      joined: 0,
      shots: { asked: 9, mean: 3 },
    });
    const { prompt, outcome, line } = records[0]!;
    expect([prompt.split('\n').at(-1), line]).toEqual(['e:', 1]);
    expect(prompt.split('\n')).toHaveLength(4);
    if (!('choices' in outcome)) throw new Error('no choices');
    const scores = await Promise.all(
      [' g', ' h'].map(async (choice) => {
        const { ids, from } = encodeContinuation(tokenizer, prompt, choice);
        return (await naive(subject, ids)).slice(from - 1).reduce((sum, { logProb }) => sum + logProb, 0);
      }),
    );
    outcome.choices.forEach(({ logProb, tokens, bytes }, index) => {
      expect(logProb).toBeCloseTo(scores[index]!, 4);
      expect([tokens, bytes]).toEqual([2, 2]);
    });
    const share = (right: (index: number) => boolean): number =>
      records.filter((_, index) => right(index)).length / records.length;
    const isRight = (index: number): boolean => {
      const { choices, right } = records[index]!.outcome as typeof outcome;
      return choices[right]!.logProb === Math.max(...choices.map(({ logProb }) => logProb));
    };
    expect(result.figures.accuracy!.value).toBeCloseTo(share(isRight), 12);
  });

  it('is the same again, and a limit asks the first of more', async () => {
    const all = await run({});
    expect(await run({})).toEqual(all);
    const two = await run({}, { limit: 2 });
    expect(two.result.questions).toBe(2);
    const three = await run({}, { limit: 3 });
    expect(three.records.slice(0, two.records.length).map(({ prompt }) => prompt)).toEqual(
      two.records.map(({ prompt }) => prompt),
    );
  });

  it('by choosing: what guessing comes to', async () => {
    expect((await run({})).result.chance).toBe(0.5);
  });

  it('draws questions again together whose examples are of one kind', async () => {
    const twice = { train: examples.train, test: examples.test.slice(0, 4).flatMap((each) => [each, each]) };
    const alone = await run(
      { shots: { within: 'label' } },
      { shots: 0, examples: { ...examples, test: examples.test.slice(0, 4) } },
    );
    const [first, second] = [alone, await run({ shots: { within: 'label' } }, { shots: 0, examples: twice })];
    // The same questions a second time tell nothing new.
    expect(second.result.figures.accuracy).toEqual(first.result.figures.accuracy);
    const apart = await run({}, { shots: 0, examples: twice });
    expect(apart.result.figures.accuracy!.value).toBe(first.result.figures.accuracy!.value);
  });

  it('by predicting: the likelihood of the target', async () => {
    const { result, records } = await run({
      answer: { by: 'predicting' },
      metrics: ['target perplexity', 'last token'],
    });
    const nats = records.map(({ outcome }) => ('logProb' in outcome ? -outcome.logProb : NaN));
    const mean = nats.reduce((sum, each) => sum + each, 0) / nats.length;
    expect(result.figures['target perplexity']!.value).toBeCloseTo(Math.exp(mean), 6);
  });

  it('by generating: what is extracted, and a vote over samples', async () => {
    const answer: GeneratingSettings = {
      by: 'generating',
      maxTokens: 4,
      extract: '([gh])',
      samples: 3,
      temperature: 1,
    };
    const { records } = await run({ answer, metrics: ['exact match'] });
    const voted = await run({ answer: { ...answer, vote: true }, metrics: ['exact match'] });
    records.forEach(({ outcome, said }, index) => {
      if (!('answers' in outcome)) throw new Error('no answers');
      expect(outcome.answers).toEqual(said!.map((text) => /.*([gh])/s.exec(text)?.[1] ?? ''));
      expect(voted.records[index]!.outcome).toMatchObject({ answers: [majority(outcome.answers)] });
    });
  });

  it('cuts a question that is too long where the task says so', async () => {
    const { result, records } = await run({ tooLong: 'cut' }, { shots: 0 });
    expect(result).toMatchObject({ questions: 5, leftOut: 0 });
    expect('a b c d e f g h a b c d e f g h:'.endsWith(records[4]!.prompt)).toBe(true);
    expect(records[4]!.prompt.length).toBeLessThan(24);
  });

  it('says what cannot be measured', async () => {
    await expect(run({ metrics: ['bleu'] })).rejects.toThrow(
      "'bleu' is a metric of generating, and this task is of choosing",
    );
    await expect(run({ answer: { by: 'choosing', choices: [' g', ' h'] } })).rejects.toThrow('needs answer.prior');
    const long = { train: [], test: rows('long', [{ q: 'abcdefgh'.repeat(4), label: 'g' }]) };
    await expect(run({}, { examples: long, shots: 0 })).rejects.toThrow('none of 1 questions fits');
  });
});

describe('answers', () => {
  it('are the last match of a pattern', () => {
    expect(extracted('so 3, so 12', 'so (\\d+)')).toBe('12');
    expect(extracted('no number', '\\d+')).toBe('');
    expect(extracted(' text ', undefined)).toBe('text');
  });

  it('are never a stop word where these are avoided', async () => {
    const text = 'the cat and the dog sat on the mat with it '.repeat(30);
    const words = await trainTokenizer({ text: [text], vocabSize: 340 });
    const forbidden = Object.keys(avoided(words)).map((id) => words.decode([Number(id)]));
    expect(forbidden).toEqual(expect.arrayContaining([' the', ' and', ' on']));
    expect(forbidden).not.toContain(' cat');
  });

  it('are voted for; of equals the first wins, and silence is no vote', () => {
    expect(majority(['3', '', '4', '4', ''])).toBe('4');
    expect(majority(['3', '4'])).toBe('3');
    expect(majority(['', ''])).toBe('');
  });
});
