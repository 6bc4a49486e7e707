import type { PpoPrompt } from '../../alignment/ppo/rollouts.js';
import type { RolloutConfig } from '../../alignment/ppo/settings.js';
import { randomWindows } from '../../data/windows.js';
import type { Lineage } from '../../formats/lineage.js';
import { openChattingModel } from '../chatting-parent.js';
import type { Invocation } from '../command.js';
import type { RunFlags } from '../flags.js';
import type { PracticeFlags } from '../practice-flags.js';
import { practiceInputs } from '../practice-inputs.js';
import { pretrainingMix } from '../pretraining-mix.js';
import { answerWithModel, withStage } from '../session.js';
import { modelAsAncestor } from '../stages/examples.js';
import { trainGrpo } from '../stages/grpo.js';
import { trainPpo } from '../stages/ppo.js';
import type { PracticeStageOptions } from '../stages/practice.js';
import type { GrpoCommandConfig, PpoCommandConfig } from '../stages/settings.js';
import type { StageContext } from '../stages/stage.js';

export interface PracticeCommandFlags extends RunFlags, PracticeFlags {
  readonly pretraining?: readonly string[];
}

export const ppoCommand = (invocation: Invocation<PracticeCommandFlags, PpoCommandConfig>): Promise<void> => {
  const { mixBatchSize, ...config } = invocation.config;
  return practise(invocation, { key: 'ppo', mixBatchSize, rollouts: config.ppo }, (context, options, mixed) =>
    trainPpo(context, { ...options, config: { ...config, ppo: { ...config.ppo, ...mixed } } }),
  );
};

export const grpoCommand = (invocation: Invocation<PracticeCommandFlags, GrpoCommandConfig>): Promise<void> => {
  const { mixBatchSize, ...config } = invocation.config;
  return practise(invocation, { key: 'grpo', mixBatchSize, rollouts: config.grpo }, (context, options, mixed) =>
    trainGrpo(context, { ...options, config: { ...config, grpo: { ...config.grpo, ...mixed } } }),
  );
};

/** What all that practise need, made from the flags; `train` adds how it is learnt. */
async function practise(
  invocation: Invocation<PracticeCommandFlags>,
  { key, mixBatchSize, rollouts }: { key: string; mixBatchSize: number; rollouts: RolloutConfig },
  train: (
    context: StageContext,
    options: Omit<PracticeStageOptions<PpoPrompt, never>, 'config'>,
    mixed: { pretrainingCoefficient: number },
  ) => Promise<Lineage>,
): Promise<void> {
  const { positional, flags, given, say, signal } = invocation;
  const parent = await openChattingModel(positional[0]!);
  const { seed, maxTokens } = rollouts;
  const { reward, prompts, ancestors } = await practiceInputs(flags, parent, { seed, say, signal });
  const { contextLength } = parent.config;
  const fit = prompts.filter(({ ids }) => ids.length + maxTokens <= contextLength).length;
  say(
    `${fit.toLocaleString('en')} prompts leave room for ${maxTokens} tokens of answer; ${prompts.length - fit} do not`,
  );

  const mix = await pretrainingMix(invocation, parent.tokenizer);
  const isSet = (given[key] as Record<string, unknown> | undefined)?.['pretrainingCoefficient'] !== undefined;
  const pretrainingCoefficient = mix !== undefined && !isSet ? 1 : rollouts.pretrainingCoefficient;
  const lineage = await withStage(flags, signal, (context) =>
    train(
      context,
      {
        out: flags.out,
        parent,
        reward,
        prompts,
        ...(mix && {
          pretraining: randomWindows({ tokens: mix.tokens, batchSize: mixBatchSize, contextLength, seed }),
        }),
        ancestors: [modelAsAncestor(parent), ...ancestors, ...(mix ? [mix.ancestor] : [])],
      },
      { pretrainingCoefficient },
    ),
  );
  answerWithModel(invocation, flags.out, lineage, `Talk to it: npx descent chat ${flags.out}`);
}
