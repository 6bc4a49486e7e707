import { z } from 'zod';

/** Settings of the optimizer. The learning rate is the schedule's. */
export const optimizerSchema = z.strictObject({
  kind: z
    .enum(['adamw', 'adam', 'sgd'])
    .default('adamw')
    .describe(
      'adamw: Adam with decoupled weight decay (Loshchilov & Hutter 2019), none on vectors such as biases and gains; ' +
        'adam: weight decay is added to the gradient (Kingma & Ba 2015); sgd: with or without momentum.',
    ),
  beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of Adam's running mean of the gradient."),
  beta2: z.number().min(0).lt(1).default(0.95).describe("Decay of Adam's running mean of the squared gradient."),
  epsilon: z.number().positive().default(1e-8).describe('Added to the root of the second moment.'),
  epsilonInside: z
    .enum(['torch', 'tensorflow'])
    .default('torch')
    .describe(
      'Where epsilon goes: torch adds it after the bias correction, tensorflow before it (epsilon-hat in the Adam ' +
        "paper). InstructGPT-style PPO needs tensorflow: with torch's, the first steps move several times as far.",
    ),
  weightDecay: z.number().min(0).default(0).describe('Strength of the decay of weight matrices towards zero.'),
  momentum: z.number().min(0).lt(1).default(0).describe('Momentum of sgd; 0 for none.'),
});

export type OptimizerSettings = z.input<typeof optimizerSchema>;
/** The settings with every default filled in. */
export type OptimizerConfig = z.output<typeof optimizerSchema>;

/** The buffers that this optimizer keeps between steps, and that a checkpoint must therefore hold. */
export function momentBuffers(optimizer: OptimizerConfig): readonly ('firstMoment' | 'secondMoment')[] {
  if (optimizer.kind !== 'sgd') return ['firstMoment', 'secondMoment'];
  return optimizer.momentum > 0 ? ['firstMoment'] : [];
}
