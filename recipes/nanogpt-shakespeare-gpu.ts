import { pretrainSchema } from '../src/cli/stages/settings.js';
import type { Recipe, RecipeOptions, RecipeResult, RecipeScale } from '../src/cli/recipe.js';
import { trainOnShakespeare } from './nanogpt-shakespeare.helper.js';

/** nanoGPT's Shakespeare on characters, at the setting that its README gives for a GPU. */

const published = 1.47;

interface Scale {
  readonly steps: number;
  readonly batchSize: number;
  readonly warmupSteps: number;
  readonly evaluateEvery: number;
  readonly evaluationWindows: number;
  /** Only the full run is held against nanoGPT's figure; what a shorter one has to reach is ours. */
  readonly target: number;
}

const scales: Record<RecipeScale, Scale> = {
  smoke: { steps: 2, batchSize: 1, warmupSteps: 1, evaluateEvery: 2, evaluationWindows: 2, target: published },
  cpu: { steps: 800, batchSize: 12, warmupSteps: 80, evaluateEvery: 200, evaluationWindows: 100_000, target: 2.2 },
  gpu: {
    steps: 5000,
    batchSize: 64,
    warmupSteps: 100,
    evaluateEvery: 250,
    evaluationWindows: 100_000,
    target: published,
  },
};

const settingsOf = (scale: RecipeScale) => {
  const { steps, batchSize, warmupSteps, evaluateEvery, evaluationWindows } = scales[scale];
  return pretrainSchema.parse({
    model: {
      layers: 6,
      heads: 6,
      width: 384,
      contextLength: 256,
      dropout: 0.2,
      bias: false,
      activation: 'gelu-exact',
    },
    batchSize,
    evaluationWindows,
    seed: 1337,
    training: {
      steps,
      clipNorm: 1,
      optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.99, weightDecay: 0.1 },
      schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps, finalFraction: 0.1 },
      evaluateEvery,
    },
  });
};

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const { scale } = options;
  const { steps, batchSize, target } = scales[scale];
  const config = settingsOf(scale);
  const { threads, results, validationLoss, best, seconds } = await trainOnShakespeare(options, config);
  const whole = scales.gpu.steps * scales.gpu.batchSize;
  const share = (100 * steps * batchSize) / whole;
  return {
    value: best.loss,
    rows: [
      { metric: figure.metric, value: best.loss, target, direction: 'at most' },
      { metric: 'the same at the end', value: validationLoss },
      { metric: 'step of the best', value: best.step },
      { metric: 'seconds, evaluations included', value: seconds },
    ],
    details: { training: results, best, threads, config },
    notes: [
      'The least loss of all evaluations, each over the whole last tenth of the text, as nanoGPT reports its own (of 200 batches).',
      scale === 'gpu'
        ? "nanoGPT's setting throughout."
        : `A shortened run: ${steps} steps of ${batchSize} windows, ${share.toFixed(1)}% of the text that nanoGPT's 5,000 steps of 64 ` +
          `read. Its published ${published} is not to be reached so; the rest is nanoGPT's setting.`,
    ],
  };
}

const figure = { metric: 'best validation loss, nats per character', target: published, direction: 'at most' } as const;

export const recipe: Recipe = {
  name: 'nanogpt-shakespeare-gpu',
  title: "nanoGPT's character-level Shakespeare on a GPU",
  source: 'https://github.com/karpathy/nanoGPT, README: one A100, best validation loss 1.4697 within 5,000 iterations',
  ...figure,
  scales: {
    smoke: 'two steps of one window, seconds',
    cpu: 'the same model, 800 steps of 12 windows: 3% of what the full run reads',
    gpu: '6 layers, 6 heads, width 384, context 256, batch 64, dropout 0.2, 5,000 steps',
  },
  settings: (scale) => Promise.resolve(settingsOf(scale)),
  run,
};
