import { skipGrams } from '../../data/skip-grams.js';
import type { Json } from '../../data/json.js';
import type { TokenStore } from '../../data/token-store.js';
import { evaluationWindows, randomWindows } from '../../data/windows.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import { buildTextModel, saveTextModel } from '../../formats/text-model-folder.js';
import { initialise, leavesOf } from '../../nn/parameters.js';
import type { TextModel, TextModelDefinition } from '../../nn/text-model.js';
import type { HostTree, Store } from '../../runtime/engine.js';
import type { Tensor } from '../../tensor/index.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import type { Phase, TrainingSource } from '../../training/phase.js';
import { type StageContext, finishedStage, fingerprintOf, kinOf, modelFolderOf, trainInFolder } from './stage.js';
import type { TextPretrainingConfig } from './text-settings.js';

export interface TextPretrainingOptions {
  readonly out: string;
  readonly definition: TextModelDefinition;
  readonly config: TextPretrainingConfig;
  /** The one that the tokens were made with. */
  readonly tokenizer: Tokenizer;
  readonly train: TokenStore;
  readonly validation?: TokenStore;
  readonly ancestors: readonly Ancestor[];
}

/** Trains a model of text by name on a stream of tokens, by the loss that it brings along, and saves it. */
export async function pretrainText(context: StageContext, options: TextPretrainingOptions): Promise<Lineage> {
  const { out, definition, config, train, validation, ancestors } = options;
  const fingerprint = fingerprintOf([definition.name, config, kinOf(ancestors)]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const { engine } = context;
  const tokenizer = options.tokenizer.withControlTokens(definition.controls);
  const model = buildTextModel(definition, config.model, tokenizer);
  const average = config.training.average !== null;
  const store = await engine.createStore({
    leaves: leavesOf(model.parameters),
    values: initialise(model.parameters, config.seed),
    trainable: true,
    average,
  });
  try {
    const shape = { batchSize: config.batchSize, seed: config.seed };
    // Without dropout, which a model draws wherever there is a key; what hides tokens needs one.
    const measured = buildTextModel(
      definition,
      { ...config.model, ...('dropout' in config.model && { dropout: 0 }) },
      tokenizer,
    );
    const measure = validation && (await heldOut(context, { model: measured, store, tokens: validation, config }));
    const result = await trainInFolder(context, {
      ...{ out, title: `Pretraining ${definition.title}`, fingerprint },
      config: config as unknown as Json,
      stores: { model: store },
      phases: [phaseOf(definition.name, model, { ...shape, source: sourceOf(model, train, shape) })],
      settings: config.training,
      ...(measure && {
        evaluate: async ({ signal }) => ({ validationLoss: await measure(signal) }),
        best: { metric: 'validationLoss', mode: 'min' as const },
      }),
    });
    return await saveTextModel({
      folder: modelFolderOf(out),
      definition,
      settings: config.model,
      tokenizer,
      values: await store.read(average ? 'average' : 'parameters'),
      lineage: {
        stage: `pretraining: ${definition.name}`,
        name: definition.name,
        ancestors,
        settings: { fingerprint, ...config },
        results: { ...result.evaluation?.metrics, steps: result.steps, seconds: result.seconds, tokens: result.tokens },
      },
    });
  } finally {
    await store.dispose();
  }
}

/** What a model reads of a stream of tokens. */
function sourceOf(
  model: TextModel,
  tokens: TokenStore,
  { batchSize, seed }: { batchSize: number; seed: number },
): TrainingSource {
  const { pretraining, config } = model;
  if (pretraining.reads === 'windows')
    return randomWindows({ tokens, batchSize, contextLength: windowOf(model), seed });
  const pairs = pretraining.batch(batchSize)['centres']!.shape[0]!;
  return skipGrams({ ...pretraining.skipGrams, tokens, vocabulary: config.vocabularySize, pairs, seed });
}

/** Tokens of a stretch, but for the last, which is only predicted. */
const windowOf = ({ pretraining }: TextModel): number => pretraining.batch(1)['tokens']!.shape[1]! - 1;

const phaseOf = (
  name: string,
  { parameters, pretraining }: TextModel,
  { batchSize, source }: { batchSize: number; source: TrainingSource },
): Phase => ({
  name,
  source,
  parameters,
  batch: pretraining.batch(batchSize),
  loss: (p: never, batch: never) => pretraining.loss(p, batch),
});

/** Batches of held-out skip-grams: they have no end, and so many are enough. */
const heldOutBatches = 8;

/** Compiles the mean loss on held-out text, the same each time: what is drawn by chance is drawn by the batch's number. */
async function heldOut(
  { engine }: StageContext,
  options: { model: TextModel; store: Store; tokens: TokenStore; config: TextPretrainingConfig },
): Promise<(signal: AbortSignal) => Promise<number>> {
  const { model, store, tokens, config } = options;
  const { pretraining, parameters } = model;
  const { batchSize } = config;
  const spec = pretraining.batch(batchSize);
  const program = await engine.compile(
    (({ parameters: p, batch }: { parameters: never; batch: { key?: Tensor } }) => ({
      loss: pretraining.loss(p, batch as never).loss,
    })) as never,
    { parameters, batch: spec },
    { name: 'held-out text' },
  );
  const batches = function* (): Generator<Record<string, HostTree>> {
    if (pretraining.reads === 'windows') {
      const contextLength = windowOf(model);
      yield* evaluationWindows({ tokens, batchSize, contextLength, maximumWindows: config.evaluationWindows });
    } else {
      const source = sourceOf(model, tokens, { batchSize, seed: 0 });
      for (let batch = 0; batch < heldOutBatches; batch++) yield source.next() as unknown as Record<string, HostTree>;
    }
  };
  return async (signal) => {
    let [total, counted, number] = [0, 0, 0];
    for (const batch of batches()) {
      signal.throwIfAborted();
      const weight = batch['mask'] instanceof Float32Array ? batch['mask'].reduce((sum, each) => sum + each, 0) : 1;
      const given = 'key' in spec ? { ...batch, key: Int32Array.of(0, number++) } : batch;
      const { loss } = (await program.run({ parameters: store, batch: given })) as {
        loss: Float32Array;
      };
      total += loss[0]! * weight;
      counted += weight;
    }
    return total / counted;
  };
}
