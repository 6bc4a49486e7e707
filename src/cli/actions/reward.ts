import type { RankedExample, UsableRankings } from '../../alignment/reward-batches.js';
import { readChats } from '../../data/chats.js';
import type { Chat } from '../../data/chats.js';
import { type Ranking, readRankings } from '../../data/rankings.js';
import { DataError } from '../../errors.js';
import { openChattingModel } from '../chatting-parent.js';
import type { Invocation } from '../command.js';
import type { RunFlags } from '../flags.js';
import { answerWithModel, badRowsOf, sayBadRows, withStage } from '../session.js';
import { filesAsAncestor } from '../stages/corpus.js';
import { type Encoding, encodeDialogues, encodeRankings, modelAsAncestor } from '../stages/examples.js';
import { holdOut } from '../stages/hold-out.js';
import { trainReward } from '../stages/reward.js';
import type { RewardCommandConfig } from '../stages/settings.js';

export interface RewardFlags extends RunFlags {
  readonly rankings: readonly string[];
  readonly chats?: readonly string[];
  readonly skipBad?: boolean;
}

/** More references than this change the mean by less than its error. */
const MOST_REFERENCES = 500;

export async function rewardCommand(invocation: Invocation<RewardFlags, RewardCommandConfig>): Promise<void> {
  const { positional, flags, config, say, signal } = invocation;
  const parent = await openChattingModel(positional[0]!);
  const { template, tokenizer } = parent;
  const { contextLength } = parent.config;
  const time = Math.min(config.time ?? Infinity, contextLength);

  const bad = badRowsOf(flags);
  const rankings: Ranking[] = [];
  for await (const ranking of readRankings({ paths: [...flags.rankings], ...bad, signal })) rankings.push(ranking);
  if (rankings.length < 2)
    throw new DataError(`${flags.rankings.join(', ')}: ${rankings.length} ranking(s) are too few`, {
      advice: 'Give two or more: one is held out to measure on.',
    });
  const examples = encodeRankings(rankings, { tokenizer, template });
  const { rest, heldOut } = holdOut(examples, config.validation);
  const encoding = { tokenizer, template, contextLength: time };
  const reference =
    flags.chats === undefined ? bestAnswers(rest, time) : await chatsAsReference(flags.chats, encoding, bad);
  sayBadRows(bad, say);
  if (reference.length === 0) {
    throw new DataError(`No good answer fits into ${time} tokens, so there is nothing to centre the scores on`, {
      advice: 'Raise --time, or use a model with a longer context.',
    });
  }
  const answers = examples.reduce((sum, { sequences }) => sum + sequences.length, 0);
  say(`${rest.length} rankings to train on, ${heldOut.length} held out; ${answers} answers in all`);

  const { validation: _share, ...reward } = config;
  const source = await filesAsAncestor(flags.rankings, `${rankings.length} rankings`);
  const lineage = await withStage(flags, signal, (context) =>
    trainReward(context, {
      out: flags.out,
      config: reward,
      parent,
      rankings: rest,
      heldOut,
      reference,
      ancestors: [modelAsAncestor(parent), source],
    }),
  );
  const { tooLong, longAnswers } = lineage.results as unknown as UsableRankings;
  if (longAnswers > 0)
    say(`${longAnswers} answers did not fit into ${time} tokens and were left out, and ${tooLong} rankings with them`);
  answerWithModel(
    invocation,
    flags.out,
    lineage,
    `Next: npx descent ppo ${positional[0]!} --reward ${flags.out} --prompts …`,
  );
}

const bestAnswers = (examples: readonly RankedExample[], time: number): Int32Array[] =>
  examples
    .flatMap(({ sequences, ranks }) => sequences.filter((_, index) => ranks[index] === 0))
    .filter((sequence) => sequence.length <= time)
    .slice(0, MOST_REFERENCES);

async function chatsAsReference(
  paths: readonly string[],
  encoding: Encoding & { contextLength: number },
  bad: ReturnType<typeof badRowsOf>,
): Promise<Int32Array[]> {
  const chats: Chat[] = [];
  for await (const chat of readChats({ paths: [...paths], ...bad })) {
    if (chats.push(chat) === MOST_REFERENCES) break;
  }
  const { examples } = await encodeDialogues(chats, encoding);
  return examples.map(({ ids }) => ids).filter((ids) => ids.length <= encoding.contextLength);
}
