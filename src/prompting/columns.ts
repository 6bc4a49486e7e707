import { type Place, BadRowError } from '../data/bad-rows.js';
import { detokenise } from '../data/detokenise.js';
import { type JsonObject, nameOf } from '../data/json.js';
import type { Fields } from './example.js';
import type { Column } from './source-schema.js';

/**
 * The fields of a row: its columns as text, then those that a task makes of them, in the order in which it names them;
 * a later one may be made of an earlier one.
 *
 * @throws BadRowError naming the column
 */
export function fieldsOf(row: JsonObject, columns: Readonly<Record<string, Column>>, place: Place): Fields {
  const fields: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(row)) {
    const field = plain(value);
    if (field !== undefined) fields[name] = field;
  }
  for (const [name, column] of Object.entries(columns)) {
    const from = column.from ?? name;
    const value = fields[from];
    if (value === undefined) {
      throw new BadRowError(place, { field: from, why: `there is no text in it; the row is ${nameOf(row)}` });
    }
    const bad = (why: string): BadRowError => new BadRowError(place, { field: from, why });
    if (column.pick !== undefined) {
      fields[name] = picked(value, fields[column.pick], bad);
      continue;
    }
    fields[name] =
      typeof value === 'string' ? made(value, column, bad) : value.map((part) => madeText(part, column, bad));
  }
  return fields;
}

type Bad = (why: string) => BadRowError;

function plain(value: unknown): string | readonly string[] | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value;
  return undefined;
}

function made(value: string, column: Column, bad: Bad): string | readonly string[] {
  if (column.split === undefined) return madeText(value, column, bad);
  const parts = value.split(new RegExp(column.split, 'u')).filter((part) => part.trim() !== '');
  return parts.map((part) => madeText(part, { ...column, split: undefined }, bad));
}

function madeText(value: string, column: Column, bad: Bad): string {
  let text = value;
  if (column.match !== undefined) {
    const found = new RegExp(column.match, 'su').exec(text);
    if (found === null) throw bad(`nothing in it matches ${column.match}`);
    text = found[1] ?? found[0];
  }
  if (column.trim) text = text.trim();
  if (column.detokenise) text = detokenise(joinClitics(text.split(/\s+/)));
  if (column.map !== undefined) {
    const mapped = column.map[text];
    if (mapped === undefined) throw bad(`${JSON.stringify(text)} is none of ${Object.keys(column.map).join(', ')}`);
    text = mapped;
  }
  return text;
}

/** "does n't" is one word, and so is "film 's". */
function joinClitics(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    if (/^('(s|re|ve|ll|d|m)|n't)$/.test(word) && joined.length > 0) joined[joined.length - 1]! += word;
    else joined.push(word);
  }
  return joined;
}

function picked(list: string | readonly string[], by: string | readonly string[] | undefined, bad: Bad): string {
  const index = typeof by === 'string' ? by.trim().toUpperCase().charCodeAt(0) - 65 : NaN;
  const part = typeof list === 'string' ? undefined : list[index];
  if (part === undefined) throw bad(`${JSON.stringify(by)} names no part of it`);
  return part;
}
