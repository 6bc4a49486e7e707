import type { TaskSettings } from '../task.js';

const books = {
  test: 'text-classic-children/heldout.txt.gz',
  train: 'text-classic-children/train.txt.gz',
  separator: '<|endofbook|>',
} as const;

const lastWord = {
  prompt: '{{context}}',
  target: ' {{word}}',
  separator: '\n\n',
  tooLong: 'cut',
} as const;

const ofKind = (kind: 'common noun' | 'name') =>
  ({
    about: `CBT-like (Hill et al. 2016; GPT-2, section 3.2): which of ten ${kind === 'name' ? 'names' : 'nouns'} was left out`,
    source: { kind: 'cloze', of: kind, ...books },
    prompt: '{{context}}',
    target: ' {{completion}}',
    answer: { by: 'choosing', choices: { each: 'completions' } },
    metrics: ['accuracy', 'accuracy per token'],
    tooLong: 'cut',
  }) as const satisfies Omit<TaskSettings, 'name'>;

export const clozeTasks: readonly TaskSettings[] = [
  {
    name: 'last-word',
    about: 'LAMBADA-like (Paperno et al. 2016; GPT-2, section 3.3): the last word of a passage of a held-out book',
    source: { kind: 'cloze', of: 'last word', ...books },
    ...lastWord,
    answer: { by: 'predicting' },
    metrics: ['whole answer', 'last token', 'target perplexity', 'target perplexity per token'],
  },
  {
    name: 'last-word-filtered',
    about: "the same by generation, with GPT-2's filter: stop words cannot be answers",
    source: { kind: 'cloze', of: 'last word', ...books },
    ...lastWord,
    answer: { by: 'generating', maxTokens: 6, stop: ['\n'], extract: '^ ?([A-Za-z]+)', avoid: 'stop words' },
    metrics: ['exact match'],
  },
  { name: 'common-noun', ...ofKind('common noun') },
  { name: 'name', ...ofKind('name') },
  {
    name: 'books',
    about: 'held-out books read from end to end; words are those between white space',
    source: { kind: 'documents', test: books.test, separator: books.separator },
    prompt: '{{text}}',
    answer: { by: 'reading' },
    metrics: ['bits per byte', 'bits per character', 'perplexity per word', 'perplexity per token'],
  },
];
