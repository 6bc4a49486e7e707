import { z } from 'zod';

/** Settings of learning from preferences without a reward model. The descriptions are the command line's help. */

const shared = {
  answers: z.int().min(2).default(64).describe('answers per step; the answers to one prompt are always together'),
  epochs: z.number().positive().default(1).describe('passes over the data'),
  beta: z
    .number()
    .positive()
    .default(0.1)
    .describe(
      'how strongly the policy is held near to where it started: the KL coefficient of the objective behind it',
    ),
  time: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('longest prompt and answer together, in tokens (default: the context length)'),
  seed: z.int().default(1).describe('seed of the order of the data'),
};

export const dpoFields = {
  ...shared,
  loss: z
    .enum(['sigmoid', 'ipo'])
    .default('sigmoid')
    .describe('sigmoid: DPO; ipo: a squared distance from a margin of 1 / (2 beta)'),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(0.5)
    .default(0)
    .describe('share of the pairs that are thought to be in the wrong order; of the sigmoid loss'),
};
export type DpoConfig = z.output<z.ZodObject<typeof dpoFields>>;

export const ktoFields = {
  ...shared,
  upWeight: z.number().positive().default(1).describe('weight of good answers'),
  downWeight: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('weight of bad answers; null gives them as much in all as the good ones have'),
};
export type KtoConfig = z.output<z.ZodObject<typeof ktoFields>>;
