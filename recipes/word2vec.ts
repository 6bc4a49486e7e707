import { relations } from '../src/data/analogies.js';
import { analogies, nearSum, readSum, wordVectors } from '../src/evaluation/word-vectors.js';
import { headOnFeatures, pretrainingSteps, transferRecipe } from './transfer.helper.js';

/** word2vec: what vectors of words say of each other, and the mean of a text's as features of GPT-1's tasks. */

const shown = ['sea', 'king', 'house', 'green', 'ran', 'mother', 'three'];

export const recipe = transferRecipe({
  name: 'word2vec',
  title: 'word2vec: vectors of words by their neighbours',
  source: 'Mikolov et al. 2013b, arXiv:1310.4546; the papers have no such small text: the target is ours',
  metric: 'tasks on which it beats the commonest label',
  model: 'word2vec',
  counts: ({ accuracy, majority }) => accuracy > majority,
  smokeModel: { width: 8, pairs: 4 },
  scales: {
    cpu: {
      about:
        'two vectors of 162 numbers a token (1.3M parameters), 200M pairs, 2,500 examples a task, of phrases 40,000',
      pretraining: {
        model: { width: 162, window: 5, negatives: 5 },
        batchSize: 256,
        training: { ...pretrainingSteps(12_000, 4e-3), optimizer: { beta2: 0.98 } },
      },
      fineTuning: headOnFeatures,
    },
    gpu: {
      about: 'two vectors of 512 numbers a token, 650M pairs, all examples of a task',
      pretraining: {
        model: { width: 512, window: 5, negatives: 10 },
        batchSize: 512,
        training: { ...pretrainingSteps(20_000, 2e-3), optimizer: { beta2: 0.98 } },
      },
      fineTuning: headOnFeatures,
    },
  },
  measure: ({ tokenizer, values }) => {
    const vectors = wordVectors(tokenizer, values['tokens.weight']!);
    const found = Object.fromEntries(
      Object.entries(relations).map(([name, pairs]) => [name, analogies(vectors, [pairs])]),
    );
    const { accuracy, standardError, questions } = analogies(vectors, Object.values(relations));
    const neighbours = Object.fromEntries(
      shown.map((word) => [word, nearSum(vectors, readSum(word), 6).map((near) => near.word)]),
    );
    return {
      rows: [
        { metric: `analogies (${questions}), %`, value: 100 * accuracy, standardError: 100 * standardError },
        ...Object.entries(found).map(([name, each]) => ({
          metric: `analogies: ${name} (${each.questions}), %`,
          value: 100 * each.accuracy,
        })),
      ],
      details: { analogies: found, neighbours },
    };
  },
});
