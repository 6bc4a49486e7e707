/**
 * Draws docs/LINEAGE.md: each system of the story, what it introduced, what its recipe measured (results/*.json), what was
 * published, and the scale between them. `node docs/lineage-page.js` writes it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { neighbours, systems } from './lineage.js';
import { figures, minutes, number, pictures, readResults, table } from './page-parts.js';

export const page = new URL('LINEAGE.md', import.meta.url);

export const unmeasured = 'not measured yet';

const powers = [
  [1e12, 'trillion'],
  [1e9, 'billion'],
  [1e6, 'million'],
];

/** A count as a person says it: 117 million. */
function count(value) {
  const [size, word] = powers.find(([power]) => value >= power) ?? [];
  return size === undefined ? number(Math.round(value)) : `${number(Number((value / size).toPrecision(3)))} ${word}`;
}

/** 3.1·10²³ */
function power(value) {
  const exponent = Math.floor(Math.log10(value));
  const raised = [...String(exponent)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit]).join('');
  return `${(value / 10 ** exponent).toFixed(1)}·10${raised}`;
}

/** What was spent on a recipe: from its result, where it says so. */
function scaleOf({ details = {} }) {
  const { layers, width } = details.config?.model ?? {};
  // Those of the blocks, without embeddings (Kaplan et al. 2020, table 1).
  const { parameters = layers && width && 12 * layers * width ** 2, tokens = details.training?.tokens } = details;
  // A forward and a backward pass are 6 operations a parameter and token (Kaplan et al. 2020, section 2.1).
  const compute = details.compute ?? (parameters && tokens ? 6 * parameters * tokens : undefined);
  return { parameters, tokens, compute };
}

/** The headline of a result. */
function headline({ metric, value, rows = [] }) {
  const { standardError } = rows[0] ?? {};
  return `${metric}: ${number(value)}${standardError === undefined ? '' : ` ± ${number(standardError)}`}`;
}

/** Theirs against ours. */
function between(theirs, ours, written) {
  if (theirs === undefined && ours === undefined) return '';
  const said = [theirs, ours].map((value) => (value === undefined ? '?' : written(value)));
  const times = theirs !== undefined && ours ? ` (${count(theirs / ours)} to one)` : '';
  return `${said.join(' / ')}${times}`;
}

const resultsOf = (recipes, measured) =>
  recipes.flatMap((recipe) => measured.filter((result) => result.recipe === recipe && result.scale !== 'smoke'));

function overview(list, measured) {
  return table(
    list.map((system) => {
      const [result] = resultsOf(system.recipes, measured);
      const ours = result ? scaleOf(result) : {};
      const theirs = system.scale ?? {};
      return {
        system: `[${system.name}](#${anchor(system.name)})`,
        introduced: system.introduced,
        recipe: `\`${result?.recipe ?? system.recipes[0]}\``,
        measured: result ? headline(result) : unmeasured,
        published: system.published ?? 'no figures',
        'parameters, theirs / ours': between(theirs.parameters, ours.parameters, count),
        'tokens, theirs / ours': between(theirs.tokens, ours.tokens, count),
        'operations, theirs / ours': between(theirs.compute, ours.compute, power),
      };
    }),
  );
}

const anchor = (title) => title.toLowerCase().replaceAll(' ', '-');

function section(system, measured, names) {
  const all = [...system.recipes, ...(system.also ?? [])];
  const found = resultsOf(all, measured);
  const missing = all.filter((recipe) => !found.some((result) => result.recipe === recipe));
  const there = (recipe) => existsSync(new URL(`../recipes/${recipe}.ts`, import.meta.url));
  return [
    `### ${system.name}`,
    `${capital(system.introduced)}. ${system.source}.`,
    system.about,
    `Published: ${system.published ?? 'no figures'}.`,
    ...found.flatMap((result) => [
      `Recipe \`${result.recipe}\` (${result.scale}, ${minutes(result.seconds)} on ${result.machine.cores} cores):`,
      figures(result),
      ...(result.notes ?? []),
      pictures(result, names),
    ]),
    ...(missing.length > 0 && (found.length === 0 || missing.some(there))
      ? [`${missing.map((recipe) => `\`${recipe}\``).join(', ')}: ${unmeasured}.`]
      : []),
  ]
    .filter(Boolean)
    .join('\n\n');
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** The whole page. */
export function drawPage() {
  const measured = readResults().filter(({ recipe }) => recipe !== undefined);
  const names = measured.map(({ recipe }) => recipe);
  const part = (title, list) => [
    `## ${title}`,
    overview(list, measured),
    ...list.map((system) => section(system, measured, names)),
  ];
  return `${[
    '# The line of descent',
    'Drawn by `node docs/lineage-page.js`; the figures are those in `results/`, and `descent reproduce <recipe>` measures them again. Ours are of models that a laptop trains in minutes on data of their own: the two columns of figures show the same effect at scales that lie far apart, and are not to be held against each other. Where a paper or a result does not say how large it is, there is a question mark; operations of ours are 6 for each parameter and token, and a network of which only the shape is known counts without its embeddings.',
    ...part('From GPT-1 to GPT-4', systems),
    ...part('Its neighbours', neighbours),
  ].join('\n\n')}\n`;
}

/** The page as it is committed. */
export const committed = () => readFileSync(page, 'utf8');

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, drawPage());
