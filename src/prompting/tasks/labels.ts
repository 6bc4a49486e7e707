import type { TaskSettings } from '../task.js';

const choosing = ['accuracy', 'accuracy per token', 'accuracy by prior'] as const;

export const labelTasks: readonly TaskSettings[] = [
  {
    name: 'sst2',
    about: 'sentiment of film reviews (Socher et al. 2013); words joined as people write them',
    source: {
      kind: 'rows',
      train: 'cls-sst2/train.tsv.gz',
      test: 'cls-sst2/test.tsv.gz',
      columns: {
        review: { from: 'sentence', detokenise: true },
        sentiment: { from: 'label', map: { 0: 'negative', 1: 'positive' } },
      },
    },
    prompt: 'Review: {{review}}\nSentiment:',
    target: ' {{sentiment}}',
    separator: '\n',
    answer: { by: 'choosing', choices: [' negative', ' positive'], prior: 'Sentiment:' },
    metrics: [...choosing],
  },
  {
    name: 'ag-news',
    about: 'topic of a news item (Zhang et al. 2015)',
    source: {
      kind: 'rows',
      train: 'cls-agnews/alps-dev.tsv.gz',
      test: 'cls-agnews/alps-test.tsv.gz',
      header: ['text', 'label'],
      columns: {
        topic: {
          from: 'label',
          map: { World: 'World', Sports: 'Sports', Business: 'Business', 'Sci/Tech': 'Technology' },
        },
      },
    },
    prompt: 'Article: {{text}}\nTopic:',
    target: ' {{topic}}',
    answer: { by: 'choosing', choices: [' World', ' Sports', ' Business', ' Technology'], prior: 'Topic:' },
    metrics: [...choosing],
  },
  {
    name: 'openbookqa',
    about: 'science questions with four answers (Mihaylov et al. 2018); GPT-3 compares by prior (section 2.4)',
    source: {
      kind: 'rows',
      train: 'eval-openbookqa/train.tsv.gz',
      test: 'eval-openbookqa/test.tsv.gz',
      columns: {
        question: { from: 'Question Stem' },
        options: { from: 'Choices', split: '\\s*\\([A-D]\\)\\s+' },
        answer: { from: 'options', pick: 'Answer Key' },
      },
    },
    prompt: 'Question: {{question}}\nAnswer:',
    target: ' {{answer}}',
    answer: { by: 'choosing', choices: { each: 'options' }, prior: 'Answer:' },
    metrics: ['accuracy by prior', 'accuracy', 'accuracy per token', 'accuracy per byte'],
  },
];
