import { DivergenceError } from '../errors.js';
import { type GuardState, explosionThreshold } from './guard.js';
import type { Phase } from './phase.js';

/** What is said when training diverged: the figures, and what to do. */

interface Diverged {
  readonly step: number;
  readonly phase: Phase;
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Before this loss, or with it where it exploded. */
  readonly guard: GuardState;
}

/** Of a loss or gradient that is NaN or infinite. */
export function notFinite({ step, phase, loss, gradientNorm, guard }: Diverged): DivergenceError {
  const before = guard.count > 0 ? ` The loss until then, smoothed: ${guard.smoothed.toPrecision(5)}.` : '';
  const what = `the loss is ${loss}, the gradient norm ${gradientNorm}.${before}`;
  return new DivergenceError(`Training diverged at step ${step} (phase "${phase.name}"): ${what}`, {
    advice:
      'The step was not applied. Lower the learning rate (schedule.learningRate), lengthen the warm-up ' +
      '(schedule.warmupSteps) or clip more (clipNorm), and look at the batch if it happens at the same step again.',
  });
}

/** Of a loss that the guard stops at. @param factor that of `guardSchema` */
export function exploded({ step, phase, loss, gradientNorm, guard }: Diverged, factor: number): DivergenceError {
  const numbers =
    `loss ${loss.toPrecision(5)}, smoothed ${guard.smoothed.toPrecision(5)}, gradient norm ` +
    `${gradientNorm.toPrecision(4)}; it began at ${guard.first.toPrecision(5)}, reached ` +
    `${guard.lowest.toPrecision(5)}, and the limit is ${explosionThreshold(guard, factor).toPrecision(5)}`;
  return new DivergenceError(
    `Training diverged at step ${step} (phase "${phase.name}"): exploding loss (${numbers}).`,
    {
      advice:
        'Lower the learning rate (schedule.learningRate), lengthen the warm-up (schedule.warmupSteps) or clip more ' +
        '(clipNorm). If this loss may rise so far, raise guard.factor or set guard.exploding to false.',
    },
  );
}
