import { BadRowError, type BadRows, type Place, reportBadRow } from '../bad-rows.js';

/** Readers of the forms that collections of tasks come in: a file's text to rows, line by line. */

/** An example whose label is still a word. */
export interface TaskRow extends Place {
  readonly texts: readonly string[];
  readonly label: string;
}

export type TaskReader = (content: string, options: { file: string; badRows?: BadRows }) => Generator<TaskRow>;

/** A line as an example; undefined for a heading. @throws BadLine saying what is wrong with it */
type ReadLine = (line: string, number: number) => Pick<TaskRow, 'texts' | 'label'> | undefined;

/** What is wrong with a line. */
class BadLine extends Error {}

const byLine = (read: ReadLine): TaskReader =>
  function* (content, { file, badRows }) {
    for (const [index, line] of content.split(/\r?\n/).entries()) {
      if (line.trim() === '') continue;
      const place: Place = { file, line: index + 1 };
      try {
        const row = read(line, index + 1);
        if (row?.texts.some((text) => text.trim() === '') === true) throw new BadLine('has an empty text');
        if (row !== undefined) yield { ...row, texts: row.texts.map((text) => text.trim()), ...place };
      } catch (error) {
        if (!(error instanceof BadLine)) throw error;
        reportBadRow(badRows, new BadRowError(place, { why: error.message }));
      }
    }
  };

export interface Columns {
  /** Columns that hold the texts, from 0. */
  readonly texts: readonly number[];
  readonly label: number;
  /** The column of the choices, as "(A) one thing (B) another". */
  readonly choices?: number;
  /** The first line names the columns. */
  readonly heading?: boolean;
  /** A cell with quotation marks in it is quoted, and they are doubled. Default: a quotation mark is one. */
  readonly quoted?: boolean;
}

/** Cells between tabs. */
export const tabbed = ({ texts, label, choices, heading = false, quoted = false }: Columns): TaskReader =>
  byLine((line, number) => {
    if (heading && number === 1) return undefined;
    const cells = line.split('\t').map((cell) => (quoted ? unquoted(cell) : cell));
    const least = Math.max(label, choices ?? 0, ...texts) + 1;
    if (cells.length < least) throw new BadLine(`has ${cells.length} cells between tabs, and ${least} are needed`);
    const before = texts.map((column) => cells[column]!);
    return {
      texts: [...before, ...(choices === undefined ? [] : lettered(cells[choices]!))],
      label: cells[label]!.trim(),
    };
  });

const unquoted = (cell: string): string => /^"(.*)"$/.exec(cell)?.[1]!.replaceAll('""', '"') ?? cell;

function lettered(text: string): readonly string[] {
  const choices = text.split(/\(([A-Z])\)/).slice(1);
  const letters = choices.filter((_, index) => index % 2 === 0);
  if (letters.length < 2 || letters.some((letter, index) => letter !== String.fromCharCode(65 + index)))
    throw new BadLine(`does not list choices as (A) … (B) …: ${text}`);
  return choices.filter((_, index) => index % 2 === 1);
}

/** "DESC:manner How did …": the coarse label stands first. */
export const labelFirst: TaskReader = byLine((line) => {
  const found = /^(\w+):\w+\s+(.+)$/.exec(line);
  if (found === null) throw new BadLine(`does not begin with a label, such as "NUM:date": ${line.slice(0, 40)}`);
  return { texts: [found[2]!], label: found[1]! };
});

/** A file whose every line has one label. */
export const allOf = (label: string): TaskReader => byLine((line) => ({ texts: [line], label }));

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const plain = (text: string): string =>
  text
    .replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole)
    .replace(/\s+/g, ' ')
    .trim();

/** `<pair value="TRUE"><t>…</t><h>…</h></pair>`, as in the RTE challenges; later ones write `entailment="YES"`. */
export const entailmentPairs: TaskReader = function* (content, { file, badRows }) {
  let [line, counted] = [1, 0];
  for (const { index, 1: attributes, 2: body } of content.matchAll(/<pair\b([^>]*)>(.*?)<\/pair>/gs)) {
    line += content.slice(counted, index).split('\n').length - 1;
    counted = index;
    const label = /\b(?:value|entailment)\s*=\s*"(\w+)"/.exec(attributes!)?.[1];
    const texts = ['t', 'h'].map((tag) => plain(new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(body!)?.[1] ?? ''));
    if (label === undefined || texts.includes('')) {
      const why = label === undefined ? 'a pair that does not say whether it entails' : 'a pair without its two texts';
      reportBadRow(badRows, new BadRowError({ file, line }, { why }));
      continue;
    }
    yield { texts, label: /^(TRUE|YES)$/.test(label) ? 'entailment' : 'no entailment', file, line };
  }
};
