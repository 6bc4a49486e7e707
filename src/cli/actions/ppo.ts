import type { PpoPrompt } from '../../alignment/ppo/rollouts.js';
import { readPrompts } from '../../data/prompts.js';
import { randomWindows } from '../../data/windows.js';
import { ConfigError, DataError } from '../../errors.js';
import type { Invocation } from '../command.js';
import type { RunFlags } from '../flags.js';
import { loadRewardFunction } from '../reward-function.js';
import { answerWithModel, badRowsOf, openModel, sayBadRows, withStage } from '../session.js';
import { pretrainingMix } from '../pretraining-mix.js';
import { chatPrompt } from '../stages/answering.js';
import { filesAsAncestor } from '../stages/corpus.js';
import { modelAsAncestor } from '../stages/examples.js';
import { trainPpo } from '../stages/ppo.js';
import type { PpoCommandConfig } from '../stages/settings.js';

export interface PpoFlags extends RunFlags {
  readonly reward?: string;
  readonly rewardFunction?: string;
  readonly prompts: readonly string[];
  readonly pretraining?: readonly string[];
  readonly skipBad?: boolean;
}

export async function ppoCommand(invocation: Invocation<PpoFlags, PpoCommandConfig>): Promise<void> {
  const { positional, flags, config, given, say, signal } = invocation;
  const parent = await openModel(positional[0]!, 'language-model');
  const { template, tokenizer } = parent;
  if (template === undefined) {
    throw new ConfigError(`${parent.folder} has not learnt to chat`, { advice: 'Fine-tune it first: descent sft.' });
  }
  const { reward, ancestor: rewardAncestor } = await openReward(flags);

  const bad = badRowsOf(flags);
  const prompts: PpoPrompt[] = [];
  for await (const { messages } of readPrompts({ paths: [...flags.prompts], ...bad, signal })) {
    prompts.push({ messages, ids: chatPrompt({ tokenizer }, template, messages) });
  }
  sayBadRows(bad, say);
  if (prompts.length === 0) throw new DataError(`${flags.prompts.join(', ')}: there are no prompts in this data`);
  const { contextLength } = parent.config;
  const { mixBatchSize, ...settings } = config;
  const fit = prompts.filter(({ ids }) => ids.length + settings.ppo.maxTokens <= contextLength).length;
  say(
    `${fit.toLocaleString('en')} prompts leave room for ${settings.ppo.maxTokens} tokens of answer; ${prompts.length - fit} do not`,
  );

  const mix = await pretrainingMix(invocation, tokenizer);
  const isSet = (given['ppo'] as Record<string, unknown> | undefined)?.['pretrainingCoefficient'] !== undefined;
  const pretrainingCoefficient = mix !== undefined && !isSet ? 1 : settings.ppo.pretrainingCoefficient;
  const lineage = await withStage(flags, signal, async (context) =>
    trainPpo(context, {
      out: flags.out,
      config: { ...settings, ppo: { ...settings.ppo, pretrainingCoefficient } },
      parent,
      reward,
      prompts,
      ...(mix && {
        pretraining: randomWindows({
          tokens: mix.tokens,
          batchSize: mixBatchSize,
          contextLength,
          seed: settings.ppo.seed,
        }),
      }),
      ancestors: [
        modelAsAncestor(parent),
        rewardAncestor,
        await filesAsAncestor(flags.prompts, `${prompts.length} prompts`),
        ...(mix ? [mix.ancestor] : []),
      ],
    }),
  );
  answerWithModel(invocation, flags.out, lineage, `Talk to it: npx descent chat ${flags.out}`);
}

async function openReward({ reward, rewardFunction }: PpoFlags) {
  if ((reward === undefined) === (rewardFunction === undefined)) {
    throw new ConfigError('PPO needs one reward: --reward <model> or --reward-function <file>');
  }
  if (rewardFunction !== undefined) return loadRewardFunction(rewardFunction);
  const model = await openModel(reward!, 'reward-model');
  return { reward: model, ancestor: modelAsAncestor(model, 'reward model') };
}
