import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RewardFunction } from '../alignment/ppo/rollouts.js';
import { ConfigError } from '../errors.js';
import type { Ancestor } from '../formats/lineage.js';
import type { Message } from '../tokenizer/chat.js';

/** What a reward module's default export is given. */
interface ScoredAnswer {
  readonly messages: readonly Message[];
  readonly answer: string;
  /** Whether it ended by itself within the limit. */
  readonly finished: boolean;
}

/**
 * Loads a module that scores answers, as a reward and as an ancestor.
 *
 * @throws ConfigError when the module is missing, fails, or does not give one finite number an answer
 */
export async function loadRewardFunction(path: string): Promise<{ reward: RewardFunction; ancestor: Ancestor }> {
  const source = await readFile(path).catch((cause: unknown) => {
    throw new ConfigError(`${path} cannot be read`, { cause, advice: 'Give --reward-function an existing module.' });
  });
  const module = (await import(pathToFileURL(resolve(path)).href).catch((cause: unknown) => {
    throw new ConfigError(`${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
      advice: 'It should be a JavaScript module, such as reward.mjs.',
    });
  })) as { readonly default?: unknown };
  if (typeof module.default !== 'function') {
    throw new ConfigError(`${path} has no default export that is a function`, {
      advice: 'export default (samples) => samples.map(({ answer }) => …a number…);',
    });
  }
  const score = module.default as (samples: readonly ScoredAnswer[]) => unknown;
  const reward: RewardFunction = async (samples) => {
    const answers = samples.map(({ prompt, answer, finished }) => ({ messages: prompt.messages, answer, finished }));
    const scores: unknown = await score(answers);
    return checked(scores, answers, path);
  };
  const id = createHash('sha256').update(source).digest('hex').slice(0, 16);
  return { reward, ancestor: { role: 'reward function', name: path, id } };
}

function checked(scores: unknown, answers: readonly ScoredAnswer[], path: string): number[] {
  const list = Array.isArray(scores) || ArrayBuffer.isView(scores) ? Array.from(scores as ArrayLike<unknown>) : [];
  if (list.length !== answers.length) {
    throw new ConfigError(`${path} gave ${list.length} scores for ${answers.length} answers`, {
      advice: 'It should return an array with a number for each sample.',
    });
  }
  const wrong = list.findIndex((value) => typeof value !== 'number' || !Number.isFinite(value));
  if (wrong < 0) return list as number[];
  throw new ConfigError(
    `${path} gave ${String(list[wrong])} for the answer ${JSON.stringify(answers[wrong]!.answer.slice(0, 80))}`,
    { advice: 'Every score should be a finite number.' },
  );
}
