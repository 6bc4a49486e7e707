import { z } from 'zod';

/** Settings of the exponential moving average of the parameters. */
export const averageSchema = z.strictObject({
  decay: z.number().min(0).lt(1).default(0.999).describe('Share of the old average that each step keeps.'),
  warmup: z
    .boolean()
    .default(true)
    .describe('Keep less at first, (1 + step) / (10 + step), so that the average soon forgets the initial weights.'),
});

export type AverageConfig = z.output<typeof averageSchema>;

/** Share of the old average to keep at a step (1-based): average ← decay · average + (1 - decay) · parameters. */
export function averageDecayAt(average: AverageConfig, step: number): number {
  return average.warmup ? Math.min(average.decay, (1 + step) / (10 + step)) : average.decay;
}
