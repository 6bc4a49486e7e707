import { headOnFeatures, pretrainingSteps, transferRecipe } from './transfer.helper.js';

/** ELMo's layers as features of GPT-1's tasks, at equal parameters, text and time. */

export const recipe = transferRecipe({
  name: 'elmo',
  title: 'ELMo: layers of a language model in both directions as features',
  source: 'Peters et al. 2018, arXiv:1802.05365, table 1: its features improve six tasks; the target is ours',
  metric: 'tasks on which it beats the commonest label',
  model: 'elmo',
  counts: ({ accuracy, majority }) => accuracy > majority,
  smokeModel: { layers: 1, width: 8, contextLength: 6, longestText: 8 },
  scales: {
    cpu: {
      about:
        'two LSTMs of 148 units in each direction (1.3M parameters), 4.9M tokens, 2,500 examples a task, of phrases 40,000',
      pretraining: {
        model: { layers: 2, width: 148, contextLength: 32 },
        batchSize: 64,
        training: pretrainingSteps(2400, 3e-3),
      },
      fineTuning: headOnFeatures,
    },
    gpu: {
      about: 'two LSTMs of 1,024 units projected to 512 in each direction, 160M tokens, all examples of a task',
      pretraining: {
        model: { layers: 2, width: 512, units: 1024, contextLength: 64, longestText: 128, dropout: 0.1 },
        batchSize: 128,
        training: pretrainingSteps(20_000, 1e-3),
      },
      fineTuning: headOnFeatures,
    },
  },
});
