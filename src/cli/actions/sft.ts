import { packedList } from '../../data/packed-batches.js';
import { ConfigError, DataError } from '../../errors.js';
import { loadImageModel } from '../../formats/image-model-folder.js';
import { ChatTemplate } from '../../tokenizer/chat.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { Invocation } from '../command.js';
import type { RunFlags } from '../flags.js';
import { pretrainingMix } from '../pretraining-mix.js';
import { answerWithModel, badRowsOf, findModel, openModel, sayBadRows, withStage } from '../session.js';
import { filesAsAncestor } from '../stages/corpus.js';
import { encodeDialogues, encodeHeldOut, modelAsAncestor, readDialogues } from '../stages/examples.js';
import { eyeAsAncestor, withEye } from '../stages/eye.js';
import { holdOut } from '../stages/hold-out.js';
import type { SftCommandConfig } from '../stages/settings.js';
import { superviseFineTuning } from '../stages/supervised.js';

export interface SftFlags extends RunFlags {
  readonly chats: readonly string[];
  readonly eye?: string;
  readonly pretraining?: readonly string[];
  readonly skipBad?: boolean;
}

export async function sftCommand(invocation: Invocation<SftFlags, SftCommandConfig>): Promise<void> {
  const { positional, flags, config, given, say, signal } = invocation;
  const found = await openModel(positional[0]!, 'language-model');
  const encoder = flags.eye === undefined ? undefined : await loadImageModel(findModel(flags.eye));
  const parent = encoder ? withEye(found, encoder, { settings: config.eye, seed: config.seed }) : found;
  if (encoder === undefined && given['eye'] !== undefined) {
    throw new ConfigError('--eye.* describes a new eye, and none is given', { advice: 'Give --eye <image model>.' });
  }
  const { template = new ChatTemplate(), tokenizer, eye } = parent;
  const { contextLength } = parent.config;

  const bad = badRowsOf(flags);
  const chats = await readDialogues({ paths: flags.chats, ...(eye && { eye }), ...bad, say, signal });
  sayBadRows(bad, say);
  if (chats.length === 0)
    throw new DataError(`${flags.chats.join(', ')}: there are no dialogues in this data`, {
      advice: 'Check the paths, and what `descent data inspect` says of them.',
    });
  const { rest, heldOut } = holdOut(chats, config.validation);
  const encoding = { tokenizer, template, contextLength, ...(eye && { eye }) };
  const training = await encodeDialogues(rest, encoding);
  const validation = await encodeHeldOut(heldOut, encoding);
  say(
    `${training.examples.length.toLocaleString('en')} dialogues with ${training.targets.toLocaleString('en')} of ` +
      `${training.tokens.toLocaleString('en')} tokens in the loss; ${validation.length} held out`,
  );
  if (training.shortened > 0)
    say(`${training.shortened} were longer than ${contextLength} tokens: their oldest turns were dropped`);
  if (training.leftOut.length > 0)
    say(`${training.leftOut.length} did not fit into ${contextLength} tokens and were left out`);

  const { epochs, validation: _share, eye: _eye, ...supervised } = config;
  const rows = {
    examples: training.examples,
    batchSize: config.batchSize,
    contextLength,
    padId: tokenizer.idOf(CONTROL.pad),
  };
  const steps = epochs === null ? config.training.steps : Math.max(1, Math.round(epochs * packedList(rows).length));
  const source = await filesAsAncestor(flags.chats, `${chats.length} dialogues`);
  const mix = await pretrainingMix(invocation, tokenizer);
  const lineage = await withStage(flags, signal, (context) =>
    superviseFineTuning(context, {
      out: flags.out,
      config: { ...supervised, training: { ...config.training, steps } },
      parent,
      template,
      examples: training.examples,
      validation,
      ...(mix && { pretraining: mix.tokens }),
      ancestors: [
        modelAsAncestor(parent),
        ...(encoder ? [eyeAsAncestor(encoder)] : []),
        source,
        ...(mix ? [mix.ancestor] : []),
      ],
    }),
  );
  answerWithModel(invocation, flags.out, lineage, `Talk to it: npx descent chat ${flags.out}`);
}
