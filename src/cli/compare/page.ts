import { densityDifference } from '../../evaluation/figure-table.js';
import { escape } from '../../evaluation/markup.js';
import { significant } from './chart.js';
import type { Comparison } from './comparison.js';
import { type Compared, abilityNames } from './measure.js';
import { poster } from './poster.js';
import { darkPalette } from './svg.js';

/** A comparison as one self-contained page: nothing in it is loaded from elsewhere. */

interface Column {
  readonly name: string;
  /** Text of a cell; undefined: the model has no such figure. */
  readonly of: (model: Compared) => string | undefined;
  /** Why a cell must not be held against the others; undefined: it may. */
  readonly apart?: (model: Compared, all: Comparison) => string | undefined;
}

const percent = (share: number | undefined): string | undefined =>
  share === undefined ? undefined : `${(100 * share).toFixed(1)}%`;
const number = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : significant(value);

const columns: readonly Column[] = [
  { name: 'family', of: ({ family }) => family },
  { name: 'model', of: ({ model }) => model },
  {
    name: 'bits per dimension',
    of: ({ density }) => {
      if (density?.bitsPerDimension === undefined) return undefined;
      const mark = density.kind === 'exact' ? '' : density.kind === 'lower-bound' ? '≤ ' : '≈ ';
      return `${mark}${density.bitsPerDimension.toFixed(3)}`;
    },
    apart: ({ density }, { models }) => {
      const first = models.find((model) => model.density !== undefined)?.density;
      return density && first && densityDifference(first, density);
    },
  },
  {
    name: 'kind',
    of: ({ density }) => density && `${density.kind}${density.given ? `, given the ${density.given}` : ''}`,
  },
  { name: 'Fréchet distance', of: ({ samples }) => number(samples?.[0]?.frechet) },
  { name: 'its floor', of: ({ samples }) => number(samples?.[0]?.floor.frechet) },
  { name: 'precision', of: ({ samples }) => percent(samples?.[0]?.precision) },
  { name: 'recall', of: ({ samples }) => percent(samples?.[0]?.recall) },
  {
    name: 'class as asked',
    of: ({ classes }) => percent(classes?.asAsked?.accuracy),
  },
  { name: 'parameters', of: ({ parameters }) => parameters.toLocaleString('en') },
  { name: 'steps', of: ({ training }) => training?.steps.toLocaleString('en') },
  { name: 'training', of: ({ training }) => training && `${(training.seconds / 60).toFixed(1)} min` },
  {
    name: 'one image',
    of: ({ secondsPerSample }) =>
      secondsPerSample === undefined ? undefined : `${significant(1000 * secondsPerSample)} ms`,
  },
];

const cell = (column: Column, model: Compared, all: Comparison): string => {
  const value = column.of(model);
  if (value === undefined) return '<td class="none">–</td>';
  const apart = column.apart?.(model, all);
  return apart === undefined
    ? `<td>${escape(value)}</td>`
    : `<td class="apart" title="${escape(apart)}">${escape(value)}<sup>*</sup></td>`;
};

const table = (heads: readonly string[], rows: readonly string[]): string =>
  `<div class="wide"><table><thead><tr>${heads.map((head) => `<th>${escape(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;

function figures(comparison: Comparison): string {
  const { models } = comparison;
  const rows = models.map((model) => `<tr>${columns.map((column) => cell(column, model, comparison)).join('')}</tr>`);
  const reasons = new Set(
    models.flatMap((model) =>
      columns.flatMap(({ name, apart }) => {
        const why = apart?.(model, comparison);
        return why === undefined ? [] : [`${model.model}, ${name}: ${why}`];
      }),
    ),
  );
  const notes = [...reasons].map((reason) => `<li>${escape(reason)}</li>`).join('');
  return (
    table(
      columns.map(({ name }) => name),
      rows,
    ) + (notes && `<p><sup>*</sup> not to be compared with the first of its column:</p><ul>${notes}</ul>`)
  );
}

const abilities = ({ models }: Comparison): string =>
  table(
    ['model', ...abilityNames],
    models.map(({ model, abilities: can }) => {
      const cells = abilityNames.map((name) =>
        can[name] === undefined ? '<td class="none">no</td>' : `<td>${escape(can[name])}</td>`,
      );
      return `<tr><td>${escape(model)}</td>${cells.join('')}</tr>`;
    }),
  );

/** HTML text. */
export function page(comparison: Comparison): string {
  const { data, judge, samples, machine } = comparison;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Generative models of ${escape(data.name)}</title>
<style>
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1c1e; --quiet: #6b6b70; --rule: #ddd; }
@media (prefers-color-scheme: dark) {
  :root { --rule: #3a3b40; ${darkPalette} }
}
body { margin: 0; padding: 1rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
.wide { overflow-x: auto; }
.wide svg { display: block; max-width: 100%; min-width: 60rem; height: auto; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
td.none { color: var(--quiet); }
td.apart { font-style: italic; }
</style>
</head>
<body>
<div class="wide">
${poster(comparison)}
</div>
<h2>Figures</h2>
${figures(comparison)}
<h2>What each can do</h2>
${abilities(comparison)}
<h2>How it was measured</h2>
<p>Data: ${escape(data.name)} (${escape(data.id)}). Samples: ${samples.toLocaleString('en')} of each model, judged by ${escape(judge)};
the floor is what as many training images get. Likelihoods are of all test images. Machine: ${escape(machine)}.</p>
</body>
</html>
`;
}
