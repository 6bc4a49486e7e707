import { join } from 'node:path';
import type { CorpusTokens } from '../src/cli/stages/corpus.js';
import type { StageContext } from '../src/cli/stages/stage.js';
import { evaluationWindows } from '../src/data/windows.js';
import { heldOutLoss } from '../src/evaluation/held-out-loss.js';
import { languageModelOf, loadModel } from '../src/formats/model-folder.js';
import { withStore } from '../src/training/with-store.js';

/** Loss of each run's model on the held-out pretraining text, nats per token: where the alignment tax shows. */
export async function pretrainingLoss(
  { engine, signal }: StageContext,
  { tokens }: { readonly tokens: CorpusTokens },
  runs: readonly { readonly folder: string }[],
): Promise<number[]> {
  const losses: number[] = [];
  for (const { folder } of runs) {
    const loaded = await loadModel(join(folder, 'model'));
    const model = languageModelOf(loaded);
    const { contextLength } = model.config;
    await withStore(engine, { specs: model.parameters, values: loaded.values }, async (store) => {
      const batchSize = 8;
      const batches = evaluationWindows({ tokens: tokens.validation!, batchSize, contextLength, maximumWindows: 200 });
      const measure = await heldOutLoss({ engine, model, store, batches, batchSize, contextLength });
      losses.push((await measure({ signal })).loss);
    });
  }
  return losses;
}
