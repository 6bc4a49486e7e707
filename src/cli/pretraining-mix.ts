import { join } from 'node:path';
import { readDocuments } from '../data/sources/documents.js';
import type { TokenFile } from '../data/token-file.js';
import type { Ancestor } from '../formats/lineage.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Invocation } from './command.js';
import { badRowsOf, sayBadRows } from './session.js';
import { filesAsAncestor, keptTokens } from './stages/corpus.js';

interface MixFlags {
  readonly out: string;
  readonly pretraining?: readonly string[];
  readonly skipBad?: boolean;
}

/** The text of --pretraining as tokens, kept in the run, and as an ancestor; undefined without that flag. */
export async function pretrainingMix(
  { flags, say, signal }: Pick<Invocation<MixFlags>, 'flags' | 'say' | 'signal'>,
  tokenizer: Tokenizer,
): Promise<{ tokens: TokenFile; ancestor: Ancestor } | undefined> {
  const { pretraining: paths } = flags;
  if (paths === undefined) return undefined;
  const files = await filesAsAncestor(paths);
  const bad = badRowsOf(flags);
  const { train: tokens } = await keptTokens({
    folder: join(flags.out, 'data'),
    fingerprint: files.id,
    tokenizer,
    documents: () => readDocuments({ paths, ...bad, signal }),
    validation: 0,
    signal,
  });
  sayBadRows(bad, say);
  return { tokens, ancestor: { ...files, role: 'pretraining mix' } };
}
