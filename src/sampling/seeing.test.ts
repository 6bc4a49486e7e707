import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Example } from '../data/examples.js';
import { imageValues, packedBatches, packedList } from '../data/packed-batches.js';
import { heldOutLoss } from '../evaluation/held-out-loss.js';
import { storeOf } from '../families/autoregressive/gpt.test-helper.js';
import type { Gpt, GptParameters } from '../families/autoregressive/gpt.js';
import { leavesOf } from '../nn/parameters.js';
import { Engine, type Store } from '../runtime/engine.js';
import type { Tensor } from '../tensor/index.js';
import { type EncodedChat, ChatTemplate, encodeChat } from '../tokenizer/chat.js';
import { CONTROL, IMAGE_TOKEN } from '../tokenizer/control-tokens.js';
import { trainStepsOn } from '../training/backend.js';
import { imagesSpec, languageModelPhase } from '../training/language-model.js';
import { train } from '../training/train.js';
import { type Generator, createGenerator } from './generator.js';
import { logProbOf } from './samplers.js';
import { encoded, imageOf, seeingGpt, seeingWeights, showing, tokenizer } from './seeing.test-helper.js';

/** The laws of generation and training hold where images stand in the prompt. */

let engine: Engine;
let model: Gpt;
let store: Store;
let generator: Generator;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
  model = seeingGpt();
  store = await storeOf(engine, model, seeingWeights(model));
  generator = createGenerator({ engine, model, store, tokenizer });
});
afterAll(() => engine.dispose());

/** Logits at every place of rows [B, T] in one pass without a cache. */
async function logitsOf(ids: readonly Int32Array[], images: EncodedChat['images'] = []): Promise<Float32Array[][]> {
  const time = ids[0]!.length;
  const seen = images.length > 0;
  const program = await engine.compile(
    (given: { parameters: GptParameters; tokens: Tensor; images?: Tensor }) => ({
      y: model.logits(given.parameters, given.tokens, { ...(given.images && { images: given.images }) }),
    }),
    {
      parameters: model.parameters,
      tokens: { shape: [ids.length, time], dtype: 'int32' },
      ...(seen && { images: imagesSpec(model, images.length) }),
    } as never,
  );
  const tokens = Int32Array.from(ids.flatMap((row) => [...row]));
  const given = { parameters: store, tokens, ...(seen && { images: imageValues(images, images.length) }) };
  const { y } = (await program.run(given)) as { y: Float32Array };
  const { vocabularySize: size } = model.config;
  return ids.map((_, row) =>
    Array.from({ length: time }, (_place, place) =>
      y.subarray((row * time + place) * size, (row * time + place + 1) * size),
    ),
  );
}

const close = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 2e-4): void => {
  expect(a.length).toBe(b.length);
  // A place for an image has a logit of -1e9, beside which nothing is exact.
  Array.from(a).forEach((value, index) => {
    if (value > -1e8) expect(Math.abs(value - b[index]!)).toBeLessThan(tolerance);
  });
};

const prompts = (): EncodedChat[] => [
  encoded([showing('what ', 1)], model),
  encoded([showing('a?')], model),
  encoded([showing('bad', 2, 3), { role: 'assistant', content: 'c' }, showing('g', 4)], model),
  encoded([showing('what ', 5)], model),
];

describe('generation with images', () => {
  it('cached = uncached', async () => {
    const generations = await generator.generateBatch({ prompts: prompts(), maxTokens: 8, seed: 3 });
    for (const [index, { ids, images }] of prompts().entries()) {
      const said = generations[index]!;
      const [logits] = await logitsOf([Int32Array.from([...ids, ...said.ids])], images);
      close(
        said.modelLogProbs,
        Array.from(said.ids, (id, place) => logProbOf(logits![ids.length + place - 1]!, id)),
      );
    }
  });

  it('a row equals the same row alone, and samples of one prompt share what was seen', async () => {
    const options = { maxTokens: 8, seed: 5 };
    const together = await generator.generateBatch({ prompts: prompts(), samplesPerPrompt: 2, ...options });
    for (const [row, prompt] of prompts().entries()) {
      const alone = await generator.generate({ prompt, row, ...options });
      expect([...together[2 * row]!.ids]).toEqual([...alone.ids]);
      close(together[2 * row]!.logProbs, alone.logProbs);
    }
  });

  it('depends on what the image shows, and on which stands first', async () => {
    const [one, other] = [encoded([showing('a', 1, 2)], model), encoded([showing('a', 2, 1)], model)];
    expect([...one.ids]).toEqual([...other.ids]);
    const [[first], [second]] = [await logitsOf([one.ids], one.images), await logitsOf([other.ids], other.images)];
    const last = one.ids.length - 1;
    expect(Math.max(...first![last]!.map((logit, index) => Math.abs(logit - second![last]![index]!)))).toBeGreaterThan(
      1e-2,
    );
  });

  it('does not depend on padding, nor on the images of other rows', async () => {
    const [first, second] = [encoded([showing('ab', 1)], model), encoded([showing('ac', 2)], model)];
    const padded = (ids: Int32Array): Int32Array =>
      Int32Array.from([...ids, ...new Array<number>(5).fill(tokenizer.idOf(CONTROL.pad))]);
    const [alone] = await logitsOf([second.ids], second.images);
    const [, together] = await logitsOf([padded(first.ids), padded(second.ids)], [...first.images!, ...second.images!]);
    alone!.forEach((logits, place) => {
      close(together![place]!, logits);
    });
  });

  it('never says a place for an image', async () => {
    const answers = await generator.generateBatch({
      prompts: prompts(),
      samplesPerPrompt: 8,
      maxTokens: 16,
      temperature: 3,
    });
    const placeholder = tokenizer.idOf(IMAGE_TOKEN);
    for (const { ids } of answers) expect([...ids]).not.toContain(placeholder);
  });

  it('says what is wrong with a prompt', async () => {
    const { ids, images } = encoded([showing('what ', 1)], model);
    const ask = (prompt: object) => generator.generate({ prompt: prompt as EncodedChat, maxTokens: 2 });
    await expect(ask({ ids })).rejects.toThrow(/2 image tokens and 0 images, each of 2 tokens/);
    const large = { channels: 1, height: 5, width: 5, pixels: new Uint8Array(25) };
    await expect(ask({ ids, images: [large] })).rejects.toThrow(/an image is 5 x 5 .* sees 4 x 4/);
    const cut = ids.subarray(0, 1 + 2);
    await expect(ask({ ids: cut, images })).rejects.toThrow(/ends with an image/);
    expect(() => encodeChat(tokenizer, new ChatTemplate(), [showing('a', 1)])).toThrow(/no eye/);
  });
});

