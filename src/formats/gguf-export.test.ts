import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LLAMA_FOLDER, openLlama } from '../../bench/peers/llama.js';
import { ConfigError, FormatError } from '../errors.js';
import { type GptConfig, type GptOptions, gptConfig } from '../families/autoregressive/gpt-config.js';
import { type GptParameters, gpt } from '../families/autoregressive/gpt.js';
import { storeOf } from '../families/autoregressive/gpt.test-helper.js';
import { parameterLeaves } from '../nn/parameters.js';
import { Engine } from '../runtime/engine.js';
import type { Tensor } from '../tensor/index.js';
import { trainTokenizer } from '../tokenizer/bpe-trainer.js';
import type { ByteLevelTokenizer } from '../tokenizer/byte-level-tokenizer.js';
import { CharacterTokenizer } from '../tokenizer/character-tokenizer.js';
import { ChatTemplate, encodeChat } from '../tokenizer/chat.js';
import type { SplitPatternName } from '../tokenizer/split-pattern.js';
import { exportGguf } from './gguf-export.js';
import { llamaLogits, readGguf } from './gguf.test-helper.js';
import type { LoadedModel } from './model-folder.js';

let folder: string;
let engine: Engine;
const tokenizers = {} as Record<SplitPatternName, ByteLevelTokenizer>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descent-gguf-'));
  engine = await Engine.create({ threads: 1 });
  const text = ["The cat's 12 345 hats,\n\n  and the hen's: WE'LL see, we'll see. "];
  for (const pattern of ['gpt2', 'cl100k'] as const) {
    tokenizers[pattern] = await trainTokenizer({ text, vocabSize: 290, pattern, minFrequency: 1 });
  }
});
afterAll(async () => {
  await engine.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Every parameter has another value, of a size at which attention chooses and activations bend. */
function loadedModel(options: Partial<GptOptions>, changes: Partial<LoadedModel> = {}): LoadedModel {
  const tokenizer = changes.tokenizer ?? tokenizers.gpt2;
  const shape = { layers: 2, heads: 4, width: 32, hiddenWidth: 40, contextLength: 64 };
  const config = gptConfig({ vocabularySize: tokenizer.vocabSize + 3, ...shape, ...options });
  const values = Object.fromEntries(
    parameterLeaves(gpt(config).parameters).map(({ path, spec }, leaf) => {
      const size = path.endsWith('scale') ? 1 : 0;
      const value = (_: unknown, index: number): number => size + 0.25 * Math.sin(1 + leaf * 7.1 + index * 1.7);
      return [path, Float32Array.from({ length: spec.shape.reduce((a, b) => a * b, 1) }, value)];
    }),
  );
  return { folder, kind: 'language-model', config, values, tokenizer, ...changes };
}

async function ourLogits({ config, values }: LoadedModel, tokens: readonly number[]): Promise<Float32Array> {
  const model = gpt(config);
  const program = await engine.compile(
    (args: { parameters: GptParameters; tokens: Tensor }) => ({ logits: model.logits(args.parameters, args.tokens) }),
    { parameters: model.parameters, tokens: { shape: [1, tokens.length], dtype: 'int32' } },
  );
  const store = await storeOf(engine, model, values);
  const { logits } = (await program.run({ parameters: store, tokens: Int32Array.from(tokens) })) as {
    logits: Float32Array;
  };
  return logits;
}

const logProbs = (logits: readonly number[]): number[] => {
  const most = Math.max(...logits);
  const total = most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
  return logits.map((logit) => logit - total);
};
const rowsOf = (flat: Float32Array, rows: number): number[][] =>
  Array.from({ length: rows }, (_, row) => [
    ...flat.subarray((row * flat.length) / rows, ((row + 1) * flat.length) / rows),
  ]);
/** The largest difference between two lists of log-probabilities. */
const difference = (a: readonly number[][], b: readonly number[][]): number => {
  const other = b.map(logProbs);
  return Math.max(...a.flatMap((row, i) => logProbs(row).map((value, j) => Math.abs(value - other[i]![j]!))));
};

const rotary = { positions: 'rotary', bias: false } as const;
const models: Record<string, Partial<GptOptions>> = {
  arcee: { ...rotary, normalisation: 'rms', activation: 'squared-relu' },
  'arcee, few keys, own head': {
    ...rotary,
    ...{ normalisation: 'rms', activation: 'squared-relu', keyValueHeads: 2, tiedHead: false, rotaryBase: 500 },
  },
  llama: { ...rotary, normalisation: 'rms', activation: 'swiglu', keyValueHeads: 1 },
  'llama with biases': { positions: 'rotary', normalisation: 'rms', activation: 'swiglu' },
  nemotron: { positions: 'rotary', activation: 'squared-relu' },
  starcoder2: { ...rotary, activation: 'gelu', normEpsilon: 1e-3 },
  gpt2: {},
  'gpt2 without biases, own head': { bias: false, tiedHead: false, keyValueHeads: 2 },
};
const tokens = [7, 280, 41, 41, 3, 265, 100, 0, 41, 288];

describe('a language model as a GGUF file', () => {
  it.each(Object.entries(models))('is computed by llama.cpp as we do: %s', async (name, options) => {
    const model = loadedModel(options);
    const path = join(folder, 'model.gguf');
    const { architecture, bytes } = await exportGguf(model, { path });
    expect(name.startsWith(architecture)).toBe(true);
    const ours = rowsOf(await ourLogits(model, tokens), tokens.length);
    const file = await readGguf(path);
    expect(file.bytes).toBe(bytes);
    expect(difference(ours, llamaLogits(file, tokens))).toBeLessThan(1e-4);
  });

  it('takes half the space in half precision, vectors aside', async () => {
    const model = loadedModel(models['arcee']!);
    const path = join(folder, 'half.gguf');
    await exportGguf(model, { path, type: 'F16' });
    const { metadata, tensors } = await readGguf(path);
    expect(metadata['general.file_type']).toBe(1);
    const types = [...tensors.values()].map(({ shape, type }) => [shape.length, type].join());
    expect(new Set(types)).toEqual(new Set(['2,1', '1,0']));
    expect(tensors.get('token_embd.weight')!.values[5]).toBeCloseTo(model.values['tokens.weight']![5]!, 3);
  });

  it('has the tokens, what ends a text and a turn, and a template that every reader of templates knows', async () => {
    const path = join(folder, 'chat.gguf');
    const lineage = { name: 'almanac' } as NonNullable<LoadedModel['lineage']>;
    const model = loadedModel(models['arcee']!, { template: new ChatTemplate(), lineage });
    await exportGguf(model, { path });
    const { metadata } = await readGguf(path);
    const { tokenizer } = model;
    const [list, types, merges] = ['tokens', 'token_type', 'merges'].map((key) => {
      return metadata[`tokenizer.ggml.${key}`] as (string | number)[];
    }) as [string[], number[], string[]];
    expect(list).toHaveLength(model.config.vocabularySize);
    expect(new Set(list).size).toBe(list.length);
    expect(list.slice(-4)).toEqual(['<|end|>', '[UNUSED290]', '[UNUSED291]', '[UNUSED292]']);
    expect(types.slice(-4)).toEqual([3, 5, 5, 5]);
    expect(types.indexOf(3)).toBe(tokenizer.idOf('<|endoftext|>'));
    // Every merge makes a token.
    expect(merges.filter((merge) => !list.includes(merge.replace(' ', '')))).toEqual([]);
    expect(metadata).toMatchObject({
      'general.name': 'almanac',
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'gpt-2',
      'tokenizer.ggml.eos_token_id': tokenizer.idOf('<|endoftext|>'),
      'tokenizer.ggml.eot_token_id': tokenizer.idOf('<|end|>'),
      'tokenizer.ggml.padding_token_id': tokenizer.idOf('<|pad|>'),
      'tokenizer.ggml.add_bos_token': false,
    });
    const source = String(metadata['tokenizer.chat_template']);
    expect(source).not.toContain('generation %}');
    const chat = [
      { role: 'user', content: ' Why? ' },
      { role: 'assistant', content: 'So.\n' },
    ] as const;
    const [written, own] = [new ChatTemplate({ source }), model.template!].map((template) => template.render(chat));
    expect(written).toBe(own);
  });

  it('names the pattern that cuts texts, and refuses what llama.cpp would read otherwise', async () => {
    const path = join(folder, 'refused.gguf');
    const write = (options: Partial<GptOptions>, changes?: Partial<LoadedModel>): Promise<unknown> =>
      exportGguf(loadedModel(options, changes), { path });
    await write({}, { tokenizer: tokenizers.cl100k });
    expect((await readGguf(path)).metadata['tokenizer.ggml.pre']).toBe('dbrx');

    const refused: [Partial<GptConfig>, RegExp][] = [
      [{ normPosition: 'post' }, /model\.normPosition: post/],
      [{ bandedWindow: 8 }, /model\.bandedWindow: 8/],
      [{ activation: 'gelu-exact' }, /model\.activation: gelu-exact/],
      [{ ...models['arcee'], bias: true }, /model\.bias: true/],
    ];
    for (const [options, message] of refused) {
      const error = await write(options).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).message).toMatch(message);
    }
    await expect(write({}, { kind: 'reward-model' })).rejects.toThrow(/reward-model/);
    await expect(write({}, { tokenizer: CharacterTokenizer.fromText('abc') })).rejects.toThrow(FormatError);
    const spaced = tokenizers.gpt2.parts;
    const tokenizer = new (tokenizers.gpt2.constructor as typeof ByteLevelTokenizer)({
      ...spaced,
      preTokenizer: { ...spaced.preTokenizer, prefixSpace: true },
    });
    await expect(write({}, { tokenizer })).rejects.toThrow(/no way to cut texts/);
  });
});

