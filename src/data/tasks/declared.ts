import type { TaskKind } from './task.js';
import { type TaskReader, allOf, entailmentPairs, labelFirst, tabbed } from './readers.js';

/** A file of examples, below the folder that holds the data sets. */
export interface TaskFile {
  readonly path: string;
  /** Of a zip archive: the file in it. */
  readonly entry?: string;
  readonly read: TaskReader;
}

/** What is known of a task before it is read. */
export interface TaskDeclaration {
  readonly title: string;
  readonly kind: TaskKind;
  /** The words that data has for labels, and what they are called. */
  readonly labels: Readonly<Record<string, string>>;
  readonly train: readonly TaskFile[];
  /** Left out where the data has no part for testing: a share of the rest is held out. */
  readonly test?: readonly TaskFile[];
}

const same = (...labels: string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(labels.map((label) => [label, label]));

const sst2 = tabbed({ texts: [0], label: 1, heading: true });
const agNews = tabbed({ texts: [0], label: 1, quoted: true });
const openBook = tabbed({ texts: [1], choices: 2, label: 4, heading: true });
const rte = (name: string): TaskFile => ({
  path: 'cls-nltk-small/rte.zip',
  entry: `rte/${name}.xml`,
  read: entailmentPairs,
});
const trec = (part: string): TaskFile => ({
  path: 'cls-nltk-small/qc.zip',
  entry: `qc/${part}.txt`,
  read: labelFirst,
});

/** Tasks by name. */
export const declaredTasks = {
  sst2: {
    title: 'SST-2: is a sentence of a film review positive? (Socher et al. 2013)',
    kind: 'classification',
    labels: { 0: 'negative', 1: 'positive' },
    train: [{ path: 'cls-sst2/train.tsv.gz', read: sst2 }],
    test: [{ path: 'cls-sst2/test.tsv.gz', read: sst2 }],
  },
  'ag-news': {
    title: 'AG News: what is a piece of news about? (Zhang et al. 2015)',
    kind: 'classification',
    labels: same('World', 'Sports', 'Business', 'Sci/Tech'),
    train: [{ path: 'cls-agnews/alps-dev.tsv.gz', read: agNews }],
    test: [{ path: 'cls-agnews/alps-test.tsv.gz', read: agNews }],
  },
  trec: {
    title: 'TREC: what kind of thing does a question ask for? (Li and Roth 2002)',
    kind: 'classification',
    labels: { ABBR: 'abbreviation', DESC: 'description', ENTY: 'entity', HUM: 'human', LOC: 'location', NUM: 'number' },
    train: [trec('train')],
    test: [trec('test')],
  },
  rte: {
    title: 'RTE: does one text follow from another? (Dagan et al. 2005)',
    kind: 'entailment',
    labels: same('no entailment', 'entailment'),
    train: ['rte1_dev', 'rte1_test', 'rte2_dev', 'rte2_test', 'rte3_dev'].map(rte),
    test: [rte('rte3_test')],
  },
  openbookqa: {
    title: 'OpenBookQA: questions of elementary science, four choices (Mihaylov et al. 2018)',
    kind: 'choice',
    labels: same('A', 'B', 'C', 'D'),
    train: [{ path: 'eval-openbookqa/train.tsv.gz', read: openBook }],
    test: [{ path: 'eval-openbookqa/test.tsv.gz', read: openBook }],
  },
  polarity: {
    title: 'sentence polarity: is a sentence of a film review positive? (Pang and Lee 2005)',
    kind: 'classification',
    labels: same('negative', 'positive'),
    train: [
      {
        path: 'cls-nltk-small/sentence_polarity.zip',
        entry: 'sentence_polarity/rt-polarity.neg',
        read: allOf('negative'),
      },
      {
        path: 'cls-nltk-small/sentence_polarity.zip',
        entry: 'sentence_polarity/rt-polarity.pos',
        read: allOf('positive'),
      },
    ],
  },
  subjectivity: {
    title: 'subjectivity: does a sentence judge a film or tell its plot? (Pang and Lee 2004)',
    kind: 'classification',
    labels: same('plot', 'judgement'),
    train: [
      { path: 'cls-nltk-small/subjectivity.zip', entry: 'subjectivity/plot.tok.gt9.5000', read: allOf('plot') },
      { path: 'cls-nltk-small/subjectivity.zip', entry: 'subjectivity/quote.tok.gt9.5000', read: allOf('judgement') },
    ],
  },
} as const satisfies Readonly<Record<string, TaskDeclaration>>;

export type DeclaredTask = keyof typeof declaredTasks;
