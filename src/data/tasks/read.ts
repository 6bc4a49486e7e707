import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigError, DataError } from '../../errors.js';
import { BadRowError, type BadRows, reportBadRow } from '../bad-rows.js';
import { readBytes } from '../sources/files.js';
import { readZip } from '../sources/zip.js';
import { brownGenres } from './brown-genres.js';
import { type DeclaredTask, type TaskDeclaration, type TaskFile, declaredTasks } from './declared.js';
import type { TaskRow } from './readers.js';
import type { Task, TaskExample } from './task.js';

/** Every task with a name; the first brings its data along, the others read it from `data`. */
export const taskNames: readonly string[] = ['brown', ...Object.keys(declaredTasks)];

export interface TaskOptions {
  /** The folder that holds the data sets, or one data set. */
  readonly data?: string;
  readonly badRows?: BadRows;
  readonly signal?: AbortSignal;
}

/**
 * Reads a task by its name.
 *
 * @throws ConfigError for a name that is none, or where `data` is needed; DataError for a missing or damaged file;
 *   BadRowError for a bad row unless `badRows` is given
 */
export async function readTask(name: string, options: TaskOptions = {}): Promise<Task> {
  if (name === 'brown') return brownGenres();
  const declared: TaskDeclaration | undefined = Object.hasOwn(declaredTasks, name)
    ? declaredTasks[name as DeclaredTask]
    : undefined;
  if (declared === undefined)
    throw new ConfigError(`There is no task named '${name}'`, { advice: `There are: ${taskNames.join(', ')}.` });
  const { data } = options;
  if (data === undefined) {
    throw new ConfigError(`The task ${name} needs data`, {
      advice: `Give --data: the folder that holds ${declared.train[0]!.path}.`,
    });
  }
  const { title, kind, labels, train, test } = declared;
  const read = { data, labels: Object.entries(labels), badRows: options.badRows, signal: options.signal };
  return {
    name,
    title,
    kind,
    labels: Object.values(labels),
    train: await examplesOf(train, read),
    ...(test && { test: await examplesOf(test, read) }),
  };
}

interface Reading extends Omit<TaskOptions, 'data'> {
  readonly data: string;
  /** The data's word for each label, and what it is called. */
  readonly labels: readonly (readonly [string, string])[];
}

async function examplesOf(files: readonly TaskFile[], reading: Reading): Promise<TaskExample[]> {
  const { labels, badRows } = reading;
  const examples: TaskExample[] = [];
  for (const file of files) {
    const { text, path } = await contentOf(file, reading);
    for (const row of file.read(text, { file: path, ...(badRows && { badRows }) })) {
      const label = labels.findIndex(([word]) => word === row.label);
      if (label >= 0) examples.push({ ...row, label });
      else reportBadRow(badRows, unknownLabel(row, labels));
    }
  }
  if (examples.length === 0)
    throw new DataError(`${files[0]!.path}: there are no examples in this data`, {
      advice: 'Is it the file that its name says? Its rows may all be bad ones.',
    });
  return examples;
}

const unknownLabel = (row: TaskRow, labels: Reading['labels']): BadRowError =>
  new BadRowError(row, {
    why: `has the label ${JSON.stringify(row.label)}, which is none of ${labels.map(([word]) => word).join(', ')}`,
  });

/** The file below the folder that holds the data sets, or in the folder of one. */
const findFile = (path: string, data: string): string | undefined =>
  [join(data, path), join(data, basename(path))].find((each) => existsSync(each));

/** Whether the files of a task are in a folder. */
export const hasTask = (name: DeclaredTask, data: string): boolean => {
  const { train, test = [] }: TaskDeclaration = declaredTasks[name];
  return [...train, ...test].every(({ path }) => findFile(path, data) !== undefined);
};

async function contentOf(
  { path, entry }: TaskFile,
  { data, signal }: Reading,
): Promise<{ text: string; path: string }> {
  const found = findFile(path, data);
  if (found === undefined) {
    throw new DataError(`${join(data, path)}: there is no such file`, {
      advice: 'Give --data the folder that holds the data sets, or the one with this file.',
    });
  }
  const chunks: Uint8Array[] = [];
  const file = { path: found, kind: 'text' as const, gzipped: found.endsWith('.gz') };
  for await (const chunk of readBytes(file, signal)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (entry === undefined) return { text: decode(bytes), path: found };
  for (const { name, content } of readZip(bytes, found))
    if (name === entry) return { text: decode(content()), path: `${found}/${entry}` };
  throw new DataError(`${found}: ${entry} is missing in this zip archive`, { advice: 'Download the archive again.' });
}

/** UTF-8; older collections hold a few letters of Latin 1. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

/** @throws DataError unless every example of a choice has the same number of choices */
export function requireEqualChoices({ kind, name, train, test = [] }: Task): void {
  if (kind !== 'choice') return;
  const count = train[0]!.texts.length;
  const other = [...train, ...test].find(({ texts }) => texts.length !== count);
  if (other === undefined) return;
  throw new DataError(
    `${name}: ${other.file}:${other.line} has ${other.texts.length - 1} choices where the first example has ${count - 1}`,
    { advice: 'Give every example the same number of choices.' },
  );
}
