import { DataError } from '../errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { BadRows, formatPlace } from './bad-rows.js';
import { chatFormats, readChats } from './chats.js';
import { nameOf, shorten } from './json.js';
import { rankingFormats, readRankings } from './rankings.js';
import { readDocuments, type DocumentOptions } from './sources/documents.js';
import { listDataFiles, type DataFile } from './sources/files.js';
import type { Row } from './sources/row.js';
import { readRowsOf, type RowOptions } from './sources/rows.js';

export type DataKind = 'documents' | 'chats' | 'rankings';

/** Counts of a data source. */
export interface DataSummary {
  readonly kind: DataKind;
  /** The unit of lengths: tokens where a tokenizer was given, otherwise characters. */
  readonly unit: 'tokens' | 'characters';
  /** The length of every document, dialogue or prompt with its answers. */
  readonly lengths: readonly number[];
  /** What else was counted, by name: messages of each role, answers, pairs, ... */
  readonly counts: Readonly<Record<string, number>>;
  /** The first rows, shortened. */
  readonly samples: readonly string[];
  readonly badRows: BadRows;
}

export interface InspectOptions extends Omit<DocumentOptions, 'badRows'> {
  /** Default: told by the first row. */
  readonly kind?: DataKind;
  readonly tokenizer?: Pick<Tokenizer, 'encode'>;
}

/**
 * Reads a data source to its end and counts; bad rows are listed, not thrown.
 *
 * @throws DataError when the source cannot be read at all
 */
export async function inspectData(options: InspectOptions): Promise<DataSummary> {
  const kind = options.kind ?? (await detectKind(options));
  const count = new Counter(options.tokenizer);
  const reading = { ...options, badRows: new BadRows() };
  if (kind === 'documents') await countDocuments(reading, count);
  else if (kind === 'chats') await countChats(reading, count);
  else await countRankings(reading, count);
  return {
    kind,
    unit: options.tokenizer === undefined ? 'characters' : 'tokens',
    lengths: count.lengths,
    counts: Object.fromEntries(count.counts),
    samples: count.samples,
    badRows: reading.badRows,
  };
}

/**
 * What a source holds, told by the first row of its first file of a known form; without such a file it is text.
 *
 * @throws DataError when there are neither rows of a known form nor text files
 */
export async function detectKind(options: Pick<InspectOptions, 'paths' | 'field' | 'signal'>): Promise<DataKind> {
  const files = await listDataFiles(options.paths);
  let unknown: Row | undefined;
  for (const file of files.filter(({ kind }) => kind !== 'text')) {
    const row = await readFirstRow(file, options.signal);
    if (row === undefined) continue;
    if (rankingFormats.some(({ matches }) => matches(row.value))) return 'rankings';
    if (chatFormats.some(({ matches }) => matches(row.value))) return 'chats';
    if (typeof row.value[options.field ?? 'text'] === 'string') return 'documents';
    unknown ??= row;
  }
  if (files.some(({ kind }) => kind === 'text')) return 'documents';
  if (unknown === undefined) throw new DataError('There is no row in this data', { advice: 'Check the paths.' });
  throw new DataError(
    `${formatPlace(unknown)}: cannot tell what these rows are: the first is ${nameOf(unknown.value)}`,
    {
      advice: [
        'Name the field that holds a document with --field, or give one of:',
        ...[...chatFormats, ...rankingFormats].map(({ name, shape }) => `  ${name}: ${shape}`),
      ].join('\n'),
    },
  );
}

async function readFirstRow(file: DataFile, signal?: AbortSignal): Promise<Row | undefined> {
  for await (const row of readRowsOf(file, { badRows: new BadRows(), signal })) return row;
  return undefined;
}

class Counter {
  readonly lengths: number[] = [];
  readonly counts = new Map<string, number>();
  readonly samples: string[] = [];
  readonly #tokenizer: Pick<Tokenizer, 'encode'> | undefined;

  constructor(tokenizer: Pick<Tokenizer, 'encode'> | undefined) {
    this.#tokenizer = tokenizer;
  }

