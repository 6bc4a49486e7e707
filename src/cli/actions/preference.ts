import { votesOf } from '../../alignment/preference/kto.js';
import { type Ranking, readRankings } from '../../data/rankings.js';
import { type Vote, readVotes } from '../../data/votes.js';
import { ConfigError, DataError } from '../../errors.js';
import type { Lineage } from '../../formats/lineage.js';
import { openChattingModel } from '../chatting-parent.js';
import type { Invocation } from '../command.js';
import type { RunFlags } from '../flags.js';
import { pretrainingMix } from '../pretraining-mix.js';
import { answerWithModel, badRowsOf, sayBadRows, withStage } from '../session.js';
import { filesAsAncestor } from '../stages/corpus.js';
import { encodeRankings, encodeVotes, modelAsAncestor } from '../stages/examples.js';
import { holdOut } from '../stages/hold-out.js';
import { trainDpo, trainKto } from '../stages/preference.js';
import type { DpoCommandConfig, KtoCommandConfig } from '../stages/settings.js';

export interface PreferenceFlags extends RunFlags {
  readonly rankings?: readonly string[];
  readonly votes?: readonly string[];
  readonly pretraining?: readonly string[];
  readonly skipBad?: boolean;
}

export async function dpoCommand(invocation: Invocation<PreferenceFlags, DpoCommandConfig>): Promise<void> {
  const { flags, config, say, signal } = invocation;
  const { validation, ...settings } = config;
  const { parent, mix, rankings } = await prepare(invocation);
  const { rest, heldOut } = holdOut(encodeRankings(rankings, parent), validation);
  say(`${rest.length} rankings to learn from, ${heldOut.length} held out`);
  const lineage = await withStage(flags, signal, async (context) =>
    trainDpo(context, {
      out: flags.out,
      config: settings,
      parent,
      rankings: rest,
      heldOut,
      ...(mix && { pretraining: mix.tokens }),
      ancestors: [
        modelAsAncestor(parent),
        await filesAsAncestor(flags.rankings!, `${rankings.length} rankings`),
        ...(mix ? [mix.ancestor] : []),
      ],
    }),
  );
  finish(invocation, lineage);
}

export async function ktoCommand(invocation: Invocation<PreferenceFlags, KtoCommandConfig>): Promise<void> {
  const { flags, config, say, signal } = invocation;
  if (flags.rankings === undefined && flags.votes === undefined) {
    throw new ConfigError('There is nothing to learn from: --votes and --rankings are missing', {
      advice: 'Give answers with a label in --votes, or rankings, which become votes.',
    });
  }
  const { validation, ...settings } = config;
  const { parent, mix, rankings, votes } = await prepare(invocation);
  const judged = [...encodeRankings(rankings, parent).map(votesOf), ...encodeVotes(votes, parent)];
  const { rest, heldOut } = holdOut(judged, validation);
  say(`${rest.length} prompts with judged answers to learn from, ${heldOut.length} held out`);
  const paths = [...(flags.rankings ?? []), ...(flags.votes ?? [])];
  const lineage = await withStage(flags, signal, async (context) =>
    trainKto(context, {
      out: flags.out,
      config: settings,
      parent,
      judged: rest,
      heldOut,
      ...(mix && { pretraining: mix.tokens }),
      ancestors: [
        modelAsAncestor(parent),
        await filesAsAncestor(paths, `${rankings.length} rankings, ${votes.length} votes`),
        ...(mix ? [mix.ancestor] : []),
      ],
    }),
  );
  finish(invocation, lineage);
}

async function prepare(invocation: Invocation<PreferenceFlags>) {
  const { positional, flags, say, signal } = invocation;
  const parent = await openChattingModel(positional[0]!);
  const bad = badRowsOf(flags);
  const rankings: Ranking[] = [];
  if (flags.rankings !== undefined) {
    for await (const one of readRankings({ paths: [...flags.rankings], ...bad, signal })) rankings.push(one);
  }
  const votes: Vote[] = [];
  if (flags.votes !== undefined) {
    for await (const one of readVotes({ paths: [...flags.votes], ...bad, signal })) votes.push(one);
  }
  sayBadRows(bad, say);
  const count = rankings.length + votes.length;
  if (count < 2) {
    const paths = [...(flags.rankings ?? []), ...(flags.votes ?? [])];
    throw new DataError(`${paths.join(', ')}: ${count} example(s) are too few to learn from`, {
      advice: 'Give two or more: one is held out to measure on.',
    });
  }
  return { parent, rankings, votes, mix: await pretrainingMix(invocation, parent.tokenizer) };
}

function finish(invocation: Invocation<PreferenceFlags>, lineage: Lineage): void {
  const { out } = invocation.flags;
  answerWithModel(invocation, out, lineage, `Talk to it: npx descent chat ${out}`);
}
