import { classificationShape } from '../alignment/fine-tuning/batches.js';
import { predictor } from '../alignment/fine-tuning/classifier.js';
import { encodeExample } from '../alignment/fine-tuning/inputs.js';
import { type TaskExample, sequencesOf } from '../data/tasks/task.js';
import { predictFromFeatures, readTexts } from '../evaluation/feature-classifier.js';
import type { LoadedClassifier } from '../formats/text-model-folder.js';
import { leavesOf } from '../nn/parameters.js';
import type { Store } from '../runtime/engine.js';
import { CONTROL } from '../tokenizer/control-tokens.js';
import type { StageContext } from './stages/stage.js';

/** Numbers for each class of each example: logits. */
export type Classify = (
  examples: readonly Pick<TaskExample, 'texts'>[],
  options?: { signal?: AbortSignal },
) => Promise<Float32Array[]>;

type Opened = Pick<LoadedClassifier, 'definition' | 'settings' | 'tokenizer' | 'values' | 'task' | 'classifier'>;

/** Puts a classifier onto the engine for as long as it is used. */
export async function withClassifier<Result>(
  { engine }: Pick<StageContext, 'engine'>,
  loaded: Opened,
  use: (classify: Classify) => Promise<Result>,
): Promise<Result> {
  const { classifier, tokenizer, task, values } = loaded;
  const stores: Store[] = [];
  const storeOf = async (parameters: object, prefix = ''): Promise<Store> => {
    const leaves = leavesOf(parameters);
    const own = Object.fromEntries(leaves.map(({ path }) => [path, values[prefix + path]!]));
    const store = await engine.createStore({ leaves, values: own });
    stores.push(store);
    return store;
  };
  try {
    if (classifier.by === 'fine-tuning') {
      const { model } = classifier;
      const store = await storeOf(model.parameters);
      return await use(async (examples, options) => {
        const inputs = { tokenizer, kind: task.kind, longest: model.body.config.contextLength };
        const encoded = examples.map(({ texts }) => encodeExample({ texts, label: 0 }, inputs));
        const shape = classificationShape(encoded, {
          batchSize: Math.min(32, encoded.length),
          padToken: tokenizer.idOf(CONTROL.pad),
          reads: model.body.reads,
        });
        const predict = await predictor({ engine, model, store, shape });
        return predict(encoded, options);
      });
    }
    const { model } = classifier;
    const body = await storeOf(model.parameters.body, 'body.');
    const head = await storeOf(model.parameters.head, 'head.');
    return await use(async (examples, { signal } = {}) => {
      const aborts = { ...(signal && { signal }) };
      const texts = examples.flatMap((example) => sequencesOf(task.kind, example.texts).flat());
      const read = await readTexts({ engine, model, body, tokenizer, texts, ...aborts });
      return predictFromFeatures({ engine, model, head, examples, read, ...aborts });
    });
  } finally {
    for (const store of stores) await store.dispose();
  }
}
