import { z } from 'zod';
import { taskNames } from '../data/tasks/read.js';
import { generatedNames } from './generated/names.js';

const paths = z.union([z.string(), z.array(z.string()).min(1)]);

/** How a field is made of a column. */
const columnSchema = z.strictObject({
  from: z.string().optional().describe('the column (default: the one with the name of the field)'),
  match: z.string().optional().describe('a regular expression: what it finds, or its first group, is kept'),
  split: z.string().optional().describe('a regular expression between the parts of a list'),
  map: z.record(z.string(), z.string()).optional().describe('values in other words; one that is missing is an error'),
  trim: z.boolean().default(true).describe('without white space at its ends'),
  detokenise: z
    .boolean()
    .default(false)
    .describe('words that a corpus set apart ("it \'s", "film .") written as people do; a model never saw the other'),
  pick: z.string().optional().describe('of a list: the part that this column names, by letter (A, B, …)'),
});

const columns = z
  .record(z.string(), columnSchema)
  .default({})
  .describe('fields that are made of columns; a column that is not named stays as it is');

/** Where examples come from. Paths are relative to the data folder. */
export const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rows'),
    train: paths.optional(),
    test: paths,
    header: z
      .array(z.string())
      .optional()
      .describe('names of the columns of a CSV or TSV file whose first line has none'),
    columns,
  }),
  z.strictObject({
    kind: z.literal('task'),
    name: z
      .enum(taskNames)
      .describe('a task that models are also trained on; its columns are text, text2 or choices, and label'),
    columns,
  }),
  z.strictObject({
    kind: z.literal('lines'),
    train: z.record(z.string(), z.string()).optional(),
    test: z.record(z.string(), z.string()).describe('a file for each field, line by line'),
    columns,
  }),
  z.strictObject({ kind: z.literal('squad'), train: paths.optional(), test: paths }),
  z.strictObject({
    kind: z.literal('cloze'),
    of: z.enum(['last word', 'common noun', 'name']),
    train: paths.optional(),
    test: paths.optional().describe('books (default: the English that comes with the package)'),
    separator: z.string().default('<|endoftext|>').describe('what stands between two books'),
    sentences: z.int().positive().optional().describe('sentences before the gap (default: 4 or 20, as the originals)'),
    candidates: z.int().min(2).default(10).describe('words to choose from'),
    seed: z.int().min(0).default(0).describe('of gaps and candidates'),
  }),
  z.strictObject({
    kind: z.literal('documents'),
    test: paths,
    separator: z.string().default('<|endoftext|>').describe('what stands between two documents of a file'),
  }),
  z.strictObject({
    kind: z.literal('generated'),
    name: z.enum(generatedNames),
    settings: z.record(z.string(), z.unknown()).default({}),
  }),
]);

export type Source = z.output<typeof sourceSchema>;
export type Column = z.output<typeof columnSchema>;
