import { leavesOf } from '../../nn/parameters.js';
import type { Example } from '../../data/examples.js';
import { packedBatches, packedList } from '../../data/packed-batches.js';
import type { TokenStore } from '../../data/token-store.js';
import { randomWindows } from '../../data/windows.js';
import { heldOutLoss } from '../../evaluation/held-out-loss.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import { type LoadedModel, languageModelOf, saveModel } from '../../formats/model-folder.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { ChatTemplate } from '../../tokenizer/chat.js';
import { languageModelPhase, languageModelTerm } from '../../training/language-model.js';
import type { SupervisedConfig } from './settings.js';
import { type StageContext, finishedStage, fingerprintOf, modelFolderOf, trainInFolder } from './stage.js';

export interface SupervisedOptions {
  readonly out: string;
  readonly config: SupervisedConfig;
  readonly parent: LoadedModel;
  /** Of a model that learns to chat; instructions in plain text have none. */
  readonly template?: ChatTemplate;
  readonly examples: readonly Example[];
  readonly validation?: readonly Example[];
  /** Text to keep in mind while learning to chat: what the model was pretrained on. */
  readonly pretraining?: TokenStore;
  readonly ancestors: readonly Ancestor[];
}

/** Fine-tunes a language model on dialogues; only what the assistant says is in the loss. */
export async function superviseFineTuning(context: StageContext, options: SupervisedOptions): Promise<Lineage> {
  const { out, config, parent, template, examples, validation, ancestors } = options;
  const fingerprint = fingerprintOf([config, ancestors.map(({ role, id, name }) => [role, id, name]), examples.length]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const { engine } = context;
  const model = languageModelOf(parent);
  const { contextLength } = model.config;
  const store = await engine.createStore({
    leaves: leavesOf(model.parameters),
    trainable: true,
    average: config.training.average !== null,
  });
  try {
    await store.write(parent.values);
    const padId = parent.tokenizer.idOf(CONTROL.pad);
    const shape = { batchSize: config.batchSize, contextLength, padId };
    const packed = config.isolated;
    const source = packed
      ? packedBatches({ ...shape, examples, seed: config.seed, segments: true })
      : packedBatches({ ...shape, examples, seed: config.seed });
    const heldOut = validation?.length
      ? packed
        ? packedList({ ...shape, examples: validation, segments: true })
        : packedList({ ...shape, examples: validation })
      : undefined;
    const measure =
      heldOut &&
      (await heldOutLoss({
        engine,
        model,
        store,
        batchSize: config.batchSize,
        contextLength,
        packed,
        batches: heldOut,
      }));
    const { pretrainingRows, pretrainingCoefficient } = config;
    const mix = options.pretraining &&
      pretrainingCoefficient > 0 && {
        model,
        name: 'pretraining',
        weight: pretrainingCoefficient,
        source: randomWindows({
          tokens: options.pretraining,
          batchSize: pretrainingRows,
          contextLength,
          seed: config.seed + 1,
        }),
      };
    const result = await trainInFolder(context, {
      out,
      title: 'Supervised fine-tuning',
      config: config,
      fingerprint,
      stores: { model: store },
      phases: [
        {
          ...languageModelPhase({ model, source, packed, name: 'supervised' }),
          ...(mix && { also: [languageModelTerm(mix)] }),
        },
      ],
      settings: config.training,
      ...(measure && { evaluate: async ({ signal }) => ({ validationLoss: (await measure({ signal })).loss }) }),
    });
    return await saveModel({
      folder: modelFolderOf(out),
      kind: 'language-model',
      config: model.config,
      values: await store.read(config.training.average === null ? 'parameters' : 'average'),
      tokenizer: parent.tokenizer,
      ...(template && { template }),
      lineage: {
        stage: 'supervised fine-tuning',
        name: 'assistant',
        ancestors,
        settings: { fingerprint, ...config },
        results: { ...result.evaluation?.metrics, steps: result.steps, seconds: result.seconds, tokens: result.tokens },
      },
    });
  } finally {
    await store.dispose();
  }
}
