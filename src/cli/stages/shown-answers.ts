import type { PracticeOptions } from '../../alignment/ppo/practice.js';
import type { PpoPrompt } from '../../alignment/ppo/rollouts.js';
import type { Json } from '../../data/json.js';

/** Answers of a round that are shown. */
const SHOWN = 8;
/** How often in a run, at the least. */
const TIMES = 20;

/** Steps between samples: practice is short, and its answers tell more than its figures. */
export const answersEvery = (sampleEvery: number, steps: number): number =>
  Math.min(sampleEvery, Math.max(1, Math.floor(steps / TIMES)));

/**
 * A few answers of each round with their scores, for the run's samples.
 *
 * @param onRollout also told of every round
 */
export function shownAnswers<Prompt extends PpoPrompt>(
  onRollout: PracticeOptions<Prompt>['onRollout'],
): { readonly onRollout: NonNullable<PracticeOptions<Prompt>['onRollout']>; readonly sample: () => Promise<Json> } {
  let shown: { prompt: string; answer: string; score: number }[] = [];
  return {
    onRollout(rollout) {
      shown = rollout.samples.slice(0, SHOWN).map(({ prompt, answer }, index) => ({
        prompt: prompt.messages.map(({ content }) => content).join('\n'),
        answer,
        score: rollout.scores[index]!,
      }));
      return onRollout?.(rollout) ?? {};
    },
    sample: () => Promise.resolve(shown),
  };
}
