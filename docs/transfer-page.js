/**
 * Draws docs/TRANSFER.md from results/: what word2vec, ELMo, BERT and GPT make of text for the sake of tasks.
 * `node docs/transfer-page.js` writes it.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { minutes, number, readResults, table } from './page-parts.js';

export const page = new URL('TRANSFER.md', import.meta.url);

/** Recipes in the order of their papers. */
const models = {
  word2vec: 'word2vec: the mean of a text’s vectors',
  elmo: 'ELMo: layers mixed, the mean over a text',
  bert: 'BERT, fine-tuned',
  'gpt-1': 'GPT, fine-tuned',
};

const scales = ['cpu', 'gpu'];
const titles = { cpu: 'In minutes on two cores', gpu: 'On a graphics card' };

const percent = (share, error) =>
  share === undefined
    ? ''
    : `${(100 * share).toFixed(1)}${error === undefined ? '' : ` ± ${(100 * error).toFixed(1)}`}`;

/** A cell for each task. */
const cells = (tasks, figure) => Object.fromEntries(tasks.map((each) => [each.task, figure(each)]));

function rowsOf(results) {
  // The baselines are the same in every recipe; the GPT's are shown where it is measured.
  const measured = Object.keys(models).flatMap((name) => results.find(({ recipe }) => recipe === name) ?? []);
  const { tasks } = measured.at(-1).details.transfer;
  const variants = (name) => cells(tasks, ({ variants: of }) => percent(of[name]?.accuracy, of[name]?.standardError));
  const names = Object.keys(tasks[0]?.variants ?? {});
  return [
    { model: 'examples', ...cells(tasks, ({ trainedOn }) => number(trainedOn)) },
    { model: 'the commonest label', ...cells(tasks, ({ majority }) => percent(majority)) },
    {
      model: 'a bag of words',
      ...cells(tasks, ({ bagOfWords, bagOfWordsError }) => percent(bagOfWords, bagOfWordsError)),
    },
    ...names.map((name) => ({ model: `GPT, ${name}`, ...variants(name) })),
    ...measured.map(({ recipe, details: { transfer } }) => ({
      model: models[recipe],
      ...cells(transfer.tasks, ({ accuracy, standardError }) => percent(accuracy, standardError)),
      parameters: `${number(Math.round(transfer.parameters / 1e4) / 100)}M`,
      pretraining: minutes(transfer.pretraining.seconds),
    })),
  ];
}

/** Words, and those nearest to each. */
function neighbours(results) {
  const found = results.find(({ recipe }) => recipe === 'word2vec')?.details.neighbours;
  if (found === undefined) return '';
  return [
    'Nearest words, by word2vec:',
    Object.entries(found)
      .map(([word, near]) => `- ${word}: ${near.join(', ')}`)
      .join('\n'),
  ].join('\n\n');
}

function section(scale) {
  const results = readResults().filter((result) => result.scale === scale && result.details?.transfer !== undefined);
  if (results.length === 0) return '';
  const { text } = results.at(-1).details.transfer;
  return [
    `## ${titles[scale]}`,
    `All learn from the same tokens of ${text}, and each task from the same examples. Accuracy in % on held-out examples, ± its standard error.${
      scale === 'cpu'
        ? ' Where a test has 500 questions (TREC, OpenBookQA), the mean of three trainings with seeds 1 to 3.'
        : ''
    }`,
    table(rowsOf(results)),
    neighbours(results),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** The whole page. */
export function drawPage() {
  const sections = scales.map(section).filter(Boolean);
  return `${[
    '# From text to tasks',
    'What a model learns from text alone, and what that is worth to tasks with few examples: vectors of words (word2vec, 2013), layers of a recurrent language model in both directions as features (ELMo, 2018), a transformer that predicts the next token and is trained on as a whole (GPT, 2018), and one that predicts hidden tokens (BERT, 2019). Equal parameters and text, and about equal time. Drawn from `results/` by `node docs/transfer-page.js`; `descent reproduce gpt-1 --data <folder> --save` and its like measure it again.',
    ...(sections.length > 0 ? sections : ['Nothing is measured yet.']),
  ].join('\n\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, drawPage());
