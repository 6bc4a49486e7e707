import pc from 'picocolors';
import { type PreparedSplit, prepareTokens } from '../../data/prepare.js';
import { readDocuments } from '../../data/sources/documents.js';
import { saveTokenizer } from '../../tokenizer/tokenizer-folder.js';
import type { Invocation } from '../command.js';
import type { TextFlags } from '../flags.js';
import { openTokenizer } from '../open-tokenizer.js';
import { badRowsOf, sayBadRows } from '../session.js';
import type { SplitConfig } from '../stages/settings.js';

export interface DataPrepareFlags extends TextFlags {
  readonly tokenizer: string;
  readonly out: string;
}

export async function prepareData(invocation: Invocation<DataPrepareFlags, SplitConfig>): Promise<void> {
  const { positional: paths, flags, config, say, answer, signal } = invocation;
  const opened = await openTokenizer(flags.tokenizer);
  const bad = badRowsOf(flags);
  const documents = readDocuments({ ...flags, ...bad, paths, signal });
  const { tokenizer } = opened;
  const prepared = await prepareTokens({ ...config, documents, tokenizer, folder: flags.out, signal });
  await saveTokenizer(flags.out, opened);
  sayBadRows(bad, say);
  const { train, validation, splitBy, characters } = prepared;
  const facts = (split: PreparedSplit | undefined) =>
    split && { path: split.path, tokens: split.header.tokens, documents: split.header.documents };
  const line = (name: string, split: PreparedSplit | undefined): string =>
    split === undefined
      ? `  ${name.padEnd(11)} none`
      : `  ${name.padEnd(11)} ${split.header.tokens.toLocaleString('en')} tokens in ${split.header.documents.toLocaleString('en')} documents`;
  answer(
    { folder: flags.out, characters, splitBy, train: facts(train), validation: facts(validation) ?? null },
    [
      `${pc.bold('Data')}  ${flags.out}, from ${characters.toLocaleString('en')} characters`,
      line('training', train),
      `${line('validation', validation)}${validation ? (splitBy === 'tail' ? ', the end of the text' : ', whole documents') : ''}`,
    ].join('\n'),
  );
}
