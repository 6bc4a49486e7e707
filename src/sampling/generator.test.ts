import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GptOptions } from '../families/autoregressive/gpt-config.js';
import { storeOf } from '../families/autoregressive/gpt.test-helper.js';
import { type Gpt, gpt } from '../families/autoregressive/gpt.js';
import { initialise } from '../nn/parameters.js';
import { Engine, type Store } from '../runtime/engine.js';
import { CharacterTokenizer } from '../tokenizer/character-tokenizer.js';
import type { Generator } from './generator.js';
import { type Generation, createGenerator } from './generator.js';
import type { SamplingOptions } from './options.js';
import { logProbOf } from './samplers.js';
import { int32 } from '../tensor/index.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const alphabet = 'abcdefghij .,!?\n';
const tokenizer = CharacterTokenizer.fromText(alphabet);

const base: GptOptions = {
  vocabularySize: tokenizer.vocabSize,
  contextLength: 48,
  layers: 2,
  heads: 4,
  width: 32,
  initialisation: 0.3,
};
const shapes: Record<string, GptOptions> = {
  gpt1: { ...base, normPosition: 'post' },
  gpt2: base,
  gpt3: { ...base, bandedWindow: 3 },
  rotary: { ...base, positions: 'rotary' },
  grouped: { ...base, keyValueHeads: 2 },
  modern: {
    ...base,
    normalisation: 'rms',
    activation: 'swiglu',
    positions: 'rotary',
    bias: false,
    tiedHead: false,
    keyValueHeads: 1,
    bandedWindow: 5,
  },
};

interface Setup {
  model: Gpt;
  store: Store;
  generator: Generator;
}
const made: Generator[] = [];
async function setUp(options: GptOptions = base, rows?: number): Promise<Setup> {
  const model = gpt(options);
  const store = await storeOf(engine, model, initialise(model.parameters, 7));
  const generator = createGenerator({ engine, model, store, tokenizer, rows });
  made.push(generator);
  return { model, store, generator };
}
afterEach(async () => {
  for (const generator of made.splice(0)) await generator.dispose();
});

/** The model's logits at every place, without a cache. */
async function logitsOf({ model, store }: Setup, ids: Int32Array): Promise<Float32Array[]> {
  const program = await engine.compile(({ parameters, tokens }) => ({ y: model.logits(parameters, tokens) }), {
    parameters: model.parameters,
    tokens: int32(1, ids.length),
  });
  const { y } = (await program.run({ parameters: store, tokens: ids })) as { y: Float32Array };
  const vocabulary = model.config.vocabularySize;
  return Array.from(ids, (_, place) => y.subarray(place * vocabulary, (place + 1) * vocabulary));
}

const prompts = [
  Int32Array.of(3),
  Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
  Int32Array.of(5, 5),
  Int32Array.of(9, 8, 7, 6, 5),
  Int32Array.from({ length: 20 }, (_, index) => (index * 5) % 16),
];
const close = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-4): void => {
  expect(a.length).toBe(b.length);
  Array.from(a).forEach((value, index) => expect(Math.abs(value - b[index]!)).toBeLessThan(tolerance));
};
const sameAnswer = (a: Generation, b: Generation): void => {
  expect([...a.ids]).toEqual([...b.ids]);
  expect(a.finishReason).toBe(b.finishReason);
  close(a.logProbs, b.logProbs);
  close(a.modelLogProbs, b.modelLogProbs);
};

describe.each(Object.entries(shapes))('%s', (_, options) => {
  it.each([
    ['drawn in the graph', { temperature: 0.9 }],
    ['drawn from logits', { temperature: 0.9, topP: 0.999999 }],
  ] as const)('cached = uncached, %s', async (_, sampling) => {
    const setup = await setUp(options);
    const generations = await setup.generator.generateBatch({ prompts, maxTokens: 12, seed: 4, ...sampling });
    for (const [index, prompt] of prompts.entries()) {
      const { ids, logProbs, modelLogProbs } = generations[index]!;
      const logits = await logitsOf(setup, Int32Array.from([...prompt, ...ids]));
      const at = (place: number): Float32Array => logits[prompt.length + place - 1]!;
      close(
        logProbs,
        Array.from(ids, (id, place) => logProbOf(at(place), id, 0.9)),
      );
      close(
        modelLogProbs,
        Array.from(ids, (id, place) => logProbOf(at(place), id)),
      );
    }
  });

  it('greedy takes the greatest logit of a full pass', async () => {
    const setup = await setUp(options);
    const { ids } = await setup.generator.generate({ prompt: prompts[3]!, maxTokens: 12, temperature: 0 });
    const logits = await logitsOf(setup, Int32Array.from([...prompts[3]!, ...ids]));
    ids.forEach((id, place) => {
      const row = logits[prompts[3]!.length + place - 1]!;
      expect(id).toBe(row.indexOf(Math.max(...row)));
    });
  });
});

