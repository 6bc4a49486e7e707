/**
 * Draws docs/FAMILIES.md: what each family of generative models is, its models, the commands, and from results/*.json what
 * they reached. `node docs/families-page.js` writes it.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figures, minutes, pictures, readResults } from './page-parts.js';
import { families } from './families.js';

export const page = new URL('FAMILIES.md', import.meta.url);

const codeOf = (commands) => ['```sh', ...commands.map((command) => `npx descent ${command}`), '```'].join('\n');

function modelSection({ name, about, commands, recipes = [name] }, measured, names) {
  const found = recipes.flatMap((recipe) => measured.filter((result) => result.recipe === recipe));
  return [
    `### ${name}`,
    about,
    codeOf(commands),
    ...found.flatMap((result) => [
      `Recipe \`${result.recipe}\` (${result.scale}, ${minutes(result.seconds)} on ${result.machine.cores} cores):`,
      figures(result),
      pictures(result, names),
    ]),
  ]
    .filter(Boolean)
    .join('\n\n');
}

const isThere = (file) => existsSync(new URL(file, import.meta.url));

/** GitHub shows the picture, and not the page that it is of. */
function comparisonOf(data) {
  const [picture, whole] = [`pictures/compare-${data}.png`, `compare-${data}.html`];
  return [
    isThere(picture) && `![the families on ${data}](${picture})`,
    isThere(whole) && `The whole page, with every figure: [${whole}](${whole}).`,
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** The whole page. */
export function drawPage() {
  const measured = readResults().filter(({ recipe }) => recipe !== undefined);
  const names = measured.map(({ recipe }) => recipe);
  return `${[
    '# The families of generative models',
    'Drawn by `node docs/families-page.js`; the figures are those in `results/`, and `descent reproduce <recipe>` measures them again. All figures of a recipe: [RESULTS.md](RESULTS.md). Every model has more settings (`npx descent train vae --help`), and any `--data` of your own in place of the one below. One model of each family, trained for as long on the same images, side by side on one page:',
    codeOf(['compare --data mnist --minutes 10 --out runs/compare-mnist']),
    ...['mnist', 'fashion-mnist'].map(comparisonOf),
    ...families.flatMap((family) => [
      `## ${family.title}`,
      family.about,
      ...family.models.map((model) => modelSection(model, measured, names)),
    ]),
  ]
    .filter(Boolean)
    .join('\n\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, drawPage());
