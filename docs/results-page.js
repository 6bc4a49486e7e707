/**
 * Draws docs/RESULTS.md from results/*.json: what the recipes and the benchmarks measured, beside what they are held
 * against. `node docs/results-page.js` writes it.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figures, minutes, number, pictures, readResults, table } from './page-parts.js';

export const page = new URL('RESULTS.md', import.meta.url);

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

function recipeSection(result, recipes) {
  const { recipe, scale, source, notes = [], seconds, processorSeconds, machine } = result;
  const work = processorSeconds === undefined ? '' : ` (${minutes(processorSeconds)} of processor time)`;
  return [
    `## ${recipe} (${scale})`,
    `Held against: ${source}.`,
    figures(result),
    curve(result),
    ...notes,
    `${minutes(seconds)}${work} in all on ${machine.cores} cores of ${machine.cpu}, commit ${machine.commit}.`,
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
  const all = readResults();
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
