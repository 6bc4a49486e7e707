import { z } from 'zod';

/** Settings of sampling answers and learning from them, whatever is learnt. The descriptions are the command line's help. */
export const rolloutFields = {
  iterations: z.int().positive().default(40).describe('rounds of sampling and learning'),
  rolloutSize: z.int().positive().default(64).describe('answers sampled per round'),
  minibatchSize: z.int().positive().default(32).describe('answers per optimizer step; must divide rolloutSize'),
  samplesPerPrompt: z
    .int()
    .positive()
    .default(1)
    .describe(
      'answers sampled to each prompt of a round; must divide rolloutSize. Several share the prompt, which is cheaper',
    ),
  epochs: z
    .int()
    .positive()
    .default(1)
    .describe("passes over a round's answers, each in a fresh order (InstructGPT: 1)"),
  maxTokens: z.int().positive().default(32).describe('longest answer, in tokens'),
  temperature: z.number().positive().default(1).describe('sampling temperature; log-probabilities are taken at it too'),
  stopAtEnd: z
    .boolean()
    .default(true)
    .describe('stop sampling an answer at its end-of-turn token; false samples maxTokens and truncates afterwards'),
  truncateAfter: z
    .int()
    .nonnegative()
    .default(0)
    .describe('an end token before so many tokens does not end the answer'),
  unfinishedScore: z
    .number()
    .nullable()
    .default(-1)
    .describe('score of an answer that never ends, in place of the reward; null keeps the reward'),
  klCoefficient: z
    .number()
    .nonnegative()
    .default(0.05)
    .describe('strength of the per-token pull towards the reference model'),
  clipRange: z
    .number()
    .positive()
    .default(0.2)
    .describe('how far the ratio of probabilities may move before it stops paying'),
  pretrainingCoefficient: z
    .number()
    .nonnegative()
    .default(0)
    .describe('weight of the pretraining loss that is added (PPO-ptx)'),
  seed: z.int().default(1).describe('seed of sampling and of the order of minibatches'),
};
export type RolloutConfig = z.output<z.ZodObject<typeof rolloutFields>>;

/** Everything about PPO that is a setting. */
export const ppoSchema = z.strictObject({
  ...rolloutFields,
  klTarget: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('nats per answer that an adaptive coefficient aims at; null keeps it fixed'),
  klHorizon: z.number().positive().default(10_000).describe('answers over which the adaptive coefficient moves'),
  gamma: z.number().min(0).max(1).default(1).describe('discount; 1 is none'),
  lambda: z.number().min(0).max(1).default(0.95).describe("generalised advantage estimation's lambda"),
  valueClipRange: z
    .number()
    .positive()
    .nullable()
    .default(0.2)
    .describe('how far a value may move from its old one before the loss stops falling; null for no clipping'),
  valueLearningRate: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("the value model's learning rate; null for the policy's"),
  whitenRewards: z.boolean().default(false).describe('scale rewards to variance 1 per minibatch, keeping their mean'),
  whitenAdvantages: z.boolean().default(true).describe('scale advantages to mean 0 and variance 1 per minibatch'),
});

export type PpoSettings = z.input<typeof ppoSchema>;
export type PpoConfig = z.output<typeof ppoSchema>;
