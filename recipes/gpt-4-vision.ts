import {
  type Recipe,
  type RecipeOptions,
  type RecipeResult,
  type RecipeRow,
  type RecipeScale,
} from '../src/cli/recipe.js';
import { onEngine } from '../src/cli/recipe-engine.js';
import { answersPicture } from '../src/cli/answers-picture.js';
import { pictureQuestions } from '../src/data/picture-questions.js';
import { type ImageSource, readImages } from '../src/data/images/sources.js';
import { sliceImages } from '../src/data/images/image-set.js';
import type { Accuracy } from '../src/evaluation/accuracy.js';
import { shareRight } from '../src/evaluation/questions.js';
import { type SeeingScale, answersAbout, learnToSee, pretrainedLanguage, trainedEye } from './seeing.helper.js';
import { captionedEmoji } from './seeing-captions.helper.js';
import { sizeOf } from './size.helper.js';

/**
 * GPT-4's step: images in the prompt. A language model that has read English is given an eye, learns to read what the eye
 * says, and answers questions about digits that it never saw.
 */

const named = { metric: 'what is this? held-out digits named, %', target: 95, direction: 'at least' } as const;
const compared = { metric: 'which is larger, or smaller? %', target: 80, direction: 'at least' } as const;

const adamw = { kind: 'adamw', beta2: 0.95, weightDecay: 0.05 } as const;

/** A schedule and an optimizer that all parts share; each its own length. */
const training = (steps: number, learningRate: number, warmupSteps: number) => ({
  steps,
  clipNorm: 1,
  optimizer: adamw,
  schedule: { kind: 'cosine', learningRate, warmupSteps, finalFraction: 0.05 } as const,
  evaluateEvery: steps,
  sampleEvery: steps,
});

const small = { layers: 3, heads: 4, width: 128, contextLength: 96, activation: 'gelu' } as const;

const scales: Record<RecipeScale, SeeingScale> = {
  smoke: {
    eye: {
      model: { patch: 7, masked: 0.5, layers: 1, width: 32, heads: 2, decoderWidth: 16 },
      batchSize: 8,
      evaluationImages: 16,
      training: training(4, 1e-3, 2),
    },
    vocabularySize: 320,
    documents: 4,
    language: {
      model: { ...small, layers: 1, heads: 2, width: 32 },
      batchSize: 4,
      evaluationWindows: 4,
      training: training(4, 1e-3, 2),
    },
    tokens: 4,
    alignment: { batchSize: 4, training: training(4, 1e-3, 2) },
    seeing: { batchSize: 4, training: training(4, 1e-3, 2) },
    questions: { name: 24, compare: 12, asked: { name: 8, compare: 4 } },
  },
  cpu: {
    eye: {
      model: { patch: 7, masked: 0.5 },
      batchSize: 128,
      shift: 1,
      training: training(3000, 1.5e-3, 100),
    },
    vocabularySize: 1024,
    language: { model: small, batchSize: 16, training: training(1500, 2e-3, 60) },
    tokens: 4,
    alignment: { batchSize: 32, training: training(300, 2e-3, 30) },
    seeing: { batchSize: 32, training: training(1500, 1e-3, 60) },
    questions: { name: 60_000, compare: 60_000, asked: { name: 10_000, compare: 2000 } },
  },
  gpu: {
    eye: {
      model: { patch: 4, masked: 0.75, layers: 6, width: 256, heads: 8, decoderLayers: 2, decoderWidth: 128 },
      batchSize: 512,
      shift: 1,
      training: training(20_000, 1.5e-3, 1000),
    },
    vocabularySize: 4096,
    language: {
      model: { ...small, layers: 8, heads: 8, width: 512, contextLength: 256 },
      batchSize: 64,
      training: training(6000, 1e-3, 300),
    },
    tokens: 49,
    alignment: { batchSize: 64, training: training(1000, 1e-3, 100) },
    seeing: { batchSize: 64, training: training(8000, 5e-4, 300) },
    questions: { name: 120_000, compare: 240_000, asked: { name: 10_000, compare: 5000 } },
  },
};

const percent = ({ accuracy, standardError }: Accuracy) => ({
  value: 100 * accuracy,
  standardError: 100 * standardError,
});

