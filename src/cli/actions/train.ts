import { join } from 'node:path';
import { readDocuments } from '../../data/sources/documents.js';
import { ConfigError } from '../../errors.js';
import { gptConfig } from '../../families/autoregressive/gpt-config.js';
import type { Ancestor } from '../../formats/lineage.js';
import type { LoadedModel } from '../../formats/model-folder.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import type { Invocation } from '../command.js';
import type { RunFlags, TextFlags } from '../flags.js';
import { openTokenizer } from '../open-tokenizer.js';
import { answerWithModel, badRowsOf, openModel, sayBadRows, withStage } from '../session.js';
import {
  type CorpusTokens,
  filesAsAncestor,
  hasTokens,
  keptTokenizer,
  keptTokens,
  makeTokenizer,
  openTokens,
} from '../stages/corpus.js';
import { modelAsAncestor } from '../stages/examples.js';
import { pretrain } from '../stages/pretrain.js';
import type { TrainCommandConfig } from '../stages/settings.js';
import { fingerprintOf } from '../stages/stage.js';

export interface TrainFlags extends RunFlags, TextFlags {
  readonly data: readonly string[];
  readonly tokenizer?: string;
  readonly from?: string;
}

type TrainInvocation = Invocation<TrainFlags, TrainCommandConfig>;
type CorpusInvocation = Invocation<TrainFlags, Pick<TrainCommandConfig, 'tokenizer' | 'split'>>;

export async function trainCommand(invocation: TrainInvocation): Promise<void> {
  const { flags, config, given, signal } = invocation;
  const from = flags.from === undefined ? undefined : await openModel(flags.from, 'language-model');
  if (from !== undefined && given['model'] !== undefined) {
    throw new ConfigError('--model.* cannot be set beside --from: the model keeps its shape', {
      advice: 'Leave --from out to begin a new model.',
    });
  }
  // An impossible shape is said before anything is made; the vocabulary is not known yet and changes nothing.
  if (from === undefined) gptConfig({ ...config.model, vocabularySize: 1 });
  const { tokenizer, tokens, text } = await prepareCorpus(invocation, from);
  const validation = tokens.validation;
  const { tokenizer: _tokenizer, split: _split, ...pretraining } = config;
  const lineage = await withStage(flags, signal, (context) =>
    pretrain(context, {
      out: flags.out,
      config: pretraining,
      tokenizer,
      train: tokens.train,
      validation,
      ancestors: [...(from ? [modelAsAncestor(from)] : []), text],
      from,
    }),
  );
  answerWithModel(invocation, flags.out, lineage, `Try it: npx descent generate ${flags.out} "Once upon a time"`);
}

export interface Corpus {
  readonly tokenizer: Tokenizer;
  readonly tokens: CorpusTokens;
  readonly text: Ancestor;
}

/** The tokens to train on: those of a prepared folder, or made of text and kept in the run. Says how many they are. */
export async function prepareCorpus(invocation: CorpusInvocation, from: LoadedModel | undefined): Promise<Corpus> {
  const corpus = await openCorpus(invocation, from);
  const { tokenizer, tokens } = corpus;
  invocation.say(
    `${tokens.train.length.toLocaleString('en')} tokens to train on, ${(tokens.validation?.length ?? 0).toLocaleString('en')} held out, ` +
      `vocabulary ${tokenizer.vocabSize.toLocaleString('en')}`,
  );
  return corpus;
}

async function openCorpus(invocation: CorpusInvocation, from: LoadedModel | undefined): Promise<Corpus> {
  const { flags, config, given, say, signal } = invocation;
  const [folder] = flags.data;
  const prepared = flags.data.length === 1 && hasTokens(folder!);
  const existing = await existingTokenizer(flags, from, prepared ? folder : undefined);
  if (existing !== undefined && given['tokenizer'] !== undefined) {
    throw new ConfigError('--tokenizer.* describes a new tokenizer, and there is one already', {
      advice: 'Leave these settings out, or --tokenizer and --from.',
    });
  }
  if (prepared) {
    const tokens = openTokens(folder!, existing!);
    const { sha256, tokens: count } = tokens.train.header;
    const size = `${count.toLocaleString('en')} tokens`;
    return { tokenizer: existing!, tokens, text: { role: 'data', name: folder!, id: sha256.slice(0, 16), size } };
  }
  const files = await filesAsAncestor(flags.data);
  const bad = badRowsOf(flags);
  const documents = () => readDocuments({ ...flags, ...bad, paths: flags.data, signal });
  async function* texts(): AsyncGenerator<string> {
    say('Making a tokenizer of the text');
    for await (const { text } of documents()) yield text;
  }
  const source = [files.id, flags.field, flags.separator, flags.skipBad];
  const tokenizer =
    existing ??
    (await keptTokenizer({
      folder: join(flags.out, 'tokenizer'),
      fingerprint: fingerprintOf([source, config.tokenizer]),
      make: () => makeTokenizer(texts(), config.tokenizer, signal),
    }));
  const tokens = await keptTokens({
    ...config.split,
    folder: join(flags.out, 'data'),
    fingerprint: fingerprintOf(source),
    tokenizer,
    documents: () => {
      say('Turning the text into tokens');
      return documents();
    },
    signal,
  });
  sayBadRows(bad, say);
  const size = `${tokens.train.length.toLocaleString('en')} tokens`;
  return { tokenizer, tokens, text: { ...files, id: tokens.train.header.sha256.slice(0, 16), size } };
}

async function existingTokenizer(
  { tokenizer }: TrainFlags,
  from: LoadedModel | undefined,
  prepared: string | undefined,
): Promise<Tokenizer | undefined> {
  if (from !== undefined && tokenizer !== undefined) {
    throw new ConfigError('--tokenizer cannot stand beside --from: the model keeps its tokenizer', {
      advice: 'Leave one of them out.',
    });
  }
  if (from !== undefined) return from.tokenizer;
  const folder = tokenizer ?? prepared;
  return folder === undefined ? undefined : (await openTokenizer(folder)).tokenizer;
}
