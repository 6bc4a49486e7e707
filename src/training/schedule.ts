import { z } from 'zod';

/** Settings of the learning rate over the run. */
export const scheduleSchema = z.strictObject({
  kind: z
    .enum(['constant', 'linear', 'cosine'])
    .default('cosine')
    .describe('How the learning rate falls after the warm-up: not at all, in a line, or along half a cosine.'),
  learningRate: z.number().min(0).default(1e-3).describe('The highest learning rate, reached after the warm-up.'),
  warmupSteps: z.int().min(0).default(0).describe('Steps over which the learning rate rises in a line from zero.'),
  finalFraction: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('The learning rate at the end, as a share of the highest one.'),
  decayOver: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe(
      'The last share of the run in which the learning rate falls; before that it is held. 1: from the warm-up on.',
    ),
});

export type ScheduleSettings = z.input<typeof scheduleSchema>;
export type ScheduleConfig = z.output<typeof scheduleSchema>;

/**
 * The learning rate of one step.
 *
 * Warm-up: peak · step / (warmupSteps + 1). Then held, and over the last `decayOver` of the run (never before the
 * warm-up's end) from the peak towards finalFraction · peak, which step `steps + 1` would have. Linear with
 * `decayOver: 0.3, finalFraction: 0.05` is "constant, then in a line over the last 30% to 5%"; linear to 0 from the
 * warm-up on is GPT-1's.
 *
 * @param step 1-based
 * @param steps of the whole run
 */
export function learningRateAt(schedule: ScheduleConfig, step: number, steps: number): number {
  const { kind, learningRate, warmupSteps, finalFraction, decayOver } = schedule;
  if (step <= warmupSteps) return (learningRate * step) / (warmupSteps + 1);
  if (kind === 'constant') return learningRate;
  const start = Math.max(warmupSteps, steps * (1 - decayOver));
  if (steps <= start) return learningRate;
  const progress = Math.min(1, Math.max(0, (step - 1 - start) / (steps - start)));
  const fallen = kind === 'linear' ? progress : 0.5 * (1 - Math.cos(Math.PI * progress));
  return learningRate * (1 - (1 - finalFraction) * fallen);
}