describe('a batch', () => {
  it('row equals the same row alone, whatever its neighbours and the number of rows', async () => {
    const { generator } = await setUp();
    for (const sampling of [{}, { topK: 5, repetitionPenalty: 1.2 }] satisfies SamplingOptions[]) {
      const options = { maxTokens: 14, seed: 11, ...sampling };
      const together = await generator.generateBatch({ prompts, ...options });
      for (const [row, prompt] of prompts.entries()) {
        sameAnswer(together[row]!, await generator.generate({ prompt, row, ...options }));
      }
      const { generator: narrow } = await setUp(base, 2);
      const inTurns = await narrow.generateBatch({ prompts, ...options });
      inTurns.forEach((generation, row) => {
        sameAnswer(generation, together[row]!);
      });
    }
  });

  it('gives several samples a prompt, each the same at any number of them', async () => {
    const { generator } = await setUp();
    const options = { prompts: prompts.slice(0, 3), maxTokens: 8, seed: 2 };
    const three = await generator.generateBatch({ ...options, samplesPerPrompt: 3 });
    const one = await generator.generateBatch(options);
    expect(three.length).toBe(9);
    one.forEach((generation, row) => {
      sameAnswer(three[row * 3]!, generation);
    });
    expect(three[0]!.ids).not.toEqual(three[1]!.ids);
  });

  it('draws the same token in the graph as from the logits', async () => {
    const { generator } = await setUp();
    const options = { prompts, maxTokens: 16, seed: 8, temperature: 1.3 };
    const inGraph = await generator.generateBatch(options);
    // A bias of 0 changes nothing but the way.
    const onHost = await generator.generateBatch({ ...options, logitBias: { 0: 0 } });
    inGraph.forEach((generation, row) => {
      sameAnswer(generation, onHost[row]!);
    });
  });

  it('goes on when rows finish at different times, and reports progress', async () => {
    const { generator } = await setUp(base, 4);
    const many = Array.from({ length: 11 }, (_, index) => Int32Array.of(index, 1));
    const options = { maxTokens: 20, seed: 6, stopTokens: [1, 2, 3] };
    const seen: number[] = [];
    const together = await generator.generateBatch({
      prompts: many,
      ...options,
      onProgress: ({ finished, total }) => {
        expect(total).toBe(11);
        seen.push(finished);
      },
    });
    expect(seen.at(-1)).toBe(11);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(together.map(({ ids }) => ids.length)).size).toBeGreaterThan(2);
    for (const [row, prompt] of many.entries()) {
      sameAnswer(together[row]!, await generator.generate({ prompt, row, ...options }));
    }
  });

  it('uses the parameters it is given', async () => {
    const { generator, model } = await setUp();
    const other = await storeOf(engine, model, initialise(model.parameters, 8));
    const options = { prompts: prompts.slice(0, 2), maxTokens: 6, seed: 1 };
    const mine = await generator.generateBatch(options);
    const theirs = await generator.generateBatch({ ...options, store: other });
    const reference = createGenerator({ engine, model, store: other });
    made.push(reference);
    (await reference.generateBatch(options)).forEach((generation, row) => {
      sameAnswer(theirs[row]!, generation);
    });
    expect(theirs[0]!.logProbs).not.toEqual(mine[0]!.logProbs);
    await other.dispose();
  });
});

