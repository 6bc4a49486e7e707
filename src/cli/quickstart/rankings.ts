import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedModel } from '../../formats/model-folder.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import type { Generation } from '../../sampling/generator.js';
import { counterRandom } from '../../tensor/random.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import { chatPrompt, withGenerator } from '../stages/answering.js';
import { type JudgeableExample, encodeRankings } from '../stages/examples.js';
import { type StageContext, fingerprintOf } from '../stages/stage.js';
import type { QuickstartConfig } from './settings.js';
import type { LabelledPrompt, Task } from './task.js';

/** Rankings for the reward model: given by people, or made by sampling answers and asking the task's labeler. */

export interface RankingOptions {
  readonly folder: string;
  readonly config: QuickstartConfig;
  readonly rankings: NonNullable<Task['rankings']>;
  readonly supervised: LoadedModel;
  /** Told when answers are sampled rather than taken from an earlier call. */
  readonly onSampling?: (event: { state: 'begin' | 'end'; seconds?: number }) => void;
}

interface Saved {
  readonly fingerprint: string;
  readonly rankings: readonly {
    readonly sequences: readonly number[][];
    readonly ranks: readonly number[];
    readonly counts: readonly number[];
    readonly promptLength: number;
  }[];
}

/** Rankings to learn from: those that are given, or sampled answers ranked by the labeler; kept in the folder. */
export async function collectRankings(context: StageContext, options: RankingOptions): Promise<JudgeableExample[]> {
  const { folder, config, rankings, supervised, onSampling } = options;
  const { tokenizer } = supervised;
  if ('given' in rankings) return encodeRankings(rankings.given, { tokenizer, template: supervised.template! });
  const { rankedPrompts, answersPerRanking, rankingUnknownRate, rankingTemperature, cautiousOpening, seed } = config;
  const { maxTokens } = config.reinforcement.ppo;
  const settings = [
    rankedPrompts,
    answersPerRanking,
    rankingUnknownRate,
    cautiousOpening,
    rankingTemperature,
    maxTokens,
    seed,
  ];
  const fingerprint = fingerprintOf([supervised.lineage?.id, ...settings]);
  const path = join(folder, 'rankings.json');
  if (existsSync(path)) {
    const saved = JSON.parse(await readFile(path, 'utf8')) as Saved;
    if (saved.fingerprint === fingerprint && saved.rankings.every(({ promptLength }) => promptLength > 0)) {
      return saved.rankings.map(({ sequences, ...ranking }) => ({
        ...ranking,
        sequences: sequences.map((ids) => Int32Array.from(ids)),
      }));
    }
  }
  onSampling?.({ state: 'begin' });
  const began = performance.now();
  const examples = await sampleAndRank(context, { config, supervised, prompts: rankings.prompts });
  context.signal?.throwIfAborted();
  await mkdir(folder, { recursive: true });
  const plain = examples.map(({ sequences, ...ranking }) => ({
    ...ranking,
    sequences: sequences.map((ids) => [...ids]),
  }));
  await writeFileAtomically(path, JSON.stringify({ fingerprint, rankings: plain } satisfies Saved));
  onSampling?.({ state: 'end', seconds: (performance.now() - began) / 1000 });
  return examples;
}

interface Answer {
  readonly ids: Int32Array;
  readonly text: string;
  readonly finished: boolean;
  /** How often it was given. */
  count: number;
}

/**
 * K answers to each prompt, ranked. One of them is made to begin as a refusal does: where the model knows, it would
 * hardly ever refuse by itself, and the reward model would never learn that a needless refusal is worse than the answer.
 */
async function sampleAndRank(
  context: StageContext,
  options: { config: QuickstartConfig; supervised: LoadedModel; prompts: readonly LabelledPrompt[] },
): Promise<Required<JudgeableExample>[]> {
  const { config, supervised, prompts } = options;
  const { tokenizer, template } = supervised;
  const [fewest, most] = config.answersPerRanking;
  const opening = tokenizer.encode(config.cautiousOpening);
  const questions = prompts.map(({ messages }) => chatPrompt(supervised, template!, messages));
  // K varies from prompt to prompt, as it did for the papers' labelers. Most prompts get few answers: another prompt
  // teaches more than another answer.
  const begun = questions.map((ids, index) => {
    const place = counterRandom(config.seed, 'answers per ranking', index)();
    const count = fewest + Math.floor((most - fewest + 1) * place ** 3);
    const cautious = Int32Array.from([...ids, ...opening]);
    return [cautious, ...Array<Int32Array>(count - 1).fill(ids)];
  });
  const sampled = await withGenerator(context, supervised, (generator) =>
    generator.generateBatch({
      prompts: begun.flat(),
      maxTokens: config.reinforcement.ppo.maxTokens,
      temperature: config.rankingTemperature,
      seed: config.seed,
      stopTokens: [tokenizer.idOf(CONTROL.end)],
      ...(context.signal && { signal: context.signal }),
    }),
  );
  let next = 0;
  return prompts.map((prompt, index): Required<JudgeableExample> => {
    const answers = distinct(
      begun[index]!.map((_, answer) => answerOf(sampled[next++]!, answer === 0 ? opening : undefined)),
      tokenizer,
    );
    return {
      sequences: answers.map(({ ids }) => Int32Array.from([...questions[index]!, ...ids])),
      ranks: prompt.rank(answers),
      counts: answers.map(({ count }) => count),
      promptLength: questions[index]!.length,
    };
  });
}

type Sampled = Pick<Answer, 'ids' | 'finished'>;

function answerOf({ ids, finishReason }: Generation, opening: Int32Array = new Int32Array()): Sampled {
  return { ids: Int32Array.from([...opening, ...ids]), finished: finishReason === 'stop' };
}

/** Equal answers are one, which counts as often as it was given. */
function distinct(answers: readonly Sampled[], tokenizer: LoadedModel['tokenizer']): Answer[] {
  const byText = new Map<string, Answer>();
  for (const { ids, finished } of answers) {
    const text = tokenizer.decode(finished ? ids.subarray(0, -1) : ids);
    const known = byText.get(text);
    if (known) known.count++;
    else byText.set(text, { ids, text, finished, count: 1 });
  }
  return [...byText.values()];
}
