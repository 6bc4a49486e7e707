import { pretrainSchema } from '../src/cli/stages/settings.js';
import type { Recipe, RecipeOptions, RecipeResult } from '../src/cli/recipe.js';
import { trainOnShakespeare } from './nanogpt-shakespeare.helper.js';
import { runTorch } from './nanogpt-torch.helper.js';

/** nanoGPT's Shakespeare on characters, at the setting that its README gives for a CPU. */

const steps = { smoke: 20, cpu: 2000 };

/** Twice nanoGPT's, in PyTorch as well: 1e-3 ends at 1.90 to 1.91 over the whole last tenth in either (docs/LOG.md). */
const learningRate = 2e-3;

const settingsOf = (scale: 'smoke' | 'cpu') =>
  pretrainSchema.parse({
    model: {
      layers: 4,
      heads: 4,
      width: 128,
      contextLength: 64,
      dropout: 0,
      bias: false,
      activation: 'gelu-exact',
    },
    batchSize: 12,
    // All of the held-out tenth, where nanoGPT draws 20 batches of it.
    evaluationWindows: scale === 'smoke' ? 24 : 100_000,
    seed: 1337,
    training: {
      steps: steps[scale],
      clipNorm: 1,
      optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.99, weightDecay: 0.1 },
      schedule: { kind: 'cosine', learningRate, warmupSteps: scale === 'smoke' ? 5 : 100, finalFraction: 0.1 },
      evaluateEvery: steps[scale] / 4,
    },
  });

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const scale = options.scale === 'smoke' ? 'smoke' : 'cpu';
  const { folder, signal, say } = options;
  const config = settingsOf(scale);
  const { text, threads, results, validationLoss, seconds } = await trainOnShakespeare(options, config);
  const torch =
    scale === 'smoke'
      ? { missing: 'not at the scale smoke' }
      : await runTorch({ folder, text, steps: config.training.steps, learningRate, signal, say });
  return {
    value: validationLoss,
    rows: [
      { metric: 'validation loss, nats per character', value: validationLoss, target: 1.88, direction: 'at most' },
      { metric: 'seconds, evaluations included', value: seconds },
      ...('missing' in torch
        ? []
        : [
            { metric: 'PyTorch: validation loss', value: torch.validationLoss },
            { metric: 'PyTorch: seconds, evaluations included', value: torch.seconds },
            { metric: 'times as fast as PyTorch', value: torch.seconds / seconds },
          ]),
    ],
    details: { training: results, threads, config, torch },
    notes: [
      `Loss over the whole last tenth of the text at the end of training (nanoGPT: 20 batches of it), ${threads} threads.`,
      `Learning rate ${learningRate}, nanoGPT's is 0.001; everything else is nanoGPT's setting for a CPU.`,
      'missing' in torch
        ? `PyTorch was not measured: ${torch.missing}`
        : `PyTorch ${torch.version}, eager, the same setting and evaluations, ${torch.threads} threads (its faster setting).`,
    ],
  };
}

export const recipe: Recipe = {
  name: 'nanogpt-shakespeare-cpu',
  title: "nanoGPT's character-level Shakespeare on a CPU",
  source: 'https://github.com/karpathy/nanoGPT, README: "on a CPU", loss 1.88 after 2,000 iterations',
  metric: 'validation loss, nats per character',
  target: 1.88,
  direction: 'at most',
  scales: {
    smoke: '20 steps, seconds',
    cpu: '4 layers, 4 heads, width 128, context 64, batch 12, 2,000 steps; about two minutes on two cores',
  },
  run,
};
