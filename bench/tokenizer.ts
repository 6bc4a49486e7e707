/**
 * The tokenizer beside its peers on books: training at vocabulary 30,000 on 15.8 MB against the Rust library
 * `tokenizers`, and encoding and decoding 4 MB with GPT-2's vocabulary against `tiktoken` (WASM) and
 * `@huggingface/tokenizers` (JavaScript). They take turns; the median of the rounds is reported.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { get_encoding } from 'tiktoken';
import { BPE, byteLevelPreTokenizer, Tokenizer as RustTokenizer } from 'tokenizers';
import { DataError } from '../src/errors.js';
import { trainTokenizer } from '../src/tokenizer/bpe-trainer.js';
import { gpt2Tokenizer } from '../src/tokenizer/tokenizer-json-reader.js';
import { type BenchResult, median, significant } from './result.js';

const rounds = 3;
/** The vocabulary that the Rust library's Node binding trains; it cannot be asked for another. */
const vocabSize = 30_000;
/** Characters that are encoded and decoded: a part, because the slowest peer takes long. */
const codedLength = 4e6;
const shared = fileURLToPath(new URL('../../shared/data/', import.meta.url));

/** The package's types name files by an alias that only its own build knows, so they are written here again. */
const HuggingFace = HuggingFaceTokenizer as unknown as new (
  json: object,
  config: object,
) => {
  encode(text: string): { ids: number[] };
  decode(ids: number[]): string;
};

function sharedText(path: string): string {
  if (!existsSync(join(shared, path))) {
    throw new DataError(`This benchmark needs ${path} of the shared data.`, {
      advice: 'Put the data beside the repository, in ../shared/data.',
    });
  }
  return gunzipSync(readFileSync(join(shared, path))).toString('utf8');
}

interface Contestant {
  name: string;
  /** What is timed; its result is handed to `check`, which is not. */
  work: () => unknown;
}

/** The seconds of each contestant's rounds; they take turns, after one turn that is not counted. */
async function takeTurns(contestants: readonly Contestant[]): Promise<Map<string, number[]>> {
  const seconds = new Map(contestants.map(({ name }): [string, number[]] => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, work } of contestants) {
      const started = performance.now();
      await work();
      if (round > 0) seconds.get(name)?.push((performance.now() - started) / 1000);
    }
  }
  return seconds;
}

function rowsOf(task: string, megabytes: number, seconds: ReadonlyMap<string, number[]>): BenchResult['rows'] {
  const own = median([...seconds.values()][0] ?? []);
  return [...seconds].map(([name, samples]) => ({
    task,
    program: name,
    seconds: significant(median(samples)),
    'fastest-slowest': `${significant(Math.min(...samples))}-${significant(Math.max(...samples))}`,
    'MB/s': significant(megabytes / median(samples)),
    'times Descent': significant(median(samples) / own),
  }));
}

/** Trains both, and says whether they learned the same. */
async function training(text: string): Promise<{ rows: BenchResult['rows']; note: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'descent-bench-'));
  try {
    const file = join(folder, 'text.txt');
    writeFileSync(file, text);
    const rust = () => {
      const tokenizer = new RustTokenizer(BPE.empty());
      tokenizer.setPreTokenizer(byteLevelPreTokenizer(false, true));
      tokenizer.train([file]);
      return tokenizer;
    };
    const descent = () =>
      trainTokenizer({ text: [readFileSync(file)], vocabSize, minFrequency: 1, controlTokens: [], pattern: 'gpt2' });
    const seconds = await takeTurns([
      { name: 'Descent', work: descent },
      { name: 'tokenizers (Rust)', work: rust },
    ]);
    const own = new Set(Object.keys((await descent()).toJSON().model.vocab));
    const shared = Object.keys(rust().getVocab()).filter((token) => own.has(token)).length;
    return {
      rows: rowsOf('train 30,000', Buffer.byteLength(text) / 1e6, seconds),
      note:
        `Training: ${((100 * shared) / own.size).toFixed(1)}% of the tokens are the same; the Rust trainer reads ` +
        `line by line, so it sees runs of line breaks otherwise, and starts from the bytes that occur. It uses every ` +
        `core for counting (${availableParallelism()} here), Descent one thread.`,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Encodes and decodes the books chapter by chapter, with the same vocabulary in all three. */
async function coding(text: string): Promise<{ rows: BenchResult['rows']; note: string }> {
  const documents = chunksOf(text);
  const megabytes = Buffer.byteLength(text) / 1e6;
  const descent = gpt2Tokenizer({
    encoder: sharedText('tok-gpt2/encoder.json.gz'),
    merges: sharedText('tok-gpt2/vocab.bpe.gz'),
  });
  const tiktoken = get_encoding('gpt2');
  const huggingFace = new HuggingFace(JSON.parse(JSON.stringify(descent)) as object, {
    clean_up_tokenization_spaces: false,
  });
  const utf8 = new TextDecoder();
  const encoders: { name: string; encode: (text: string) => ArrayLike<number> }[] = [
    { name: 'Descent', encode: (document) => descent.encode(document) },
    { name: 'tiktoken (WASM)', encode: (document) => tiktoken.encode_ordinary(document) },
    { name: '@huggingface/tokenizers', encode: (document) => huggingFace.encode(document).ids },
  ];
  const encoding = await takeTurns(
    encoders.map(({ name, encode }) => ({ name, work: () => documents.map((document) => encode(document).length) })),
  );
  const ids = documents.map((document) => descent.encode(document));
  const idArrays = ids.map((document) => Array.from(document));
  const idTypedArrays = ids.map((document) => Uint32Array.from(document));
  const decoding = await takeTurns([
    { name: 'Descent', work: () => ids.map((document) => descent.decode(document).length) },
    { name: 'tiktoken (WASM)', work: () => idTypedArrays.map((each) => utf8.decode(tiktoken.decode(each)).length) },
    { name: '@huggingface/tokenizers', work: () => idArrays.map((document) => huggingFace.decode(document).length) },
  ]);
  const equal = encoders.slice(1).map(({ name, encode }) => {
    const same = documents.filter((document, index) => isEqual(encode(document), ids[index] ?? [])).length;
    return `${name} ${same} of ${documents.length}`;
  });
  tiktoken.free();
  return {
    rows: [...rowsOf('encode, GPT-2', megabytes, encoding), ...rowsOf('decode, GPT-2', megabytes, decoding)],
    note: `Encoding: ${documents.length} documents, one call each; equal to Descent's ids: ${equal.join(', ')}.`,
  };
}

/** Documents of about 16 kB, cut at paragraphs. */
function chunksOf(text: string): string[] {
  const documents: string[] = [];
  let document = '';
  for (const paragraph of text.split(/(?<=\n\n)/)) {
    document += paragraph;
    if (document.length < 16_384) continue;
    documents.push(document);
    document = '';
  }
  if (document) documents.push(document);
  return documents;
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

export async function run(): Promise<BenchResult> {
  const text = sharedText('text-classic-children/train.txt.gz');
  const trained = await training(text);
  const coded = await coding(text.slice(0, codedLength));
  return {
    name: 'tokenizer',
    rows: [...trained.rows, ...coded.rows],
    notes: [
      trained.note,
      coded.note,
      `Median of ${rounds} rounds after one that is not counted, taken in turns, in one process; "times Descent" ` +
        'above 1 means slower than Descent.',
    ],
  };
}
