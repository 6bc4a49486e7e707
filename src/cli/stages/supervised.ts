import type { Example } from '../../data/examples.js';
import { packedBatches, packedList } from '../../data/packed-batches.js';
import type { TokenStore } from '../../data/token-store.js';
import { ConfigError } from '../../errors.js';
import { heldOutLoss } from '../../evaluation/held-out-loss.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import { eyeJson } from '../../formats/model-eye.js';
import type { LoadedModel } from '../../formats/model-folder.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { ChatTemplate } from '../../tokenizer/chat.js';
import { languageModelPhase } from '../../training/language-model.js';
import { pretrainingTerm } from './pretraining-term.js';
import type { SupervisedConfig } from './settings.js';
import { saveDescendant, trainedModel } from './trained-weights.js';
import { type StageContext, finishedStage, fingerprintOf, kinOf, trainInFolder } from './stage.js';

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
  const { eye } = parent;
  const fingerprint = fingerprintOf([config, kinOf(ancestors), examples.length, ...(eye ? [eyeJson(eye)] : [])]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const stage = config.trains === 'projector' ? 'learning to see' : 'supervised fine-tuning';
  const trainable = learning(config.trains);
  if (trainable !== undefined && eye === undefined) {
    throw new ConfigError(`trains: ${config.trains} is for models that see, and this one does not`, {
      advice: 'Leave it out, or give the model an eye: --eye <image model>.',
    });
  }
  if (trainable !== undefined && config.lora !== null) {
    throw new ConfigError(`trains: ${config.trains} and lora: ${config.lora} each say what learns`, {
      advice: 'Leave one of them out.',
    });
  }
  const { engine } = context;
  const { model, weights } = await trainedModel(engine, parent, config);
  const { contextLength } = model.config;
  const { store } = weights;
  try {
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
    const result = await trainInFolder(context, {
      out,
      title: `${stage[0]!.toUpperCase()}${stage.slice(1)}`,
      config: config,
      fingerprint,
      stores: { model: store },
      phases: [
        {
          ...languageModelPhase({ model, source, packed, name: 'supervised' }),
          ...(trainable && { trainable }),
          also: pretrainingTerm(model, options.pretraining, config),
        },
      ],
      settings: config.training,
      ...(measure && { evaluate: async ({ signal }) => ({ validationLoss: (await measure({ signal })).loss }) }),
    });
    return await saveDescendant({
      out,
      parent: { ...parent, template },
      weights,
      config: model.config,
      lineage: {
        stage,
        name: 'assistant',
        ancestors,
        settings: { fingerprint, ...config },
        results: { ...result.evaluation?.metrics, steps: result.steps, seconds: result.seconds, tokens: result.tokens },
      },
    });
  } finally {
    await weights.dispose();
  }
}

/** Which parameters learn; undefined: all. */
const learning = (trains: SupervisedConfig['trains']): ((path: string) => boolean) | undefined =>
  ({
    all: undefined,
    language: (path: string) => !path.startsWith('eye.encoder.'),
    projector: (path: string) => path.startsWith('eye.projector.'),
  })[trains];
