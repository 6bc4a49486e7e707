import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderWith } from '../../data/fixtures.test-helper.js';
import type { Task } from '../../data/tasks/task.js';
import {
  type LoadedTextModel,
  buildTextModel,
  loadClassifier,
  loadTextModel,
  saveTextModel,
} from '../../formats/text-model-folder.js';
import { findTextModel } from '../../formats/text-models.js';
import { initialise } from '../../nn/parameters.js';
import { Engine } from '../../runtime/engine.js';
import { counterRandom, integer } from '../../tensor/random.js';
import { trainTokenizer } from '../../tokenizer/bpe-trainer.js';
import { fineTune, reportOf, splitTask } from './fine-tune.js';
import { modelFolderOf } from './stage.js';
import { fineTuneSchema } from './text-settings.js';

/** A task that is easy to learn: is a certain animal among three? */

const animals = ['cat', 'dog', 'hen', 'owl', 'fox', 'ant', 'bee', 'cow'];
const random = counterRandom(1, 'animals', 0);
const examples = Array.from({ length: 240 }, (_, line) => {
  const chosen = Array.from({ length: 3 }, () => animals[integer(random, animals.length)]!);
  if (line % 2 === 0) chosen[integer(random, 3)] = 'cat';
  return { texts: [chosen.join(' ')], label: chosen.includes('cat') ? 1 : 0, file: 'animals', line };
});
const task: Task = { name: 'cats', title: 'cats', kind: 'classification', labels: ['none', 'cat'], train: examples };

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

async function untrained(name: string, settings: object): Promise<LoadedTextModel> {
  const definition = await findTextModel(name);
  const tokenizer = await trainTokenizer({ text: [` ${animals.join(' ')} `.repeat(8)], vocabSize: 320 });
  const own = tokenizer.withControlTokens(definition.controls);
  const checked = definition.schema.parse(settings) as Record<string, unknown>;
  const model = buildTextModel(definition, checked, own);
  const folder = join(folderWith(), 'model');
  const values = initialise(model.parameters, 2);
  await saveTextModel({
    ...{ folder, definition, settings: checked, tokenizer: own, values },
    lineage: { stage: 'none', ancestors: [] },
  });
  return loadTextModel(folder);
}

const transformer = { layers: 1, heads: 2, width: 16, contextLength: 24 };

describe('a task is learnt, and the saved model is the one that was measured', () => {
  it.each([
    ['gpt', transformer, 8],
    ['bert', transformer, 8],
    ['elmo', { layers: 1, width: 16, longestText: 8 }, 20],
    ['word2vec', { width: 16 }, 20],
  ])('%s', async (name, settings, epochs) => {
    const parent = await untrained(name, settings);
    const out = folderWith();
    const config = fineTuneSchema.parse({
      ...{ batchSize: 8, epochs, dropout: 0, lambda: 0.1, warmup: 0.1, baselines: false },
      training: { schedule: { kind: 'linear', learningRate: 1e-2, finalFraction: 0 } },
    });
    const lineage = await fineTune({ engine }, { out, config, parent, task, ancestors: [] });
    expect(reportOf(lineage).accuracy).toBeGreaterThan(0.9);
    const loaded = await loadClassifier(modelFolderOf(out));
    expect(loaded.task).toEqual({ name: 'cats', kind: 'classification', labels: ['none', 'cat'] });
    expect(loaded.lineage!.id).toBe(lineage.id);
  });
});

it('splits a task the same way each time, and tests on the same examples whatever the seed', () => {
  const config = { validation: 0.25, maximumExamples: 100, maximumTests: 30, seed: 1 };
  const [one, other] = [splitTask(task, config), splitTask(task, { ...config, seed: 2 })];
  expect([one.train.length, one.test.length]).toEqual([100, 30]);
  expect(one.test).toEqual(other.test);
  expect(one.train).not.toEqual(other.train);
  const tested = new Set(one.test.map(({ line }) => line));
  expect(one.train.filter(({ line }) => tested.has(line))).toEqual([]);
});
