import type { FunctionFamily } from '../generated/functions.js';
import type { GeneratingSettings, TaskSettings } from '../task.js';

/** Functions told by examples alone: `descent reproduce gpt-3-few-shot` trains models that can tell them. */
const inContext = (name: string, families?: readonly FunctionFamily[]): TaskSettings => ({
  name,
  about: 'functions that training never met, told by examples alone',
  source: { kind: 'generated', name: 'in-context', settings: families === undefined ? {} : { families } },
  prompt: '{{input}}',
  target: ' {{output}}',
  separator: '\n',
  shots: { within: 'function' },
  answer: { by: 'predicting' },
  metrics: ['whole answer', 'target perplexity'],
});

const sums = {
  source: { kind: 'generated', name: 'sums' },
  prompt: 'Q: {{question}}\nA:',
  separator: '\n',
} as const;

/** The lengths are those of sums of four digits, in characters. */
const plain: GeneratingSettings = { by: 'generating', maxTokens: 8, extract: '\\d+' };
const worked: GeneratingSettings = { by: 'generating', maxTokens: 56, extract: 'so (\\d+)' };

export const madeTasks: readonly TaskSettings[] = [
  inContext('in-context'),
  inContext('in-context-letters', ['letters']),
  inContext('in-context-labels', ['labels']),
  inContext('in-context-digits', ['digits']),
  inContext('in-context-patterns', ['patterns']),
  {
    name: 'sums',
    about: 'sums of two numbers, the answer at once',
    ...sums,
    target: ' {{answer}}',
    references: 'answer',
    answer: plain,
    metrics: ['exact match'],
  },
  {
    name: 'sums-worked',
    about: 'the same worked out first, as the examples in the prompt show (chain of thought, Wei et al. 2022)',
    ...sums,
    target: ' {{working}} so {{answer}}',
    references: 'answer',
    answer: worked,
    metrics: ['exact match'],
  },
  {
    name: 'sums-voted',
    about: 'the answer that most of ten different workings come to (self-consistency, Wang et al. 2022)',
    ...sums,
    target: ' {{working}} so {{answer}}',
    references: 'answer',
    answer: { ...worked, samples: 10, temperature: 0.7, vote: true },
    metrics: ['exact match'],
  },
];