describe('an answer', () => {
  it('ends with a stop token, which its ids hold and its text does not', async () => {
    const { generator } = await setUp();
    const free = await generator.generate({ prompt: 'abc', maxTokens: 10, temperature: 0 });
    const stop = free.ids[4]!;
    const first = free.ids.indexOf(stop);
    const cut = await generator.generate({ prompt: 'abc', maxTokens: 10, temperature: 0, stopTokens: [stop] });
    expect(cut).toMatchObject({ finishReason: 'stop', stoppedBy: stop });
    expect([...cut.ids]).toEqual([...free.ids.subarray(0, first + 1)]);
    expect(cut.text).toBe(tokenizer.decode(free.ids.subarray(0, first)));
    expect(free).toMatchObject({ finishReason: 'length', text: tokenizer.decode(free.ids) });
  });

  it('ends at a stop string that several tokens make up together', async () => {
    const { generator } = await setUp();
    const options = { prompt: 'abc', maxTokens: 16, seed: 3 };
    const free = await generator.generate(options);
    const stop = free.text.slice(5, 8);
    const at = free.text.indexOf(stop);
    const cut = await generator.generate({ ...options, stop: ['never there', stop] });
    expect(cut).toMatchObject({ finishReason: 'stop', stoppedBy: stop, text: free.text.slice(0, at) });
    expect(cut.ids.length).toBe(at + stop.length);
    let streamed = '';
    for await (const { text } of generator.stream({ ...options, stop: [stop] })) {
      streamed += text;
      expect(cut.text.startsWith(streamed)).toBe(true);
    }
    expect(streamed).toBe(cut.text);
  });

  it('streams the same tokens and text, and says at the end why it ended', async () => {
    const { generator } = await setUp();
    const options = { prompt: 'hi', maxTokens: 9, seed: 5, alternatives: 3 };
    const whole = await generator.generate(options);
    const steps = [];
    for await (const step of generator.stream(options)) steps.push(step);
    expect(steps.map(({ token }) => token)).toEqual(whole.tokens);
    expect(steps.map(({ text }) => text).join('')).toBe(whole.text);
    expect(steps.map(({ finishReason }) => finishReason)).toEqual([...Array<undefined>(8).fill(undefined), 'length']);
    for (const { alternatives } of whole.tokens) {
      expect(alternatives).toHaveLength(3);
      expect(alternatives![0]!.logProb).toBeGreaterThanOrEqual(alternatives![1]!.logProb);
    }
  });

  it('stops at an abort with what there is', async () => {
    const { generator } = await setUp();
    const controller = new AbortController();
    const steps = [];
    for await (const step of generator.stream({ prompt: 'abc', maxTokens: 40, signal: controller.signal })) {
      steps.push(step);
      if (steps.length === 3) controller.abort();
    }
    expect(steps).toHaveLength(4);
    expect(steps.at(-1)).toEqual({ text: '', finishReason: 'abort' });
    const batch = await generator.generateBatch({ prompts, signal: AbortSignal.abort() });
    expect(batch.map(({ finishReason, ids }) => [finishReason, ids.length])).toEqual(prompts.map(() => ['abort', 0]));
  });

  it('ends where the context is full', async () => {
    const { generator, model } = await setUp();
    const prompt = Int32Array.from({ length: 40 }, (_, index) => index % 16);
    const { ids, finishReason } = await generator.generate({ prompt, maxTokens: 100 });
    expect(finishReason).toBe('context');
    expect(prompt.length + ids.length).toBe(model.config.contextLength);
  });

  it('may be left in the middle of a stream', async () => {
    const { generator } = await setUp();
    for await (const step of generator.stream({ prompt: 'abc' })) if (step.token) break;
    expect((await generator.generate({ prompt: 'abc', maxTokens: 3 })).ids).toHaveLength(3);
  });
});

describe('what cannot be', () => {
  it('is said at once, with what to do', async () => {
    const { generator, model, store } = await setUp();
    await expect(generator.generate({ prompt: new Int32Array() })).rejects.toThrow(/prompt 0 is empty/);
    await expect(generator.generate({ prompt: new Int32Array(48) })).rejects.toThrow(/48 tokens; the model sees 48/);
    await expect(generator.generate({ prompt: Int32Array.of(99) })).rejects.toThrow(/token 99; the vocabulary has/);
    await expect(generator.generate({ prompt: 'a', stopTokens: [99] })).rejects.toThrow(/sampling\.stopTokens/);
    await expect(generator.generate({ prompt: 'a', temperature: -1 })).rejects.toThrow(/sampling\.temperature/);
    const mute = createGenerator({ engine, model, store });
    await expect(mute.generate({ prompt: 'a' })).rejects.toThrow(/needs a tokenizer/);
    await expect(mute.generate({ prompt: Int32Array.of(1), stop: ['a'] })).rejects.toThrow(/sampling\.stop/);
    expect(() => createGenerator({ engine, model, store, rows: 0 })).toThrow(/generator\.rows/);
  });
});
