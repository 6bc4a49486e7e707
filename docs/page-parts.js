/** What the generated pages share: committed results, and how they are written in Markdown. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';

const docs = new URL('./', import.meta.url);
const results = new URL('../results/', import.meta.url);

/** Everything that recipes and benchmarks measured. */
export const readResults = () =>
  readdirSync(results)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, results), 'utf8')));

export const number = (value) =>
  Number.isInteger(value) ? value.toLocaleString('en') : String(Number(value.toPrecision(4)));

/** A Markdown table; cells of numbers to the right. */
export function table(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value) => (typeof value === 'number' ? number(value) : String(value ?? '').replaceAll('|', '\\|'));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const marks = columns.map((column) => (rows.some((row) => typeof row[column] === 'number') ? '--:' : '---'));
  return [line(columns), line(marks), ...rows.map((row) => line(columns.map((column) => cell(row[column]))))].join(
    '\n',
  );
}

export const minutes = (seconds) =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${number(Math.round(seconds / 6) / 10)} min`;

/** What a recipe measured, beside what it is held against. */
export function figures({ rows }) {
  return table(
    rows
      .filter(({ metric }) => !metric.startsWith('seconds'))
      .map(({ metric, value, standardError, target, direction, pass }) => ({
        figure: metric,
        measured: standardError === undefined ? number(value) : `${number(value)} ± ${number(standardError)}`,
        target: target === undefined ? '' : `${direction} ${number(target)}`,
        '': pass === undefined ? '' : pass ? 'met' : 'missed',
      })),
  );
}

/** The pictures of a recipe, and not those of one whose name begins alike. */
export function pictures({ recipe }, recipes) {
  const folder = new URL('pictures/', docs);
  if (!existsSync(folder)) return '';
  const ownerOf = (file) =>
    recipes.filter((name) => file.startsWith(`${name}-`)).sort((a, b) => b.length - a.length)[0];
  return readdirSync(folder)
    .filter((file) => ownerOf(file) === recipe)
    .sort()
    .map((file) => `![${file.slice(0, -'.png'.length).replaceAll('-', ' ')}](pictures/${file})`)
    .join('\n');
}
