/**
 * Draws docs/FAMILIES.md: what each family of generative models is, its models, the commands, and from results/*.json what
 * they reached. `node docs/families-page.js` writes it.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figures, minutes, pictures, readResults } from './page-parts.js';
import { families } from './families.js';

export const page = new URL('FAMILIES.md', import.meta.url);

const commands = ({ train, draw }) => ['```sh', ...train, ...draw, '```'].join('\n');

function modelSection({ name, about, recipes = [name] }, measured, names) {
  const found = recipes.flatMap((recipe) => measured.filter((result) => result.recipe === recipe));
  return [
    `### ${name}`,
    about,
    ...found.flatMap((result) => [
      `Recipe \`${result.recipe}\` (${result.scale}, ${minutes(result.seconds)} on ${result.machine.cores} cores):`,
      figures(result),
      pictures(result, names),
    ]),
  ]
    .filter(Boolean)
    .join('\n\n');
}

const comparisonOf = (data) => {
  const picture = `pictures/compare-${data}.png`;
  return existsSync(new URL(picture, import.meta.url))
    ? `![the families on ${data}](${picture})\n\nThe whole page, with every figure: [compare-${data}.html](compare-${data}.html).`
    : '';
};

/** The whole page. */
export function drawPage() {
  const measured = readResults().filter(({ recipe }) => recipe !== undefined);
  const names = measured.map(({ recipe }) => recipe);
  return `${[
    '# The families of generative models',
    'Drawn by `node docs/families-page.js`; the figures are those in `results/`, and `descent reproduce <recipe>` measures them again. All figures of a recipe: [RESULTS.md](RESULTS.md).',
    ...['mnist', 'fashion-mnist'].map(comparisonOf),
    ...families.flatMap((family) => [
      `## ${family.title}`,
      family.about,
      commands(family),
      ...family.models.map((model) => modelSection(model, measured, names)),
    ]),
  ]
    .filter(Boolean)
    .join('\n\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, drawPage());
