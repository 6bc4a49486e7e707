import { evaluationWindows, randomWindows } from '../../data/windows.js';
import type { TokenStore } from '../../data/token-store.js';
import { heldOutLoss } from '../../evaluation/held-out-loss.js';
import { gpt } from '../../families/autoregressive/gpt.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import { type LoadedModel, languageModelOf, saveModel } from '../../formats/model-folder.js';
import { initialise, leavesOf } from '../../nn/parameters.js';
import type { Json } from '../../data/json.js';
import type { Store } from '../../runtime/engine.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { languageModelPhase } from '../../training/language-model.js';
import type { PretrainConfig } from './settings.js';
import { type StageContext, finishedStage, fingerprintOf, kinOf, modelFolderOf, trainInFolder } from './stage.js';

export interface PretrainOptions {
  readonly out: string;
  readonly config: PretrainConfig;
  readonly tokenizer: Tokenizer;
  readonly train: TokenStore;
  readonly validation?: TokenStore;
  readonly ancestors: readonly Ancestor[];
  /** Go on from this model, in its shape, instead of from fresh weights. */
  readonly from?: Pick<LoadedModel, 'config' | 'values' | 'lineage' | 'eye' | 'tokenizer'>;
  readonly sample?: (model: ReturnType<typeof gpt>, store: Store) => Promise<Json>;
}

/** Trains a language model on a stream of tokens and saves it as a model folder. */
export async function pretrain(context: StageContext, options: PretrainOptions): Promise<Lineage> {
  const { out, config, tokenizer, train, validation, ancestors } = options;
  const fingerprint = fingerprintOf([config, kinOf(ancestors), options.from?.lineage?.id]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const { engine } = context;
  const model = options.from
    ? languageModelOf(options.from)
    : gpt({ ...config.model, vocabularySize: tokenizer.vocabSize });
  const { contextLength } = model.config;
  const store = await engine.createStore({
    leaves: leavesOf(model.parameters),
    values: options.from?.values ?? initialise(model.parameters, config.seed),
    trainable: true,
    average: config.training.average !== null,
  });
  try {
    const source = randomWindows({ tokens: train, batchSize: config.batchSize, contextLength, seed: config.seed });
    const measure =
      validation &&
      (await heldOutLoss({
        engine,
        model,
        store,
        batchSize: config.batchSize,
        contextLength,
        batches: evaluationWindows({
          tokens: validation,
          batchSize: config.batchSize,
          contextLength,
          maximumWindows: config.evaluationWindows,
        }),
      }));
    const result = await trainInFolder(context, {
      out,
      title: 'Pretraining',
      config: config,
      fingerprint,
      stores: { model: store },
      phases: [languageModelPhase({ model, source })],
      settings: config.training,
      ...(measure && {
        evaluate: async ({ signal }) => ({ validationLoss: (await measure({ signal })).loss }),
        best: { metric: 'validationLoss', mode: 'min' as const },
      }),
      ...(options.sample && { sample: () => options.sample!(model, store) }),
    });
    const values = await store.read(config.training.average === null ? 'parameters' : 'average');
    return await saveModel({
      folder: modelFolderOf(out),
      kind: 'language-model',
      config: model.config,
      values,
      tokenizer,
      ...(options.from?.eye && { eye: options.from.eye }),
      lineage: {
        stage: 'pretraining',
        name: 'pretrained',
        ancestors,
        settings: { fingerprint, ...config },
        results: { ...result.evaluation?.metrics, steps: result.steps, seconds: result.seconds, tokens: result.tokens },
      },
    });
  } finally {
    await store.dispose();
  }
}
