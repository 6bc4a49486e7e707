import type { TaskSettings } from '../task.js';

const choosing = ['accuracy', 'accuracy per token', 'accuracy by prior'] as const;

export const labelTasks: readonly TaskSettings[] = [
  {
    name: 'sst2',
    about: 'sentiment of film reviews (Socher et al. 2013); words joined as people write them',
    source: { kind: 'task', name: 'sst2', columns: { review: { from: 'text', detokenise: true } } },
    prompt: 'Review: {{review}}\nSentiment:',
    target: ' {{label}}',
    separator: '\n',
    answer: { by: 'choosing', choices: [' negative', ' positive'], prior: 'Sentiment:' },
    metrics: [...choosing],
  },
  {
    name: 'ag-news',
    about: 'topic of a news item (Zhang et al. 2015)',
    source: {
      kind: 'task',
      name: 'ag-news',
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
    source: { kind: 'task', name: 'openbookqa', columns: { answer: { from: 'choices', pick: 'label' } } },
    prompt: 'Question: {{text}}\nAnswer:',
    target: ' {{answer}}',
    answer: { by: 'choosing', choices: { each: 'choices' }, prior: 'Answer:' },
    metrics: ['accuracy by prior', 'accuracy', 'accuracy per token', 'accuracy per byte'],
  },
];
