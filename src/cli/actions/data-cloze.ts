import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonLines } from '../../data/json.js';
import { readDocuments } from '../../data/sources/documents.js';
import { clozes } from '../../prompting/cloze.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import type { Invocation } from '../command.js';

export interface DataClozeFlags {
  readonly out: string;
  readonly separator: string;
  readonly sentences?: number;
  readonly candidates: number;
  readonly seed: number;
}

export async function makeClozes({
  positional: paths,
  flags,
  answer,
  signal,
}: Invocation<DataClozeFlags>): Promise<void> {
  const { out, separator, ...options } = flags;
  const books: string[] = [];
  for await (const { text } of readDocuments({ paths, separator, signal })) books.push(text);
  await mkdir(out, { recursive: true });
  const made: { kind: string; path: string; questions: number }[] = [];
  for (const of of ['last word', 'common noun', 'name'] as const) {
    const questions = clozes(books, { of, ...options });
    const path = join(out, `${of.replace(' ', '-')}.jsonl`);
    await writeFileAtomically(path, jsonLines(questions));
    made.push({ kind: of, path, questions: questions.length });
  }
  answer(made, made.map(({ path, questions }) => `${path}: ${questions.toLocaleString('en')} questions`).join('\n'));
}
