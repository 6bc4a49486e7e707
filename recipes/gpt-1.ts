import { smallModel } from './language.helper.js';
import { beatsBaselines, fineTuningAt, pretrainingSteps, transferRecipe } from './transfer.helper.js';

/** GPT-1's experiment: pretrain on text without labels, fine-tune on tasks by one linear layer; without either of its two means. */

const twin = 'without pretraining';

export const recipe = transferRecipe({
  name: 'gpt-1',
  title: 'GPT-1: pretraining on text, then tasks by one linear layer',
  source:
    'Radford et al. 2018, table 5: pretraining is worth 14.8 points on average, the auxiliary loss helps on larger data sets; the target is ours',
  metric: 'tasks on which it beats both baselines and its twin without pretraining',
  model: 'gpt',
  variants: { [twin]: { pretrained: false }, 'lambda 0': { lambda: 0 } },
  counts: (figures) => beatsBaselines(figures) && figures.accuracy > figures.variants[twin]!.accuracy,
  smokeModel: { layers: 1, heads: 2, width: 16, contextLength: 48 },
  scales: {
    cpu: {
      about: 'four blocks of width 128 (1.3M parameters), 9M tokens, 2,500 examples a task, of phrases 40,000',
      pretraining: {
        // Today's blocks: in the paper's (normed afterwards, learned positions) the same loss takes 1.6 times as many steps.
        model: { ...smallModel, layers: 4, heads: 4, width: 128, contextLength: 256 },
        batchSize: 8,
        training: pretrainingSteps(4400, 3e-3),
      },
      fineTuning: fineTuningAt(1.2e-3, { warmup: 0.1, epochs: 2, dropout: 0 }),
    },
    gpu: {
      about: 'eight blocks of width 512, 330M tokens, all examples of a task',
      pretraining: {
        model: { layers: 8, heads: 8, width: 512, contextLength: 256, normPosition: 'post', dropout: 0.1 },
        batchSize: 64,
        training: pretrainingSteps(20_000, 5e-4),
      },
      fineTuning: fineTuningAt(1e-4, { warmup: 0.02 }),
    },
  },
});
