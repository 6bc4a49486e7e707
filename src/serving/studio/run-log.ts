import { type FileHandle, open, stat } from 'node:fs/promises';
import { inTurn } from '../in-turn.js';
import { Series, type SeriesState } from './series.js';

/** A row of a run's log: its step, and one value for each of the keys; null where it has none. */
export type LogRow = readonly [step: number, ...values: (number | null)[]];

/** What is new in a log. `whole` replaces all that was known; rows go behind it. */
export interface LogUpdate {
  /** For the next question. */
  readonly cursor: string;
  readonly whole?: Readonly<Record<string, SeriesState>>;
  readonly keys: readonly string[];
  readonly rows: readonly LogRow[];
  /** What the run warned of, all of it. */
  readonly warnings: readonly { readonly step: number; readonly text: string }[];
}

/** Rows kept as they are; whoever asks for older ones gets the curves instead. */
const KEPT_ROWS = 4096;
const CHUNK = 1 << 20;

/**
 * A metrics.jsonl that is being written, read as it grows: each byte once, whoever asks. A resumed run cuts its log; then
 * the curves are made anew.
 */
export class RunLog {
  readonly #path: string;
  #generation = 0;
  #bytes = 0;
  #count = 0;
  #recent: { readonly step: number; readonly figures: ReadonlyMap<string, number> }[] = [];
  #curves = new Map<string, Series>();
  #warnings: { step: number; text: string }[] = [];
  #lastStep = -Infinity;
  readonly #inTurn = inTurn();
  /** Places in the file: no row before one is of a later step. */
  #marks: { readonly byte: number; readonly step: number }[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** What is new since the cursor; without one, or where it is too old, the whole curves, thinned. */
  async since(cursor?: string): Promise<LogUpdate> {
    await this.refresh();
    const [generation, count] = (cursor ?? '').split('.').map(Number);
    const behind = this.#count - (count ?? NaN);
    const now = `${this.#generation}.${this.#count}`;
    const warnings = this.#warnings;
    if (generation === this.#generation && behind >= 0 && behind <= this.#recent.length) {
      const rows = behind === 0 ? [] : this.#recent.slice(-behind);
      const keys = [...new Set(rows.flatMap(({ figures }) => [...figures.keys()]))];
      return {
        cursor: now,
        keys,
        rows: rows.map(({ step, figures }): LogRow => [step, ...keys.map((key) => figures.get(key) ?? null)]),
        warnings,
      };
    }
    return { cursor: now, whole: statesOf(this.#curves), keys: [], rows: [], warnings };
  }

  /** Reads what was written since; one reader at a time. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#read());
  }

  /** The curves between two steps, thinned only where that many points lie between them. */
  async between(from: number, to: number): Promise<Readonly<Record<string, SeriesState>>> {
    await this.refresh();
    const curves = new Map<string, Series>();
    const start = this.#marks.findLast(({ step }) => step < from)?.byte ?? 0;
    const file = await open(this.#path, 'r').catch(() => undefined);
    try {
      reading: for await (const { text } of file ? chunksOf(file, start, this.#bytes) : []) {
        for (const { step, figures } of text.split('\n').flatMap(rowOf)) {
          if (step > to) break reading;
          if (step >= from) append(curves, step, figures);
        }
      }
    } finally {
      await file?.close();
    }
    return statesOf(curves);
  }

  async #read(): Promise<void> {
    const size = await stat(this.#path).then(
      (file) => file.size,
      () => 0,
    );
    if (size < this.#bytes) this.#restart();
    if (size === this.#bytes) return;
    const file = await open(this.#path, 'r');
    try {
      let goesOn = this.#bytes > 0;
      for await (const { text, end } of chunksOf(file, this.#bytes, size)) {
        this.#bytes = end;
        if (!this.#take(text, goesOn)) {
          this.#restart();
          return;
        }
        if (end - (this.#marks.at(-1)?.byte ?? 0) >= CHUNK / 2) this.#marks.push({ byte: end, step: this.#lastStep });
        goesOn = false;
      }
    } finally {
      await file.close();
    }
  }

  /**
   * @param goesOn whether the text should begin where an earlier one ended
   * @returns false when the log is not the one that was read before
   */
  #take(text: string, goesOn: boolean): boolean {
    for (const [index, line] of text.split('\n').entries()) {
      if (line === '') continue;
      const [row] = rowOf(line);
      // The end of a line whose beginning lies before where an earlier reading ended: the log was cut and written anew.
      if (row === undefined && goesOn && index === 0) return false;
      if (row === undefined) continue;
      const { step, figures, warning } = row;
      if (step < this.#lastStep) return false;
      this.#lastStep = step;
      if (warning !== undefined) this.#warnings.push({ step, text: warning });
      if (figures.size === 0) continue;
      append(this.#curves, step, figures);
      this.#recent.push({ step, figures });
      this.#count++;
    }
    if (this.#recent.length > 2 * KEPT_ROWS) this.#recent = this.#recent.slice(-KEPT_ROWS);
    return true;
  }

  #restart(): void {
    this.#generation++;
    this.#bytes = 0;
    this.#count = 0;
    this.#recent = [];
    this.#curves = new Map();
    this.#warnings = [];
    this.#lastStep = -Infinity;
    this.#marks = [];
  }
}

interface ParsedRow {
  readonly step: number;
  readonly figures: ReadonlyMap<string, number>;
  readonly warning?: string;
}

/** A line of a log; nothing for one that is no row. */
function rowOf(line: string): [ParsedRow] | [] {
  let row: Record<string, unknown>;
  try {
    row = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return [];
  }
  const { step, ...rest } = row;
  if (typeof step !== 'number') return [];
  const { warning } = rest;
  return [{ step, figures: new Map(figuresOf(rest)), ...(typeof warning === 'string' && { warning }) }];
}

function append(curves: Map<string, Series>, step: number, figures: ReadonlyMap<string, number>): void {
  for (const [key, value] of figures) {
    const series = curves.get(key) ?? new Series();
    curves.set(key, series);
    series.append(step, value);
  }
}

const statesOf = (curves: ReadonlyMap<string, Series>): Record<string, SeriesState> =>
  Object.fromEntries([...curves].map(([key, series]) => [key, series.state()]));

/** The whole lines of a part of a file, some at a time, so that no character is cut in two; and where they end. */
async function* chunksOf(file: FileHandle, from: number, to: number): AsyncGenerator<{ text: string; end: number }> {
  const buffer = Buffer.alloc(Math.min(CHUNK, Math.max(0, to - from)));
  for (let at = from; at < to;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) return;
    const length = buffer.lastIndexOf(0x0a, bytesRead - 1) + 1;
    if (length === 0) return;
    at += length;
    yield { text: buffer.toString('utf8', 0, length), end: at };
  }
}

/** Numbers by name; those of an evaluation stand beside those of training. */
function* figuresOf(row: Readonly<Record<string, unknown>>): Generator<[string, number]> {
  for (const [key, value] of Object.entries(row)) {
    if (typeof value === 'number') yield [key, value];
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [inner, figure] of figuresOf(value as Record<string, unknown>)) {
        yield [key === 'evaluation' ? inner : `${key}.${inner}`, figure];
      }
    }
  }
}