const run = (options: RecipeOptions): Promise<RecipeResult> =>
  onEngine(options, async (context) => {
    const { scale: scaleName, folder, signal, say } = options;
    const scale = scales[scaleName];
    const isSmoke = scaleName === 'smoke';
    const digits = await digitsFor(isSmoke, signal);
    const eye = await trainedEye(context, { folder, scale, source: digits });
    const language = await pretrainedLanguage(context, { folder, scale });
    const { aligned, seeing } = await learnToSee(context, { folder, scale, digits, eye, language });
    const test = digits.test!;
    const { asked } = scale.questions;
    const ask = (kind: 'name' | 'larger' | 'smaller', count: number, wording?: 'heldOut') =>
      pictureQuestions({ images: test, kind, count, seed: 1, ...(wording && { wording }) });
    const half = Math.ceil(asked.compare / 2);
    const compare = [...ask('larger', half), ...ask('smaller', half)];
    const answers = await answersAbout(context, seeing, {
      named: ask('name', asked.name),
      compared: compare,
      namedAnew: ask('name', half, 'heldOut'),
      comparedAnew: [...ask('larger', half >> 1, 'heldOut'), ...ask('smaller', half >> 1, 'heldOut')],
    });
    const before = await answersAbout(context, aligned, { named: ask('name', half) });
    const shown = [
      ...answers.named.slice(0, 6),
      ...answers.compared.slice(0, 3),
      ...answers.compared.slice(half, half + 3),
    ];
    const picture = await answersPicture(
      shown.map(({ question, ...rest }) => ({ ...rest, messages: question.messages })),
    );
    const { data } = options;
    const emoji = data === undefined ? undefined : await captionedEmoji(context, { data, folder, scale, language });
    const equal = answers.compared.filter(({ question }) => question.answer.endsWith('equal'));
    const rows: RecipeRow[] = [
      { ...named, ...percent(shareRight(answers.named)) },
      { ...compared, ...percent(shareRight(answers.compared)) },
      { metric: 'the same where both digits are equal, %', ...percent(shareRight(equal)) },
      { metric: 'named, in words never used in training, %', ...percent(shareRight(answers.namedAnew)) },
      { metric: 'compared, in words never used in training, %', ...percent(shareRight(answers.comparedAnew)) },
      { metric: 'named, when the projector alone has learnt, %', ...percent(shareRight(before.named)) },
      ...(emoji?.rows ?? []),
    ];
    say?.(`The model is in ${seeing.folder}`);
    return {
      value: rows[0]!.value,
      rows: rows.filter(({ value }) => Number.isFinite(value)),
      details: {
        config: scale,
        eye: eye.lineage?.results,
        language: language.lineage?.results,
        aligned: aligned.lineage?.results,
        seeing: seeing.lineage?.results,
        ...sizeOf(seeing, [language, aligned]),
      },
      notes: [
        `${answers.named.length} questions about one test image each, ${answers.compared.length} about two, the most probable ` +
          'answers; a name is right when it is the whole answer, a comparison by its verdict ("a three and a seven: the second").',
        `An image is ${scale.tokens} tokens. Guessing would name ${(100 * mostCommon(test.labels!)).toFixed(1)}% and compare 45%.`,
        ...(emoji?.notes ?? []),
      ],
      pictures: { ...(picture && { answers: picture }), ...emoji?.pictures },
    };
  });

/** MNIST; few of it at smoke scale. */
async function digitsFor(isSmoke: boolean, signal: AbortSignal | undefined): Promise<ImageSource> {
  const all = await readImages({ source: 'mnist', ...(signal && { signal }) });
  return isSmoke ? { ...all, train: sliceImages(all.train, 0, 64), test: sliceImages(all.test!, 0, 16) } : all;
}

/** The share of the most frequent label. */
function mostCommon(labels: Int32Array): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / labels.length;
}

export const recipe: Recipe = {
  name: 'gpt-4-vision',
  title: 'images in the prompt: a GPT with an eye, asked about digits',
  source:
    'after OpenAI 2023, arXiv:2303.08774, and Liu et al. 2023 (LLaVA), arXiv:2304.08485; neither has so small a model: the targets are ours',
  ...named,
  scales: {
    smoke: 'a few steps of every stage, seconds',
    cpu:
      'an MAE of MNIST (3,000 steps), a GPT of three blocks of width 128 that has read English (1,500), 300 steps of the projector ' +
      'alone and 1,500 of all; with --data <emoji> captions too',
    gpu: 'an MAE of six blocks, a GPT of eight blocks of width 512, 49 tokens an image',
  },
  run,
};