/** Questions about images, with their answers. */
const examples = (count: number): Example[] =>
  Array.from({ length: count }, (_, index) => {
    const shown = index % 3 === 0 ? [] : index % 3 === 1 ? [index] : [index, index + 1];
    return encoded([showing('a?', ...shown), { role: 'assistant', content: 'abcdefgh'[index % 8]! }], model);
  });

const shape = { batchSize: 3, contextLength: 32, padId: tokenizer.idOf(CONTROL.pad) };

describe('training with images', () => {
  it('packs them in the order in which their tokens stand, whole, as many as there is room for', () => {
    const source = packedBatches({ ...shape, examples: examples(30), seed: 2, segments: true });
    const placeholder = tokenizer.idOf(IMAGE_TOKEN);
    const known = new Map(Array.from({ length: 40 }, (_, seed) => [imageOf(seed).pixels.join(), seed]));
    for (let step = 0; step < 8; step++) {
      const { tokens, images } = source.next();
      expect(images).toHaveLength(source.images! * 16);
      const places = tokens.reduce((count, id) => count + (id === placeholder ? 1 : 0), 0);
      const shown = Array.from({ length: places / 2 }, (_, index) =>
        known.get(images!.subarray(16 * index, 16 * (index + 1)).join()),
      );
      expect(shown).not.toContain(undefined);
      expect(places / 2).toBeLessThanOrEqual(source.images!);
    }
  });

  it('has the same loss packed as one by one', async () => {
    const list = examples(7);
    const lossOf = async (batchSize: number, only: readonly Example[]) => {
      const batches = packedList({ ...shape, batchSize, examples: only, segments: true });
      const options = { engine, model, store, batchSize, contextLength: shape.contextLength, packed: true };
      return (await heldOutLoss({ ...options, batches }))();
    };
    const together = await lossOf(2, list);
    const alone = await Promise.all(list.map((example) => lossOf(1, [example])));
    const total = alone.reduce((sum, { loss, tokens }) => sum + loss * tokens, 0);
    expect(together.tokens).toBe(alone.reduce((sum, { tokens }) => sum + tokens, 0));
    expect(Math.abs(together.loss - total / together.tokens)).toBeLessThan(1e-4);
  });

  it.each([
    ['projector', (path: string) => path.startsWith('eye.projector.')],
    ['language', (path: string) => !path.startsWith('eye.encoder.')],
    ['all', () => true],
  ] as const)('gradients reach what is to learn and nothing else: %s', async (_, trainable) => {
    const own = await engine.createStore({ leaves: leavesOf(model.parameters), trainable: true });
    const before = seeingWeights(model);
    await own.write(before);
    const source = packedBatches({ ...shape, examples: examples(12), seed: 1, segments: true });
    await train({
      stores: { model: own },
      phases: [{ ...languageModelPhase({ model, source, packed: true }), trainable }],
      createStep: trainStepsOn(engine),
      settings: { steps: 2, schedule: { learningRate: 0.01 }, optimizer: { weightDecay: 0 } },
    });
    const after = await own.read();
    for (const path of Object.keys(before)) {
      // No score depends on what is added to every key of a query.
      if (path.endsWith('key.bias')) continue;
      const moved = after[path]!.some((value, index) => value !== before[path]![index]);
      expect(moved, path).toBe(trainable(path));
    }
    await own.dispose();
  });

  it('learns to tell images apart', async () => {
    const own = await engine.createStore({ leaves: leavesOf(model.parameters), trainable: true });
    await own.write(seeingWeights(model));
    const pairs = Array.from({ length: 24 }, (_, index): Example => {
      const seed = index % 4;
      return encoded([showing('a?', seed), { role: 'assistant', content: 'abcd'[seed]! }], model);
    });
    const source = packedBatches({ ...shape, examples: pairs, seed: 1, segments: true });
    await train({
      stores: { model: own },
      phases: [languageModelPhase({ model, source, packed: true })],
      createStep: trainStepsOn(engine),
      settings: { steps: 60, schedule: { learningRate: 0.005 } },
    });
    const asked = [0, 1, 2, 3].map((seed) => encoded([showing('a?', seed)], model));
    const answers = await generator.generateBatch({
      prompts: asked,
      store: own,
      temperature: 0,
      maxTokens: 3,
      stopTokens: [tokenizer.idOf(CONTROL.end)],
    });
    expect(answers.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
    await own.dispose();
  });
});