const installed = process.env[LLAMA_FOLDER];

// By hand, where node-llama-cpp is installed in the folder that the variable names.
if (installed !== undefined) {
  it('in llama.cpp itself gives the same log-probabilities, and cuts texts alike', async () => {
    const llama = await openLlama(installed);
    const worst: Record<string, number> = {};
    for (const [name, options] of Object.entries(models)) {
      const pattern = name.startsWith('llama') ? 'cl100k' : 'gpt2';
      const model = loadedModel(options, { tokenizer: tokenizers[pattern], template: new ChatTemplate() });
      const path = join(folder, 'llama.gguf');
      await exportGguf(model, { path });
      const loaded = await llama.loadModel({ modelPath: path });
      const context = await loaded.createContext({
        ...{ sequences: 1, contextSize: 64, threads: 1 },
        ...{ flashAttention: false, experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32' },
      });
      const asked = tokens.map((token) => [token, { generateNext: { logits: true } }] as [number, never]);
      const answers = await context.getSequence().controlledEvaluate(asked);
      const theirs = answers.map((answer) => {
        return Array.from({ length: model.config.vocabularySize }, (_, id) => answer!.next.logits!.get(id)!);
      });
      worst[name] = difference(rowsOf(await ourLogits(model, tokens), tokens.length), theirs);
      const texts = [
        "The cat's  12345 hats,\n\n and\t\u00a0hens: WE'LL we'll über 世界 🦊 <|end|>x",
        ' a  b \n',
        '\r\n\n 1st',
      ];
      for (const text of texts) expect([...loaded.tokenize(text, false)]).toEqual([...model.tokenizer.encode(text)]);
      const chat = [{ role: 'user', content: 'Why, cat?' }] as const;
      expect([...loaded.tokenize(model.template!.render(chat), true)]).toEqual([
        ...encodeChat(model.tokenizer, model.template!, chat).ids,
      ]);
      await context.dispose();
      await loaded.dispose();
    }
    await llama.dispose();
    console.log(worst);
    // GELU is read from a table of half precision there.
    for (const [name, value] of Object.entries(worst)) {
      expect(value, name).toBeLessThan(models[name]!.activation === 'squared-relu' ? 1e-4 : 1e-2);
    }
  });
}
