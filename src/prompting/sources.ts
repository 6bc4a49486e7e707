import { join } from 'node:path';
import { BadRows } from '../data/bad-rows.js';
import { defaultEnglish } from '../data/default-english.js';
import { isObject, type JsonObject } from '../data/json.js';
import { readDocuments } from '../data/sources/documents.js';
import { readLines } from '../data/sources/json.js';
import { readRows } from '../data/sources/rows.js';
import { readTask } from '../data/tasks/read.js';
import type { Task, TaskExample as LabelledTexts } from '../data/tasks/task.js';
import { ConfigError, DataError } from '../errors.js';
import { clozes } from './cloze.js';
import { fieldsOf } from './columns.js';
import type { TaskExample, TaskExamples } from './example.js';
import { generate } from './generated/index.js';
import type { Source } from './source-schema.js';

export interface SourceOptions {
  /** The folder that the paths of a task begin in. */
  readonly data?: string;
  /** Leave the training split out, where nobody asks for shots. Default false. */
  readonly testOnly?: boolean;
  readonly signal?: AbortSignal;
}

/** Reads the examples of a task. @throws DataError for a missing file, BadRowError for a bad row */
export async function readExamples(source: Source, options: SourceOptions = {}): Promise<TaskExamples> {
  if (source.kind === 'generated') return generate(source.name, source.settings);
  if (source.kind === 'task') return examplesOfTask(source, options);
  const read = (split: 'train' | 'test'): Promise<readonly TaskExample[]> => readSplit(source, split, options);
  const examples = { train: options.testOnly === true ? [] : await read('train'), test: await read('test') };
  if (examples.test.length > 0) return examples;
  throw new DataError(`There is no example in ${JSON.stringify('test' in source ? source.test : source.kind)}`, {
    advice: 'Check the paths of the task.',
  });
}

/** A task by name; of one that has no part for testing, all is asked. */
async function examplesOfTask(
  { name, columns }: Extract<Source, { kind: 'task' }>,
  { data, testOnly = false, signal }: SourceOptions,
): Promise<TaskExamples> {
  // What was published is not for mending: rows that nobody can use are left out.
  const badRows = new BadRows();
  const task = await readTask(name, { badRows, ...(data !== undefined && { data }), ...(signal && { signal }) });
  const fieldsOfAll = (list: readonly LabelledTexts[]): TaskExample[] =>
    list.map(({ texts, label, ...place }) => ({
      ...place,
      fields: fieldsOf(rowOf(task, texts, label), columns, place),
    }));
  const { train, test = train } = task;
  return { train: testOnly || test === train ? [] : fieldsOfAll(train), test: fieldsOfAll(test) };
}

function rowOf({ kind, labels }: Task, [text, ...others]: readonly string[], label: number): JsonObject {
  const second = kind === 'choice' ? { choices: others } : others.length > 0 ? { text2: others[0] } : {};
  return { text, ...second, label: labels[label] };
}

type ReadSource = Exclude<Source, { kind: 'generated' | 'task' }>;

async function readSplit(source: ReadSource, split: 'train' | 'test', options: SourceOptions): Promise<TaskExample[]> {
  const { data, signal } = options;
  const given = split === 'train' ? ('train' in source ? source.train : undefined) : source.test;
  const within = (path: string): string => {
    if (data !== undefined) return join(data, path);
    throw new ConfigError(`The task reads ${path}, and no folder of data was given`, {
      advice: 'Give the folder that this path begins in with --data.',
    });
  };
  const paths = (): string[] => (typeof given === 'string' ? [given] : Object.values(given ?? {})).map(within);
  if (given === undefined && !(source.kind === 'cloze' && split === 'test')) return [];
  switch (source.kind) {
    case 'rows': {
      const examples: TaskExample[] = [];
      const rows = readRows({
        paths: paths(),
        ...(source.header && { header: source.header }),
        ...(signal && { signal }),
      });
      for await (const { value, ...place } of rows) {
        examples.push({ ...place, fields: fieldsOf(value, source.columns, place) });
      }
      return examples;
    }
    case 'lines':
      return alignedLines(given as Record<string, string>, source, within, signal);
    case 'squad':
      return squad(paths(), signal);
    case 'cloze': {
      const books: string[] = [];
      const documents =
        given === undefined
          ? defaultEnglish()
          : readDocuments({ ...source, paths: paths(), ...(signal && { signal }) });
      for await (const { text } of documents) books.push(text);
      const file = given === undefined ? 'the English that comes with the package' : paths().join(', ');
      return clozes(books, source).map((fields, index) => ({ fields, file, line: index + 1 }));
    }
    case 'documents': {
      const examples: TaskExample[] = [];
      const { separator } = source;
      for await (const { text, file, line } of readDocuments({
        separator,
        paths: paths(),
        ...(signal && { signal }),
      })) {
        examples.push({ fields: { text }, file, line });
      }
      return examples;
    }
  }
}

/** Files whose lines belong together by number, such as a text and its translations. */
async function alignedLines(
  files: Readonly<Record<string, string>>,
  { columns }: Extract<Source, { kind: 'lines' }>,
  within: (path: string) => string,
  signal?: AbortSignal,
): Promise<TaskExample[]> {
  const byLine = new Map<number, JsonObject>();
  const names = Object.keys(files);
  for (const [name, file] of Object.entries(files)) {
    const path = within(file);
    for await (const { text, line } of readLines({ path, kind: 'text', gzipped: path.endsWith('.gz') }, signal)) {
      byLine.set(line, { ...byLine.get(line), [name]: text });
    }
  }
  const file = within(files[names[0]!]!);
  return [...byLine].map(([line, row]) => {
    const missing = names.find((name) => row[name] === undefined);
    if (missing === undefined) return { fields: fieldsOf(row, columns, { file, line }), file, line };
    throw new DataError(`${within(files[missing]!)}:${line}: there is no such line, and ${file} has it`, {
      advice: 'The files have to belong together line by line.',
    });
  });
}

/** Questions in the format of SQuAD 1.1: `context`, `question`, `answer`, and `answers` that count as right. */
async function squad(paths: readonly string[], signal?: AbortSignal): Promise<TaskExample[]> {
  const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
  const examples: TaskExample[] = [];
  for await (const { value, ...place } of readRows({ paths, ...(signal && { signal }) })) {
    for (const article of list(value['data'])) {
      for (const { context, qas } of list(article['paragraphs'])) {
        for (const { question, answers: given } of list(qas)) {
          const answers = list(given).map(({ text }) => String(text));
          if (typeof context !== 'string' || typeof question !== 'string' || answers.length === 0) continue;
          examples.push({
            ...place,
            fields: { context, question, answer: answers[0]!, answers: [...new Set(answers)] },
          });
        }
      }
    }
  }
  return examples;
}
