import { z } from 'zod';

/** Settings of the watch over the loss. */
export const guardSchema = z.strictObject({
  factor: z
    .number()
    .positive()
    .default(2)
    .describe(
      'Training stops as exploding when the loss, smoothed over about ten steps, is above its start by more than this ' +
        'many times the greatest of: the size of the loss at the start, its improvement so far, and 1.',
    ),
  exploding: z.boolean().default(true).describe('Whether to stop on an exploding loss. NaN and infinity always stop.'),
});

export type GuardConfig = z.output<typeof guardSchema>;

/** What the guard remembers; part of a checkpoint. */
export interface GuardState {
  readonly count: number;
  /** Mean loss of the first steps. */
  readonly first: number;
  readonly smoothed: number;
  readonly lowest: number;
}

export const initialGuardState: GuardState = { count: 0, first: 0, smoothed: 0, lowest: 0 };

const warmup = 10;

/** Takes one more loss into account: the mean of the first ten, then an exponential mean over about ten. */
export function watchLoss(state: GuardState, loss: number): GuardState {
  const count = state.count + 1;
  if (count <= warmup) {
    const first = state.first + (loss - state.first) / count;
    return { count, first, smoothed: first, lowest: first };
  }
  const smoothed = state.smoothed + (loss - state.smoothed) / warmup;
  return { count, first: state.first, smoothed, lowest: Math.min(state.lowest, smoothed) };
}

/** The smoothed loss above which training counts as exploding. */
export function explosionThreshold(state: GuardState, factor: number): number {
  return state.first + factor * Math.max(Math.abs(state.first), state.first - state.lowest, 1);
}

/** Whether training has to stop: the smoothed loss is above the threshold. */
export function isExploding(state: GuardState, config: GuardConfig): boolean {
  return config.exploding && state.count > warmup && state.smoothed > explosionThreshold(state, config.factor);
}
