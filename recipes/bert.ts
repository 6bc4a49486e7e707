import { beatsBaselines, fineTuningAt, pretrainingSteps, transferRecipe } from './transfer.helper.js';

/** BERT on GPT-1's tasks, at equal parameters, text and time. */

export const recipe = transferRecipe({
  name: 'bert',
  title: 'BERT: hidden tokens from both sides, then tasks by the first token',
  source:
    'Devlin et al. 2019, arXiv:1810.04805, table 5: both sides are worth more than one on tasks; the target is ours',
  metric: 'tasks on which it beats both baselines',
  model: 'bert',
  counts: beatsBaselines,
  smokeModel: { layers: 1, heads: 2, width: 16, contextLength: 48 },
  scales: {
    cpu: {
      about: 'four blocks of width 128 (1.4M parameters), 12M tokens, 2,500 examples a task, of phrases 40,000',
      pretraining: {
        model: { layers: 4, heads: 4, width: 128, contextLength: 256 },
        batchSize: 8,
        training: pretrainingSteps(5800, 1.5e-3),
      },
      fineTuning: fineTuningAt(1e-3, { warmup: 0.1, epochs: 2, dropout: 0 }),
    },
    gpu: {
      about: 'eight blocks of width 512, 490M tokens, all examples of a task',
      pretraining: {
        model: { layers: 8, heads: 8, width: 512, contextLength: 256, dropout: 0.1 },
        batchSize: 64,
        training: pretrainingSteps(30_000, 5e-4),
      },
      fineTuning: fineTuningAt(1e-4, { warmup: 0.1 }),
    },
  },
});
