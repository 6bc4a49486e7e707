import type { Command } from 'commander';
import { namedRewards } from '../alignment/named-rewards.js';
import { skipBadRowsFlag } from './flags.js';

/** What a model practises on, and who says how well it did. */
export interface PracticeFlags {
  readonly reward?: string;
  readonly rewardFunction?: string;
  readonly prompts?: readonly string[];
  readonly skipBad?: boolean;
}

export const practiceFlags = (command: Command): Command =>
  skipBadRowsFlag(
    command
      .option('--reward <model>', 'a reward model, or the run that made it')
      .option(
        '--reward-function <file>',
        'a module that scores answers, or a name from above, instead of a reward model',
      )
      .option(
        '--prompts <paths...>',
        'prompts: rankings, dialogues (their last answer is dropped), or a text file, one a line; may be left out where the reward brings some',
      ),
  );

const names: Readonly<Record<string, { about: string; prompts?: unknown }>> = {
  almanac: { about: "the pocket almanac's labeler", prompts: true },
  ...namedRewards,
};

/** For help: how to write a reward, and which there are. */
export const aboutRewards = `A reward function is a module whose default export takes [{ messages, answer, finished }, ...] and returns a number for
each, or a promise of them:

  export default (samples) => samples.map(({ answer }) => -answer.length / 100);

or one of these names:

${Object.entries(names)
  .map(
    ([name, { about, prompts }]) =>
      `  ${name.padEnd(10)}${about}${prompts === undefined ? '' : '; brings prompts along'}`,
  )
  .join('\n')}`;