  measure(text: string): number {
    return this.#tokenizer === undefined ? text.length : this.#tokenizer.encode(text).length;
  }

  add(name: string, amount = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + amount);
  }

  row(length: number, sample: () => string): void {
    this.lengths.push(length);
    if (this.samples.length < 3) this.samples.push(sample());
  }
}

async function countDocuments(options: DocumentOptions, count: Counter): Promise<void> {
  let length = 0;
  let beginning = '';
  for await (const part of readDocuments(options)) {
    length += count.measure(part.text);
    if (beginning === '') beginning = part.text;
    if (!part.ends) continue;
    const sample = beginning;
    count.row(length, () => oneLine(sample, 200));
    length = 0;
    beginning = '';
  }
}

async function countChats(options: RowOptions, count: Counter): Promise<void> {
  for await (const { messages } of readChats(options)) {
    let length = 0;
    for (const { role, content } of messages) {
      const measured = count.measure(content);
      length += measured;
      count.add(`messages of ${role}`);
      count.add(`length of ${role}`, measured);
    }
    if (messages.filter(({ role }) => role === 'user').length > 1) count.add('dialogues of several turns');
    count.row(length, () => messages.map(({ role, content }) => `${role}: ${oneLine(content, 100)}`).join('\n'));
  }
}

async function countRankings(options: RowOptions, count: Counter): Promise<void> {
  for await (const { messages, answers } of readRankings(options)) {
    const texts = [...messages.map(({ content }) => content), ...answers.map(({ text }) => text)];
    count.add('answers', answers.length);
    count.add(`prompts with ${answers.length} answers`);
    for (const better of answers) {
      for (const worse of answers) {
        if (better.rank < worse.rank) count.add('ordered pairs');
        else if (better !== worse && better.rank === worse.rank) count.add('tied pairs', 0.5);
      }
    }
    count.row(
      texts.reduce((sum, text) => sum + count.measure(text), 0),
      () =>
        [
          ...messages.map(({ role, content }) => `${role}: ${oneLine(content, 100)}`),
          ...answers.map(({ text, rank }) => `  ${rank + 1}. ${oneLine(text, 90)}`),
        ].join('\n'),
    );
  }
}

/** The summary for people: counts, a histogram of the lengths, the first rows, and the bad ones. */
export function formatSummary(summary: DataSummary): string {
  const { kind, unit, lengths, counts, samples, badRows } = summary;
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const lines = [`${format(lengths.length)} ${kind}, ${format(total)} ${unit}`];
  const names = Object.keys(counts).sort();
  for (const name of names) lines.push(`  ${name}: ${format(counts[name] ?? 0)}`);
  if (lengths.length > 0) lines.push('', `length in ${unit}`, ...histogram(lengths));
  samples.forEach((sample, index) => lines.push('', `--- ${index + 1}`, sample));
  if (badRows.count > 0) lines.push('', badRows.toString());
  return lines.join('\n');
}

/** One line a power of two, with a bar as long as its share. */
export function histogram(lengths: readonly number[], width = 40): string[] {
  const bins: number[] = [];
  for (const length of lengths) {
    const bin = length < 1 ? 0 : Math.floor(Math.log2(length)) + 1;
    while (bins.length <= bin) bins.push(0);
    bins[bin]! += 1;
  }
  const first = bins.findIndex((count) => count > 0);
  const most = bins.reduce((highest, count) => Math.max(highest, count), 1);
  const label = (bin: number): string => (bin === 0 ? '0' : `${format(2 ** (bin - 1))}–${format(2 ** bin - 1)}`);
  const labelWidth = label(bins.length - 1).length;
  return bins.slice(first).map((count, i) => {
    const bar = '█'.repeat(Math.ceil((count * width) / most));
    return `  ${label(first + i).padStart(labelWidth)}  ${bar.padEnd(width)} ${format(count)}`;
  });
}

function format(number: number): string {
  return number.toLocaleString('en-US');
}

function oneLine(text: string, length: number): string {
  return shorten(text.slice(0, 4 * length).replace(/\s+/g, ' '), length);
}
