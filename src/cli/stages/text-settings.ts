import { z } from 'zod';
import type { TextModelDefinition } from '../../nn/text-model.js';
import { trainingSchema } from '../../training/settings.js';
import { pretrainSchema, trainCommandSchema } from './settings.js';

/** Settings of models of text: of learning from text, and from a task. The descriptions are the command line's help. */

/** Pretraining by name: the model's own settings, and those of every language model. */
export const textPretrainingSchema = ({ schema }: TextModelDefinition) =>
  z.strictObject({ ...pretrainSchema.shape, model: (schema as z.ZodObject).prefault({}) });
export type TextPretrainingConfig = z.output<ReturnType<typeof textPretrainingSchema>>;

/** `descent train <model>`: that, and what it needs before. */
export const trainTextSchema = (definition: TextModelDefinition) =>
  z.strictObject({ ...trainCommandSchema.shape, ...textPretrainingSchema(definition).shape });
export type TrainTextConfig = z.output<ReturnType<typeof trainTextSchema>>;

/**
 * Defaults are GPT-1's (Radford et al. 2018, section 4.1), but for the learning rate: 6.25e-5 suits its 117M parameters, and
 * models of a laptop's size want several times that.
 */
export const fineTuneSchema = z.strictObject({
  batchSize: z.int().positive().default(32).describe('examples per step'),
  epochs: z.number().positive().default(3).describe('passes over the training examples'),
  lambda: z
    .number()
    .min(0)
    .default(0.5)
    .describe("weight of the language model's loss on the task's texts beside the task's own; 0 for none"),
  dropout: z.number().min(0).max(0.99).default(0.1).describe('probability of zeroing an activation, the head included'),
  warmup: z
    .number()
    .min(0)
    .max(1)
    .default(0.002)
    .describe('share of the steps over which the learning rate rises, where schedule.warmupSteps says nothing'),
  pretrained: z
    .boolean()
    .default(true)
    .describe('begin with the weights of the model; false begins with fresh ones, to see what they are worth'),
  validation: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.1)
    .describe('share of the examples held out for testing, where the data has no part for it'),
  maximumExamples: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('train on at most so many, drawn by chance; null for all'),
  maximumTests: z.int().positive().nullable().default(null).describe('test on at most so many; null for all'),
  baselines: z.boolean().default(true).describe('also measure the commonest label and a bag of words'),
  seed: z.int().min(0).default(1).describe('seed of the head and of the order of the examples'),
  training: trainingSchema.omit({ steps: true, lanes: true, accumulation: true, average: true }).prefault({
    optimizer: { beta2: 0.999, weightDecay: 0.01 },
    schedule: { kind: 'linear', learningRate: 5e-4, finalFraction: 0 },
  }),
});
export type FineTuneConfig = z.output<typeof fineTuneSchema>;
