import { z } from 'zod';
import { rolloutFields } from '../ppo/settings.js';

/** Everything about learning from groups of answers that is a setting. The descriptions are the command line's help. */
export const grpoSchema = z.strictObject({
  ...rolloutFields,
  samplesPerPrompt: z
    .int()
    .min(2)
    .default(8)
    .describe('answers sampled to each prompt, which are compared with each other; must divide rolloutSize'),
  variant: z
    .enum(['grpo', 'dr-grpo', 'rloo'])
    .default('grpo')
    .describe(
      'grpo: advantages over the deviation of the group, every answer counts the same; dr-grpo: neither of the two; ' +
        'rloo: each answer against the mean of the others, and the KL penalty part of the reward',
    ),
});

export type GrpoSettings = z.input<typeof grpoSchema>;
export type GrpoConfig = z.output<typeof grpoSchema>;
