import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gpt } from '../families/autoregressive/gpt.js';
import { isAdapterPath, mergeAdapters, withAdapters } from '../nn/lora.js';
import { initialise } from '../nn/parameters.js';
import { SafetensorsFile } from '../runtime/safetensors.js';
import { trainTokenizer } from '../tokenizer/bpe-trainer.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { bodyFrom, scalarModel } from '../alignment/scalar-model.js';
import { loadModel, saveModel } from './model-folder.js';

const model = gpt({ vocabularySize: 270, contextLength: 8, layers: 1, heads: 2, width: 8 });
const specs = withAdapters(model.parameters, 3);
const base = initialise(model.parameters, 1);
// As after training: both matrices of an adapter hold something.
const own = Object.fromEntries(
  Object.entries(initialise(specs, 2))
    .filter(([path]) => isAdapterPath(path))
    .map(([path, values]) => [path, values.map((value, index) => value + Math.sin(index))]),
);

let folder: string;
let tokenizer: Tokenizer;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descent-adapter-'));
  tokenizer = await trainTokenizer({ text: ['a few words to learn from'], vocabSize: 270 });
  const shared = { kind: 'language-model', config: model.config, tokenizer } as const;
  const { id } = await saveModel({
    ...shared,
    folder: at('base'),
    values: base,
    lineage: { stage: 'pretraining', ancestors: [] },
  });
  await saveModel({
    ...shared,
    folder: at('adapted'),
    values: mergeAdapters(specs, { ...base, ...own }),
    adapter: { specs, values: own, rank: 3, base: { folder: at('base'), id } },
    lineage: { stage: 'supervised fine-tuning', ancestors: [{ role: 'parent', name: 'base', id, path: at('base') }] },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a saved adapter', () => {
  it('is small, and laid out as PEFT does it', async () => {
    const config = JSON.parse(await readFile(at('adapted/adapter_config.json'), 'utf8')) as Record<string, unknown>;
    expect(config).toMatchObject({ peft_type: 'LORA', r: 3, lora_alpha: 3, base_model_name_or_path: '../base' });
    expect(config['target_modules']).toEqual(['query', 'key', 'value', 'projection', 'up', 'down']);
    const file = await SafetensorsFile.open(at('adapted/adapter_model.safetensors'));
    expect(file.tensors.size).toBe(12);
    const [down, up] = ['A', 'B'].map((letter) =>
      file.tensors.get(`base_model.model.blocks.0.up.lora_${letter}.weight`),
    );
    expect([down!.shape, up!.shape]).toEqual([
      [3, 8],
      [32, 3],
    ]);
    await file.close();
    const sizeOf = async (path: string): Promise<number> => (await stat(at(path))).size;
    expect(await sizeOf('adapted/adapter_model.safetensors')).toBeLessThan(await sizeOf('base/model.safetensors'));
  });

  it('opens as the model that it makes of its base, and merging keeps the identity', async () => {
    const loaded = await loadModel(at('adapted'));
    expect(loaded.values).toEqual(mergeAdapters(specs, { ...base, ...own }));
    const { config, values, kind } = loaded;
    const lineage = { stage: 'merge', ancestors: [] };
    const merged = await saveModel({ folder: at('merged'), kind, config, values, tokenizer, lineage });
    expect(merged.id).toBe(loaded.lineage!.id);
    expect((await loadModel(at('merged'))).values).toEqual(loaded.values);
  });

  it('of a reward model holds its head, and stands on the language model', async () => {
    const scalar = scalarModel({ ...model, parameters: specs });
    const body = Object.fromEntries(Object.entries(own).map(([path, values]) => [`body.${path}`, values]));
    const head = { 'scalar.weight': new Float32Array(8).fill(0.5), 'scalar.bias': Float32Array.of(-1) };
    const values = { ...body, ...head };
    await saveModel({
      folder: at('reward'),
      kind: 'reward-model',
      config: model.config,
      tokenizer,
      values: mergeAdapters(scalar.parameters, { ...bodyFrom(base), ...values }),
      adapter: { specs: scalar.parameters, values, rank: 3, base: { folder: at('base') } },
      lineage: { stage: 'reward model', ancestors: [] },
    });
    const loaded = await loadModel(at('reward'));
    expect(loaded.kind).toBe('reward-model');
    expect(loaded.values).toEqual(mergeAdapters(scalar.parameters, { ...bodyFrom(base), ...values }));
  });

  it('says when its base has moved or is another one', async () => {
    await rename(at('base'), at('elsewhere'));
    await expect(loadModel(at('adapted'))).rejects.toThrow('which cannot be opened');
    await saveModel({
      folder: at('base'),
      kind: 'language-model',
      config: model.config,
      tokenizer,
      values: initialise(model.parameters, 9),
      lineage: { stage: 'pretraining', ancestors: [] },
    });
    await expect(loadModel(at('adapted'))).rejects.toThrow('there is another one now');
  });
});
