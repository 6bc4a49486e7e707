import { BadRowError, reportBadRow, type BadRows, type Place } from '../bad-rows.js';
import { isObject, nameOf, type JsonObject } from '../json.js';
import { readText, type DataFile } from './files.js';
import type { ReadOptions, Row } from './row.js';

/** The lines of a text file with their numbers from 1; empty lines count but are not given. */
export async function* readLines(file: DataFile, signal?: AbortSignal): AsyncGenerator<{ text: string; line: number }> {
  let held = '';
  let line = 1;
  for await (const chunk of readText(file, signal)) {
    const lines = (held + chunk).split('\n');
    held = lines.pop() ?? '';
    for (const text of lines) {
      if (text.trim() !== '') yield { text, line };
      line++;
    }
  }
  if (held.trim() !== '') yield { text: held, line };
}

/** Rows of a JSONL file: one JSON object a line. */
export async function* readJsonLines(file: DataFile, options: ReadOptions = {}): AsyncGenerator<Row> {
  for await (const { text, line } of readLines(file, options.signal)) {
    const value = parseRow(text, { file: file.path, line }, options.badRows);
    if (value !== undefined) yield { value, file: file.path, line };
  }
}

/**
 * Rows of a JSON file: the objects of one top-level array (read as it streams, so that its size does not matter), or
 * the one top-level object. A row's line is the one where it begins.
 */
export async function* readJsonArray(file: DataFile, options: ReadOptions = {}): AsyncGenerator<Row> {
  const splitter = new ArraySplitter(file.path);
  let item = 0;
  for await (const chunk of readText(file, options.signal)) {
    for (const { text, line } of splitter.push(chunk)) {
      const place = { file: file.path, line, item: ++item };
      const value = parseRow(text, place, options.badRows);
      if (value !== undefined) yield { value, ...place };
    }
  }
  try {
    splitter.end();
  } catch (error) {
    reportBadRow(options.badRows, error);
  }
}

function parseRow(text: string, place: Place, badRows?: BadRows): JsonObject | undefined {
  try {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BadRowError(place, { why: `not valid JSON: ${reason}`, cause });
    }
    if (!isObject(value))
      throw new BadRowError(place, { why: `a row must be an object, but this is ${nameOf(value)}` });
    return value;
  } catch (error) {
    reportBadRow(badRows, error);
    return undefined;
  }
}

/** Cuts the text of a JSON array into the texts of its elements, without holding more than one of them. */
class ArraySplitter {
  readonly #file: string;
  #state: 'start' | 'array' | 'done' = 'start';
  /** Brackets open inside the current element. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  #element = '';
  #elementLine = 0;
  #line = 1;
  #single = false;

  constructor(file: string) {
    this.#file = file;
  }

  push(chunk: string): { text: string; line: number }[] {
    const elements: { text: string; line: number }[] = [];
    /** Where the part of the current element that lies in this chunk begins. */
    let from = this.#element === '' ? -1 : 0;
    const finish = (at: number): void => {
      if (from >= 0) this.#element += chunk.slice(from, at);
      if (this.#element.trim() !== '') elements.push({ text: this.#element, line: this.#elementLine });
      this.#element = '';
      from = -1;
    };
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at);
      if (code === 10) this.#line++;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (code === backslash) this.#escaped = true;
        else if (code === quote) this.#inString = false;
        continue;
      }
      if (code <= 32) continue;
      if (this.#state === 'done') {
        this.#fail('there is text after the end of the array; for one object a line, name the file .jsonl');
      }
      if (this.#state === 'start') {
        this.#state = 'array';
        if (code === openBracket) continue;
        if (code !== openBrace) this.#fail('a JSON file of rows must be an array of objects');
        this.#single = true;
      }
      if (this.#depth === 0 && !this.#single && (code === comma || code === closeBracket)) {
        finish(at);
        if (code === closeBracket) this.#state = 'done';
        continue;
      }
      if (from < 0 && this.#element === '') {
        from = at;
        this.#elementLine = this.#line;
      }
      if (code === quote) this.#inString = true;
      else if (code === openBracket || code === openBrace) this.#depth++;
      else if (code === closeBracket || code === closeBrace) {
        this.#depth--;
        if (this.#single && this.#depth === 0) {
          finish(at + 1);
          this.#state = 'done';
        }
      }
    }
    if (from >= 0) this.#element += chunk.slice(from);
    return elements;
  }

  end(): void {
    if (this.#state === 'array') this.#fail('the file ends inside the array: it is cut off');
  }

  #fail(why: string): never {
    throw new BadRowError({ file: this.#file, line: this.#line }, { why });
  }
}

const quote = 34;
const backslash = 92;
const comma = 44;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;
