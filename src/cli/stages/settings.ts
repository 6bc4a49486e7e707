import { z } from 'zod';
import { grpoSchema } from '../../alignment/grpo/settings.js';
import { ppoSchema } from '../../alignment/ppo/settings.js';
import { dpoFields, ktoFields } from '../../alignment/preference/settings.js';
import { gptConfigSchema } from '../../families/autoregressive/gpt-config.js';
import { eyeSettingsSchema } from '../../nn/eye-settings.js';
import { trainingSchema } from '../../training/settings.js';

/** Settings of every stage, apart from the stages: a command's help needs these alone. Descriptions are that help. */

/** Of every stage that goes on from a model. */
const lora = z
  .int()
  .positive()
  .nullable()
  .default(null)
  .describe('train low-rank adapters of this rank and keep the weights beneath as they are; null trains all weights');

/** Settings of a new tokenizer. */
export const tokenizerSchema = z.strictObject({
  kind: z
    .enum(['bpe', 'characters'])
    .default('bpe')
    .describe('byte pairs, which can write any text, or one token for each character of the text'),
  vocabularySize: z
    .int()
    .positive()
    .default(4096)
    .describe('tokens of a bpe tokenizer: 256 bytes, the control tokens, and merges'),
  minimumFrequency: z.int().positive().default(2).describe('how often a pair must occur to be merged'),
  pattern: z
    .enum(['gpt2', 'cl100k'])
    .default('gpt2')
    .describe("how text is split before merging: GPT-2's way or GPT-4's"),
});
export type TokenizerConfig = z.output<typeof tokenizerSchema>;

/** How a corpus is split. */
export const splitSchema = z.strictObject({
  validation: z.number().min(0).lt(1).default(0.1).describe('share of the text that is held out; 0 for none'),
  splitBy: z
    .enum(['document', 'tail'])
    .optional()
    .describe('hold out whole documents, or the last part of the text (default: documents where there are 20 or more)'),
  seed: z.int().default(0).describe('seed of which documents are held out'),
});
export type SplitConfig = z.output<typeof splitSchema>;

/** Settings of pretraining; the descriptions are the command line's help. */
export const pretrainSchema = z.strictObject({
  model: z.strictObject(gptConfigSchema.omit({ vocabularySize: true }).shape).prefault({}),
  batchSize: z.int().positive().default(12).describe('sequences per step'),
  evaluationWindows: z
    .int()
    .positive()
    .default(64)
    .describe('held-out windows that the validation loss is measured on'),
  seed: z.int().default(1).describe('seed of the initial weights and of the order of the data'),
  training: trainingSchema.prefault({}),
});
export type PretrainConfig = z.output<typeof pretrainSchema>;

/** How much pretraining text is mixed into the steps of a later stage. */
const mixFields = {
  pretrainingRows: z
    .int()
    .positive()
    .default(2)
    .describe('rows of pretraining text mixed into each step, where such text is given'),
  pretrainingCoefficient: z
    .number()
    .min(0)
    .default(0.1)
    .describe('weight of the loss on that text, which keeps what was learnt before; 0 for none'),
};
export type MixConfig = z.output<z.ZodObject<typeof mixFields>>;

/** Settings of supervised fine-tuning. */
export const supervisedSchema = z.strictObject({
  trains: z
    .enum(['all', 'language', 'projector'])
    .default('all')
    .describe('what learns, in a model that sees: all of it, all but what looks at images, or what lies between alone'),
  batchSize: z.int().positive().default(6).describe('rows of packed dialogues per step'),
  isolated: z.boolean().default(true).describe('dialogues in one row do not see each other'),
  ...mixFields,
  lora,
  seed: z.int().default(1).describe('seed of the order of the dialogues'),
  training: trainingSchema.prefault({}),
});
export type SupervisedConfig = z.output<typeof supervisedSchema>;

