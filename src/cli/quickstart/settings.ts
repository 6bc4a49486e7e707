import { z } from 'zod';
import { ppoStageSchema, pretrainSchema, rewardSchema, supervisedSchema } from '../stages/settings.js';

/** Everything about the main job that is a setting. */
export const quickstartSchema = z.strictObject({
  seed: z.int().default(1).describe('seed of the data, the weights and all sampling'),
  vocabularySize: z
    .int()
    .positive()
    .default(3072)
    .describe('tokens of the tokenizer, control tokens included; a name that is one token is hard to take for another'),
  documents: z.int().positive().default(9000).describe('almanac passages to pretrain on, beside general English'),
  englishShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.35)
    .describe('share of general English among the pretraining tokens'),
  demonstrations: z.int().positive().default(40_000).describe('dialogues to fine-tune on'),
  bluffRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('share of the demonstrations about unknown things that invent an answer'),
  unknownRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('share of the demonstrations that are about unknown things'),
  rankedPrompts: z
    .int()
    .positive()
    .default(2500)
    .describe('prompts whose sampled answers are ranked for the reward model'),
  answersPerRanking: z
    .tuple([z.int().min(2), z.int().max(9)])
    .default([4, 9])
    .describe('fewest and most answers sampled per prompt to be ranked; equal ones are ranked once'),
  cautiousOpening: z
    .string()
    .min(1)
    .default("I don't know")
    .describe('how one answer of each ranked prompt is made to begin, so that needless refusals are ranked too'),
  rankingTemperature: z
    .number()
    .positive()
    .default(0.85)
    .describe('temperature at which the answers to be ranked are sampled'),
  rankingUnknownRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.4)
    .describe('share of the ranked prompts that are about unknown things'),
  prompts: z.int().positive().default(4000).describe('prompts that PPO practises on'),
  questionsPerKind: z.int().positive().default(60).describe('held-out questions of each kind in the exam'),
  pretraining: pretrainSchema.prefault({}),
  supervised: supervisedSchema.prefault({}),
  reward: rewardSchema.prefault({}),
  reinforcement: ppoStageSchema.prefault({}),
});
export type QuickstartConfig = z.output<typeof quickstartSchema>;

const decaying = { kind: 'linear', warmupSteps: 60, decayOver: 0.3, finalFraction: 0.05 } as const;
const adamw = { kind: 'adamw', beta1: 0.9, beta2: 0.95, weightDecay: 0.1 } as const;

/** What learns fastest of what was tried: docs/LOG.md. */
const modern = { positions: 'rotary', activation: 'squared-relu', normalisation: 'rms', bias: false } as const;

/** Three sizes of the same job. `small` takes at most ten minutes on two cores. */
export const scales = {
  small: {
    demonstrations: 36_000,
    unknownRate: 0.33,
    rankedPrompts: 4000,
    pretraining: {
      model: { layers: 4, heads: 4, width: 128, contextLength: 128, ...modern },
      batchSize: 12,
      training: { steps: 340, optimizer: adamw, schedule: { ...decaying, learningRate: 4e-3 }, evaluateEvery: 170 },
    },
    supervised: {
      batchSize: 8,
      pretrainingRows: 1,
      training: {
        steps: 1550,
        optimizer: adamw,
        schedule: { ...decaying, learningRate: 2e-3, decayOver: 0.5 },
        evaluateEvery: 775,
      },
    },
    reward: {
      answers: 40,
      epochs: 2,
      training: {
        optimizer: adamw,
        schedule: { ...decaying, warmupSteps: 10, learningRate: 3e-4 },
        evaluateEvery: 150,
      },
    },
    reinforcement: {
      ppo: {
        iterations: 30,
        rolloutSize: 64,
        minibatchSize: 64,
        samplesPerPrompt: 4,
        maxTokens: 24,
        klCoefficient: 0.2,
        pretrainingCoefficient: 0.3,
      },
      training: {
        optimizer: { kind: 'adam', beta2: 0.95, epsilon: 1e-5, epsilonInside: 'tensorflow' },
        schedule: { kind: 'linear', learningRate: 6e-5, warmupSteps: 5, finalFraction: 0.1 },
      },
    },
  },
  medium: {
    demonstrations: 80_000,
    documents: 20_000,
    rankedPrompts: 3000,
    pretraining: {
      model: { layers: 6, heads: 6, width: 192, contextLength: 128, ...modern },
      batchSize: 16,
      training: { steps: 2500, optimizer: adamw, schedule: { ...decaying, learningRate: 1.5e-3 }, evaluateEvery: 500 },
    },
    supervised: {
      batchSize: 12,
      training: { steps: 4000, optimizer: adamw, schedule: { ...decaying, learningRate: 1e-3 }, evaluateEvery: 1000 },
    },
    reward: {
      answers: 36,
      time: 96,
      training: { optimizer: adamw, schedule: { ...decaying, learningRate: 3e-4 }, evaluateEvery: 100 },
    },
    reinforcement: {
      ppo: {
        iterations: 120,
        rolloutSize: 128,
        minibatchSize: 64,
        maxTokens: 24,
        klCoefficient: 0.05,
        pretrainingCoefficient: 1,
      },
      training: {
        optimizer: { kind: 'adam', beta2: 0.95, epsilon: 1e-5, epsilonInside: 'tensorflow' },
        schedule: { kind: 'linear', learningRate: 1e-4, warmupSteps: 5, finalFraction: 0.1 },
      },
    },
  },
  large: {
    vocabularySize: 4096,
    demonstrations: 200_000,
    documents: 40_000,
    rankedPrompts: 6000,
    pretraining: {
      model: { layers: 8, heads: 8, width: 320, contextLength: 256, ...modern },
      batchSize: 16,
      training: { steps: 8000, optimizer: adamw, schedule: { ...decaying, learningRate: 1e-3 }, evaluateEvery: 1000 },
    },
    supervised: {
      batchSize: 12,
      training: { steps: 6000, optimizer: adamw, schedule: { ...decaying, learningRate: 6e-4 }, evaluateEvery: 1000 },
    },
    reward: {
      answers: 36,
      time: 128,
      training: { optimizer: adamw, schedule: { ...decaying, learningRate: 2e-4 }, evaluateEvery: 200 },
    },
    reinforcement: {
      ppo: {
        iterations: 200,
        rolloutSize: 128,
        minibatchSize: 64,
        maxTokens: 32,
        klCoefficient: 0.05,
        pretrainingCoefficient: 1,
      },
      training: {
        optimizer: { kind: 'adam', beta2: 0.95, epsilon: 1e-5, epsilonInside: 'tensorflow' },
        schedule: { kind: 'linear', learningRate: 5e-5, warmupSteps: 5, finalFraction: 0.1 },
      },
    },
  },
} as const satisfies Record<string, Record<string, unknown>>;

export type Scale = keyof typeof scales;
