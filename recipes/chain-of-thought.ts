import { join } from 'node:path';
import type { Recipe, RecipeOptions, RecipeResult, RecipeScale } from '../src/cli/recipe.js';
import { onEngine } from '../src/cli/recipe-engine.js';
import { pretrainSchema } from '../src/cli/stages/settings.js';
import { builtInTask } from '../src/prompting/built-in.js';
import { sumDocuments } from '../src/prompting/generated/index.js';
import type { GeneratingSettings } from '../src/prompting/task.js';
import {
  beyondError,
  corpusOf,
  detailsOf,
  difference,
  evaluated,
  headlineOf,
  pretrained,
  rowOf,
  smallModel,
  trainingFor,
} from './language.helper.js';
import { sizeOf } from './size.helper.js';

/**
 * Chain of thought on sums: one model reads texts whose sums are answered at once and texts whose sums are worked out
 * column by column. What the two examples in a prompt do decides which of the two it does with the question.
 */

interface Setting {
  readonly digits: number;
  readonly documents: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly questions: number;
  readonly samples: number;
}

const settings: Readonly<Record<RecipeScale, Setting>> = {
  smoke: { digits: 2, documents: 60, batchSize: 2, steps: 4, questions: 4, samples: 2 },
  cpu: { digits: 4, documents: 40_000, batchSize: 8, steps: 3000, questions: 300, samples: 10 },
  gpu: { digits: 8, documents: 400_000, batchSize: 64, steps: 10_000, questions: 1000, samples: 40 },
};

const shots = 2;
/** Sums in a text: the two of a prompt and the question, and one more. */
const sumsPerText = 4;

const configOf = ({ steps, batchSize, digits }: Setting) =>
  pretrainSchema.parse({
    model: { layers: 4, heads: 4, width: 128, ...smallModel, contextLength: digits > 4 ? 512 : 256 },
    batchSize,
    evaluationWindows: 64,
    training: trainingFor(steps, 2e-3),
  });

const run = (options: RecipeOptions): Promise<RecipeResult> =>
  onEngine(options, async (context) => {
    const { scale, folder, signal } = options;
    const setting = settings[scale];
    const { digits, questions, samples } = setting;
    const source = { kind: 'generated', name: 'sums', settings: { digits, questions } } as const;
    // A column is "7+5+0=12 ", a question "Q: We sold 1234 and later 1234.\nA:".
    const plain: GeneratingSettings = { by: 'generating', maxTokens: digits + 4, extract: '\\d+' };
    const worked: GeneratingSettings = { by: 'generating', maxTokens: 10 * digits + 12, extract: 'so (\\d+)' };
    const tasks = {
      direct: builtInTask('sums', { source, answer: plain }),
      worked: builtInTask('sums-worked', { source, answer: worked }),
      sampled: builtInTask('sums-worked', {
        name: 'sums-sampled',
        source,
        answer: { ...worked, samples, temperature: 0.7 },
      }),
      voted: builtInTask('sums-voted', { source, answer: { ...worked, samples, temperature: 0.7, vote: true } }),
    };
    const corpus = await corpusOf({
      folder,
      name: 'sums, answered at once and worked out',
      documents: sumDocuments([tasks.direct, tasks.worked], {
        count: setting.documents,
        sums: sumsPerText,
        digits,
        seed: 1,
      }),
      tokenizer: { kind: 'characters' },
      signal,
    });
    const model = await pretrained(context, { folder, corpus, config: configOf(setting) });
    const evaluations = await evaluated(context, {
      models: [model],
      tasks: Object.values(tasks),
      shots: [shots],
      out: join(folder, 'evaluations'),
    });
    const [direct, thought, sampled, voted] = evaluations.map(headlineOf) as [
      ReturnType<typeof headlineOf>,
      ReturnType<typeof headlineOf>,
      ReturnType<typeof headlineOf>,
      ReturnType<typeof headlineOf>,
    ];
    const gain = difference(direct, thought);
    const value = beyondError(gain);
    return {
      value,
      rows: [
        { metric: headline, value, target: 0, direction: 'at least' },
        rowOf('answered at once', direct),
        rowOf('worked out, the likeliest tokens', thought),
        rowOf('gain of working out', gain),
        rowOf('worked out at temperature 0.7, the mean sample', sampled),
        rowOf(`worked out at temperature 0.7, the vote of ${samples}`, voted),
        rowOf('gain of voting over a sample', difference(sampled, voted)),
      ],
      details: {
        evaluations: detailsOf(evaluations),
        training: model.lineage?.results,
        ...sizeOf(model),
      },
      notes: [
        `Sums of two numbers with ${digits} digits, ${shots} examples in the prompt; the sums asked about are in no text of the training.`,
        'Share of right answers ± standard error by bootstrap over questions; the same questions in every row.',
      ],
    };
  });

const headline = 'right sums, worked out minus answered at once, less two standard errors';

export const recipe: Recipe = {
  name: 'chain-of-thought',
  title: 'chain of thought: sums worked out in the answer, and a vote of several workings',
  source:
    'after Wei et al. 2022, arXiv:2201.11903, and Wang et al. 2023, arXiv:2203.11171 (self-consistency): more right answers with the steps than without',
  metric: headline,
  target: 0,
  direction: 'at least',
  scales: {
    smoke: 'two digits, 4 steps, 4 questions',
    cpu: 'four digits; 4 layers of width 128, 3,000 steps of 8 x 256 characters; 300 questions, votes of 10; about 6 minutes',
    gpu: 'eight digits, 10,000 steps of 64 x 512; 1,000 questions, votes of 40',
  },
  run,
};
