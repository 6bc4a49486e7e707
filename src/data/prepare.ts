import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, DataError } from '../errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Documents } from './sources/documents.js';
import { TokenFile, writeTokenFile, type TokenFileHeader } from './token-file.js';

export interface PrepareOptions {
  readonly documents: Documents;
  readonly tokenizer: Tokenizer;
  /** Gets `train.tokens` and `validation.tokens`; created where missing. */
  readonly folder: string;
  /** Share of the validation split, 0 to below 1. Default 0.1. At 0 there is no validation file. */
  readonly validation?: number;
  /**
   * `document`: every document is in one split as a whole, chosen by a hash of (seed, its beginning), so that equal
   * documents never stand on both sides. `tail`: the last share of all tokens, as nanoGPT does. Default: by document
   * where there are 20 or more and both sides get one, otherwise the tail.
   */
  readonly splitBy?: 'document' | 'tail';
  readonly seed?: number;
  /** The control token that ends a document. Default `<|endoftext|>` where the tokenizer has it; null for none. */
  readonly endOfDocument?: string | null;
  readonly onProgress?: (progress: { documents: number; tokens: number; characters: number }) => void;
  readonly signal?: AbortSignal;
}

export interface PreparedTokens {
  readonly train: PreparedSplit;
  /** Undefined where no share was asked for. */
  readonly validation: PreparedSplit | undefined;
  readonly splitBy: 'document' | 'tail';
  readonly characters: number;
}

export interface PreparedSplit {
  readonly path: string;
  readonly header: TokenFileHeader;
}

/**
 * Tokenizes documents into token files on disk, split into training and validation. Streams: memory holds one part of a
 * document and two numbers for every document.
 *
 * @throws DataError when there is no text, or when a split with a share comes out empty
 */
export async function prepareTokens(options: PrepareOptions): Promise<PreparedTokens> {
  const { tokenizer, folder, validation = 0.1 } = options;
  if (!(validation >= 0 && validation < 1)) {
    throw new ConfigError(`validation: ${validation} is not a share from 0 to below 1`, { advice: 'Use 0.1 or so.' });
  }
  await mkdir(folder, { recursive: true });
  const paths = { train: join(folder, 'train.tokens'), validation: join(folder, 'validation.tokens') };
  const allPath = join(folder, 'all.tokens');
  try {
    const { characters, hashes } = await encodeAll(options, allPath);
    const all = TokenFile.open({ path: allPath, tokenizer });
    try {
      const plan = planSplit(options, all.readDocumentEnds(), hashes, validation);
      await rm(paths.validation, { force: true });
      await copyPieces(options, all, plan.train, paths.train);
      if (validation > 0) await copyPieces(options, all, plan.validation, paths.validation);
      const split = (path: string): PreparedSplit => ({ path, header: readTokenHeader(path) });
      return {
        train: split(paths.train),
        validation: validation > 0 ? split(paths.validation) : undefined,
        splitBy: plan.splitBy,
        characters,
      };
    } finally {
      all.close();
    }
  } finally {
    await rm(allPath, { force: true });
  }
}

/** Writes all documents to one file, in their order, and says for each which number its split is chosen by. */
async function encodeAll(options: PrepareOptions, path: string): Promise<{ characters: number; hashes: number[] }> {
  const { tokenizer, seed = 0, signal } = options;
  const endId = endOfDocumentId(options);
  const hashes: number[] = [];
  let characters = 0;
  await writeTokenFile(path, tokenizer, async (writer) => {
    let open = false;
    for await (const part of options.documents) {
      signal?.throwIfAborted();
      if (!open) hashes.push(splitHash(seed, part.text));
      open = !part.ends;
      await writer.append(tokenizer.encode(part.text));
      characters += part.text.length;
      if (open) continue;
      if (endId !== undefined) await writer.append([endId]);
      writer.endDocument();
      options.onProgress?.({ documents: writer.documents, tokens: writer.tokens, characters });
    }
    if (open) writer.endDocument();
  });
  if (characters === 0) {
    throw new DataError('There is no text in this data: not one document with a character in it', {
      advice: 'Check the paths, the field and the separator with descent data inspect.',
    });
  }
  return { characters, hashes };
}

/** A stretch of tokens that goes into one split as one document. */
interface Piece {
  readonly start: number;
  readonly end: number;
}

function planSplit(
  options: PrepareOptions,
  ends: Float64Array,
  hashes: readonly number[],
  share: number,
): { splitBy: 'document' | 'tail'; train: Piece[]; validation: Piece[] } {
  const documents = Array.from(ends, (end, i): Piece => ({ start: i === 0 ? 0 : ends[i - 1]!, end }));
  if (options.splitBy !== 'tail') {
    const train = documents.filter((_, i) => hashes[i]! >= share);
    const validation = documents.filter((_, i) => hashes[i]! < share);
    const complete = train.length > 0 && (validation.length > 0 || share === 0);
    if (complete && (options.splitBy === 'document' || documents.length >= 20 || share === 0)) {
      return { splitBy: 'document', train, validation };
    }
    if (options.splitBy === 'document') {
      const empty = train.length === 0 ? 'training' : 'validation';
      throw new DataError(
        `The ${empty} split is empty: ${documents.length} documents do not divide at a share of ${share}`,
        { advice: "Split by 'tail', change the share or the seed, or give more documents (is the separator right?)." },
      );
    }
  }
  const total = ends[ends.length - 1]!;
  const cut = Math.floor(total * (1 - share));
  if (cut === 0 || (cut === total && share > 0)) {
    throw new DataError(`The ${cut === 0 ? 'training' : 'validation'} split is empty: there are only ${total} tokens`, {
      advice: 'Give more text.',
    });
  }
  const within = (from: number, to: number): Piece[] =>
    documents
      .map(({ start, end }) => ({ start: Math.max(start, from), end: Math.min(end, to) }))
      .filter(({ start, end }) => start < end);
  return { splitBy: 'tail', train: within(0, cut), validation: within(cut, total) };
}

async function copyPieces(options: PrepareOptions, all: TokenFile, pieces: Piece[], path: string): Promise<void> {
  const buffer = new Int32Array(2 ** 18);
  await writeTokenFile(path, options.tokenizer, async (writer) => {
    for (const { start, end } of pieces) {
      options.signal?.throwIfAborted();
      for (let at = start; at < end; at += buffer.length) {
        const chunk = buffer.subarray(0, Math.min(buffer.length, end - at));
        all.readInto(at, chunk);
        await writer.append(chunk);
      }
      writer.endDocument();
    }
  });
}

function endOfDocumentId(options: PrepareOptions): number | undefined {
  const { tokenizer, endOfDocument } = options;
  if (endOfDocument === null) return undefined;
  return endOfDocument === undefined ? tokenizer.controlTokens.get('<|endoftext|>') : tokenizer.idOf(endOfDocument);
}

/** A number in [0, 1) that depends only on the seed and the first 65,536 characters of a document. */
export function splitHash(seed: number, text: string): number {
  const digest = createHash('sha256')
    .update(`${seed}\n`)
    .update(text.slice(0, 2 ** 16))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

function readTokenHeader(path: string): TokenFileHeader {
  const file = TokenFile.open({ path });
  file.close();
  return file.header;
}
