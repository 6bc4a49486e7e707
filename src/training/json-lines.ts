import { open, readFile, type FileHandle } from 'node:fs/promises';
import type { Json } from '../data/json.js';
import { describeWriteError } from '../runtime/atomic-file.js';

/** One line of a log: what happened at a step. */
export type LogLine = { readonly step: number } & { readonly [key: string]: Json };

/** An append-only log, one JSON object a line. */
export class JsonLinesLog {
  readonly path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  static async open(path: string): Promise<JsonLinesLog> {
    return new JsonLinesLog(path, await open(path, 'a'));
  }

  /** Numbers that are not finite become null. */
  async append(line: LogLine): Promise<void> {
    try {
      await this.#handle.appendFile(`${JSON.stringify(line)}\n`);
    } catch (error) {
      throw describeWriteError(error, this.path);
    }
  }

  /** Bytes written so far; a checkpoint remembers them. */
  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  /** Drops what was written after the log had this size: a resumed log goes on as if nothing had happened. */
  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(Math.min(size, await this.size()));
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** The lines of a log. A missing file has none, and a last line that was cut short is left out. */
export async function readJsonLines(path: string): Promise<LogLine[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return [];
  }
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
}
