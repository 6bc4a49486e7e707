import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { prepareTokens } from '../../data/prepare.js';
import type { Documents } from '../../data/sources/documents.js';
import { listDataFiles } from '../../data/sources/files.js';
import { TokenFile } from '../../data/token-file.js';
import { FormatError } from '../../errors.js';
import type { Ancestor } from '../../formats/lineage.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { trainTokenizer } from '../../tokenizer/bpe-trainer.js';
import { CharacterTokenizer } from '../../tokenizer/character-tokenizer.js';
import { CONTROL_TOKENS } from '../../tokenizer/control-tokens.js';
import { loadTokenizer, saveTokenizer } from '../../tokenizer/tokenizer-folder.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import type { TokenizerConfig } from './settings.js';
import { fingerprintOf } from './stage.js';

/** From files to a tokenizer and to tokens; what was made of the same once is kept. */

const MARK = 'made.json';

async function isMade(folder: string, fingerprint: string): Promise<boolean> {
  const mark = join(folder, MARK);
  return existsSync(mark) && (JSON.parse(await readFile(mark, 'utf8')) as Mark).fingerprint === fingerprint;
}

interface Mark {
  readonly fingerprint: string;
}

const markMade = (folder: string, fingerprint: string): Promise<void> =>
  writeFileAtomically(join(folder, MARK), JSON.stringify({ fingerprint } satisfies Mark));

/** Makes a tokenizer of text. Both kinds can write dialogues: they have the control tokens of the chat template. */
export async function makeTokenizer(
  text: AsyncIterable<string> | Iterable<string>,
  config: TokenizerConfig,
  signal?: AbortSignal,
): Promise<Tokenizer> {
  const { kind, vocabularySize, minimumFrequency, pattern } = config;
  if (kind === 'characters') {
    const characters = new Set<string>();
    for await (const part of text) {
      signal?.throwIfAborted();
      for (const character of part) characters.add(character);
    }
    return CharacterTokenizer.fromText([...characters].join(''), CONTROL_TOKENS);
  }
  return trainTokenizer({ text, vocabSize: vocabularySize, minFrequency: minimumFrequency, pattern, signal });
}

/** The tokenizer in a folder where it was made with this fingerprint; otherwise made, and kept there. */
export async function keptTokenizer(options: {
  folder: string;
  fingerprint: string;
  make: () => Promise<Tokenizer>;
}): Promise<Tokenizer> {
  const { folder, fingerprint, make } = options;
  if (await isMade(folder, fingerprint)) return (await loadTokenizer(folder)).tokenizer;
  const tokenizer = await make();
  await mkdir(folder, { recursive: true });
  await saveTokenizer(folder, { tokenizer });
  await markMade(folder, fingerprint);
  return tokenizer;
}

export interface TokensOptions {
  readonly folder: string;
  readonly fingerprint: string;
  readonly tokenizer: Tokenizer;
  readonly documents: () => Documents;
  /** Share of the validation split. */
  readonly validation: number;
  readonly splitBy?: 'document' | 'tail';
  readonly seed?: number;
  readonly endOfDocument?: string | null;
  readonly signal?: AbortSignal;
}

export interface CorpusTokens {
  readonly train: TokenFile;
  readonly validation?: TokenFile;
}

/** The token files in a folder where they were made with this fingerprint; otherwise made. */
export async function keptTokens(options: TokensOptions): Promise<CorpusTokens> {
  const { folder, fingerprint, tokenizer, documents, ...rest } = options;
  const name = fingerprintOf([fingerprint, tokenizer.toJSON(), rest.validation, rest.splitBy, rest.seed]);
  if (!(await isMade(folder, name))) {
    await rm(join(folder, MARK), { force: true });
    await prepareTokens({ ...rest, documents: documents(), tokenizer, folder });
    await markMade(folder, name);
  }
  return openTokens(folder, tokenizer);
}

const TRAIN_FILE = 'train.tokens';

/** Whether a folder holds token files, as `descent data prepare` writes them. */
export const hasTokens = (folder: string): boolean => existsSync(join(folder, TRAIN_FILE));

/** @throws DataError when the files were made with another tokenizer */
export function openTokens(folder: string, tokenizer: Tokenizer): CorpusTokens {
  if (!hasTokens(folder)) {
    throw new FormatError(`${folder} holds no ${TRAIN_FILE}`, { advice: 'descent data prepare writes it.' });
  }
  const validation = join(folder, 'validation.tokens');
  return {
    train: TokenFile.open({ path: join(folder, TRAIN_FILE), tokenizer }),
    ...(existsSync(validation) && { validation: TokenFile.open({ path: validation, tokenizer }) }),
  };
}

/** Files as an ancestor of a model: their names, a hash of what is in them, and how much it is. */
export async function filesAsAncestor(paths: readonly string[], size?: string): Promise<Ancestor & { id: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const { path } of await listDataFiles(paths)) {
    await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        hash.update(chunk);
      }
    });
  }
  const id = hash.digest('hex').slice(0, 16);
  return { role: 'data', name: paths.join(', '), id, size: size ?? formatBytes(bytes) };
}

const formatBytes = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