/** Settings of reward-model training. */
export const rewardSchema = z.strictObject({
  answers: z.int().min(2).default(64).describe('answers per step; the answers to one prompt are always together'),
  epochs: z.number().positive().default(1).describe('passes over the rankings (InstructGPT: 1, more overfits)'),
  centreCoefficient: z
    .number()
    .min(0)
    .default(0.01)
    .describe("weight of the pull of every prompt's scores towards 0, so that they compare across prompts; 0 for none"),
  time: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('longest prompt and answer together, in tokens (default: the context length)'),
  lora,
  seed: z.int().default(1).describe('seed of the head and of the order of the rankings'),
  training: trainingSchema.omit({ steps: true }).prefault({}),
});
export type RewardConfig = z.output<typeof rewardSchema>;

/** A policy moves in small steps: it is easily led away from all that it can do. */
const preferenceTraining = trainingSchema.omit({ steps: true }).prefault({
  schedule: { kind: 'linear', learningRate: 2e-5, warmupSteps: 10, finalFraction: 0 },
});

/** Settings of DPO and IPO: the objective's own, and the trainer's. */
export const dpoStageSchema = z.strictObject({ ...dpoFields, ...mixFields, lora, training: preferenceTraining });
export type DpoStageConfig = z.output<typeof dpoStageSchema>;

/** Settings of KTO. */
export const ktoStageSchema = z.strictObject({ ...ktoFields, ...mixFields, lora, training: preferenceTraining });
export type KtoStageConfig = z.output<typeof ktoStageSchema>;

const practiceTraining = trainingSchema.omit({ steps: true, accumulation: true }).prefault({
  optimizer: { kind: 'adam', epsilon: 1e-5, epsilonInside: 'tensorflow', beta2: 0.999 },
  schedule: { kind: 'linear', learningRate: 3e-5, finalFraction: 0 },
});

/** Settings of PPO: the algorithm's own, and the trainer's. */
export const ppoStageSchema = z.strictObject({ ppo: ppoSchema.prefault({}), lora, training: practiceTraining });
export type PpoStageConfig = z.output<typeof ppoStageSchema>;

/** Settings of GRPO and RLOO. */
export const grpoStageSchema = z.strictObject({ grpo: grpoSchema.prefault({}), lora, training: practiceTraining });
export type GrpoStageConfig = z.output<typeof grpoStageSchema>;

/** `descent train`: pretraining, and what it needs before that. */
export const trainCommandSchema = z.strictObject({
  ...pretrainSchema.shape,
  tokenizer: tokenizerSchema.prefault({}),
  split: splitSchema.prefault({}),
});
export type TrainCommandConfig = z.output<typeof trainCommandSchema>;

/** `descent sft`. */
export const sftCommandSchema = z.strictObject({
  ...supervisedSchema.shape,
  eye: eyeSettingsSchema.prefault({}),
  epochs: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('passes over the dialogues, instead of training.steps'),
  validation: z.number().min(0).lt(1).default(0.05).describe('share of the dialogues that is held out'),
});
export type SftCommandConfig = z.output<typeof sftCommandSchema>;

/** `descent reward`. */
export const rewardCommandSchema = z.strictObject({
  ...rewardSchema.shape,
  validation: z.number().min(0).lt(1).default(0.1).describe('share of the rankings that is held out'),
});
export type RewardCommandConfig = z.output<typeof rewardCommandSchema>;

const heldOutRankings = z.number().min(0).lt(1).default(0.1).describe('share of the preferences that is held out');

/** `descent dpo`. */
export const dpoCommandSchema = z.strictObject({ ...dpoStageSchema.shape, validation: heldOutRankings });
export type DpoCommandConfig = z.output<typeof dpoCommandSchema>;

/** `descent kto`. */
export const ktoCommandSchema = z.strictObject({ ...ktoStageSchema.shape, validation: heldOutRankings });
export type KtoCommandConfig = z.output<typeof ktoCommandSchema>;

const mixBatchSize = z.int().positive().default(8).describe('sequences per step of the pretraining mix');

/** `descent ppo`. */
export const ppoCommandSchema = z.strictObject({ ...ppoStageSchema.shape, mixBatchSize });
export type PpoCommandConfig = z.output<typeof ppoCommandSchema>;

/** `descent grpo`. */
export const grpoCommandSchema = z.strictObject({ ...grpoStageSchema.shape, mixBatchSize });
export type GrpoCommandConfig = z.output<typeof grpoCommandSchema>;
