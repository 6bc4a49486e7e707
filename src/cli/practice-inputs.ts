import { namedReward } from '../alignment/named-rewards.js';
import type { PpoPrompt, PpoSample, RewardFunction } from '../alignment/ppo/rollouts.js';
import { readPrompts } from '../data/prompts.js';
import { ConfigError, DataError } from '../errors.js';
import type { Ancestor } from '../formats/lineage.js';
import type { LoadedModel } from '../formats/model-folder.js';
import type { ChatTemplate, Message } from '../tokenizer/chat.js';
import type { PracticeFlags } from './practice-flags.js';
import { loadRewardFunction } from './reward-function.js';
import { badRowsOf, openModel, sayBadRows } from './session.js';
import { chatPrompt } from './stages/answering.js';
import { filesAsAncestor } from './stages/corpus.js';
import { modelAsAncestor } from './stages/examples.js';

/** What a model practises on, and who says how well it did: the same for PPO, GRPO and best of n. */

/** A prompt, and where it is known, what an answer to it is worth. */
interface MadePrompt {
  readonly messages: readonly Message[];
  readonly score?: (answer: string, finished: boolean) => number;
}

interface OpenedReward {
  readonly reward: LoadedModel | RewardFunction;
  readonly ancestor: Ancestor;
  /** Prompts that the reward brings along. */
  readonly prompts?: () => readonly MadePrompt[];
}

export interface Practised {
  readonly reward: LoadedModel | RewardFunction;
  readonly prompts: readonly PpoPrompt[];
  /** The reward and the prompts. */
  readonly ancestors: readonly Ancestor[];
}

/** So many prompts are made up where none are given. */
const MADE_PROMPTS = 2000;

/** @throws ConfigError when there is not one reward, or no prompts for it; DataError for bad rows */
export async function practiceInputs(
  flags: PracticeFlags,
  { tokenizer, template }: { tokenizer: LoadedModel['tokenizer']; template: ChatTemplate },
  options: { seed: number; say: (text: string) => void; signal?: AbortSignal },
): Promise<Practised> {
  const { reward, ancestor, prompts: make } = await openReward(flags, options.seed);
  const ids = (messages: readonly Message[]): Int32Array => chatPrompt({ tokenizer }, template, messages);
  if (flags.prompts === undefined) {
    if (make === undefined) {
      throw new ConfigError('--prompts is missing: there is nothing to answer', {
        advice: 'Give dialogues, rankings, or a text file with one prompt a line.',
      });
    }
    const prompts = make().map((prompt) => ({ ...prompt, ids: ids(prompt.messages) }));
    const made: Ancestor = {
      role: 'data',
      name: `${ancestor.name}: prompts made up`,
      size: `${prompts.length} prompts`,
    };
    return { reward, prompts, ancestors: [ancestor, made] };
  }
  const paths = [...flags.prompts];
  const bad = badRowsOf(flags);
  const prompts: PpoPrompt[] = [];
  for await (const { messages } of readPrompts({ paths, ...bad, signal: options.signal })) {
    prompts.push({ messages, ids: ids(messages) });
  }
  sayBadRows(bad, options.say);
  if (prompts.length === 0)
    throw new DataError(`${paths.join(', ')}: there are no prompts in this data`, {
      advice: 'Check the paths: a row is a dialogue that ends with the user.',
    });
  return { reward, prompts, ancestors: [ancestor, await filesAsAncestor(paths, `${prompts.length} prompts`)] };
}

async function openReward({ reward, rewardFunction }: PracticeFlags, seed: number): Promise<OpenedReward> {
  if ((reward === undefined) === (rewardFunction === undefined)) {
    throw new ConfigError('One reward is needed, and only one', {
      advice: 'Give --reward <model> or --reward-function <file or name>.',
    });
  }
  if (reward !== undefined) {
    const model = await openModel(reward, 'reward-model');
    return { reward: model, ancestor: modelAsAncestor(model, 'reward model') };
  }
  const name = rewardFunction!;
  const ancestor: Ancestor = { role: 'reward function', name };
  if (name === 'almanac') return { reward: scoreOfPrompt, ancestor, prompts: await almanacPrompts(seed) };
  const named = namedReward(name);
  if (named === undefined) return loadRewardFunction(name);
  const { score, prompts } = named;
  return {
    reward: (samples) =>
      samples.map(({ prompt, answer, finished }) => score({ messages: prompt.messages, answer, finished })),
    ancestor,
    ...(prompts && { prompts: () => prompts({ seed, count: MADE_PROMPTS }).map((messages) => ({ messages })) }),
  };
}

/** Pays what the prompt itself knows an answer to be worth. */
const scoreOfPrompt: RewardFunction = (samples: readonly PpoSample<PpoPrompt & MadePrompt>[]) =>
  samples.map(({ prompt, answer, finished }) => {
    if (prompt.score) return prompt.score(answer, finished);
    throw new ConfigError("The almanac's labeler can grade answers to its own prompts alone", {
      advice: 'Leave --prompts out: it brings its own along.',
    });
  });

async function almanacPrompts(seed: number): Promise<() => MadePrompt[]> {
  const { grade, rankingPrompts } = await import('../data/almanac/index.js');
  return () =>
    rankingPrompts({ seed, count: MADE_PROMPTS }).map(({ messages, item }) => ({
      messages,
      score: (answer, finished) => grade(item, answer, finished).score,
    }));
}
