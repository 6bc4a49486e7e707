import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeOf } from '../families/autoregressive/gpt.test-helper.js';
import { gpt } from '../families/autoregressive/gpt.js';
import { initialise } from '../nn/parameters.js';
import { Engine } from '../runtime/engine.js';
import { createGenerator } from './generator.js';
import { TextReader } from './text-reader.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

async function setUp() {
  const model = gpt({ vocabularySize: 20, contextLength: 40, layers: 2, heads: 2, width: 16, initialisation: 0.4 });
  const store = await storeOf(engine, model, initialise(model.parameters, 2));
  const reader = new TextReader({ engine, model, parameters: store });
  return { reader, generator: createGenerator({ engine, model, store }) };
}

it('finds in a text the probabilities with which it was written', async () => {
  const { reader, generator } = await setUp();
  const prompt = Int32Array.of(3, 1, 4, 1, 5);
  const written = await generator.generate({ prompt, maxTokens: 12, seed: 1, alternatives: 3 });
  const read = await reader.score(Int32Array.from([...prompt, ...written.ids]), 3);
  expect(read[0]).toEqual({ id: 3 });
  written.tokens.forEach(({ id, modelLogProb, alternatives }, place) => {
    const token = read[prompt.length + place]!;
    expect(token.id).toBe(id);
    expect(token.modelLogProb).toBeCloseTo(modelLogProb, 4);
    expect(token.alternatives!.map((other) => other.id)).toEqual(alternatives!.map((other) => other.id));
  });
  await generator.dispose();
});

it('reads the same of a text whatever it is padded to', async () => {
  const { reader } = await setUp();
  const text = Int32Array.from({ length: 16 }, (_, index) => (index * 7) % 20);
  const long = Int32Array.from([...text, 5, 6, 7]);
  const [short, longer] = [await reader.score(text), await reader.score(long)];
  short.forEach(({ modelLogProb = 0 }, place) => expect(longer[place]!.modelLogProb ?? 0).toBeCloseTo(modelLogProb, 4));
  const one = await reader.embed(Int32Array.of(4));
  expect(Math.hypot(...one)).toBeCloseTo(1, 5);
  const twice = await reader.embed(Int32Array.of(4, 9));
  expect([...twice]).not.toEqual([...one]);
});
