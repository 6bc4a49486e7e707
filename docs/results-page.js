/**
 * Draws docs/RESULTS.md from results/*.json: what the recipes and the benchmarks measured, beside what they are held
 * against. `node docs/results-page.js` writes it.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const docs = new URL('./', import.meta.url);
const results = new URL('../results/', import.meta.url);
export const page = new URL('RESULTS.md', docs);

const number = (value) => (Number.isInteger(value) ? value.toLocaleString('en') : String(Number(value.toPrecision(4))));

/** A Markdown table; cells of numbers to the right. */
function table(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value) => (typeof value === 'number' ? number(value) : String(value ?? '').replaceAll('|', '\\|'));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const marks = columns.map((column) => (rows.some((row) => typeof row[column] === 'number') ? '--:' : '---'));
  return [line(columns), line(marks), ...rows.map((row) => line(columns.map((column) => cell(row[column]))))].join(
    '\n',
  );
}

const minutes = (seconds) =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${number(Math.round(seconds / 6) / 10)} min`;

function figures({ rows }) {
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

/** The figure that training watched, over time. */
function curve({ details, metric }) {
  const points = details?.curve ?? [];
  const wanted = metric.startsWith('bits') ? ['bitsPerDimension', 'nats', 'accuracy'] : ['nats', 'accuracy'];
  const key = wanted.find((name) => name in (points.at(-1) ?? {}));
  if (key === undefined || points.length < 2) return '';
  const name = { bitsPerDimension: 'bits per dimension', nats: 'nats', accuracy: 'accuracy' }[key];
  const shown = points.map((point) => `${number(point[key])} (${minutes(point.seconds)})`).join(', ');
  return `Held-out images during training, ${name}: ${shown}.`;
}

/** The pictures of a recipe, and not those of one whose name begins alike. */
function pictures({ recipe }, recipes) {
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

function recipeSection(result, recipes) {
  const { recipe, scale, source, notes = [], seconds, machine } = result;
  return [
    `## ${recipe} (${scale})`,
    `Held against: ${source}.`,
    figures(result),
    curve(result),
    ...notes,
    `${minutes(seconds)} in all on ${machine.cores} cores of ${machine.cpu}, commit ${machine.commit}.`,
    pictures(result, recipes),
  ]
    .filter(Boolean)
    .join('\n\n');
}

const benchSection = ({ name, rows, notes, machine }) =>
  [
    `## bench ${name}`,
    table(rows),
    notes.map((note) => `- ${note}`).join('\n'),
    `${machine.cores} cores of ${machine.cpu}.`,
  ].join('\n\n');

/** The whole page. */
export function drawPage() {
  const all = readdirSync(results)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, results), 'utf8')));
  const measured = all.filter(({ recipe }) => recipe !== undefined);
  const names = measured.map(({ recipe }) => recipe);
  const overview = measured.map(({ recipe, scale, metric, value, rows, target, seconds, pass }) => ({
    recipe: `[${recipe}](#${recipe}-${scale})`,
    scale,
    figure: metric,
    measured: value,
    target: `${rows[0].direction ?? ''} ${number(target)}`.trim(),
    '': pass ? 'met' : 'missed',
    took: minutes(seconds),
  }));
  return `${[
    '# Results',
    'Drawn from `results/` by `node docs/results-page.js`. `descent reproduce <recipe> --save` and `npm run bench -- <name> --save` measure them again; the JSON there has all settings, versions and what else was measured.',
    table(overview),
    ...measured.map((result) => recipeSection(result, names)),
    ...all.filter(({ recipe }) => recipe === undefined).map(benchSection),
  ].join('\n\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, drawPage());
