import { DataError } from '../../errors.js';
import { BadRowError, orSkip, placeOf } from '../bad-rows.js';
import { requireArray, requireText } from '../messages.js';
import type { Row } from '../sources/row.js';
import { readRows } from '../sources/rows.js';
import type { TaskOptions } from './read.js';
import { type Task, type TaskExample, type TaskKind, choiceLabels } from './task.js';

/** A task of one's own: rows of CSV, TSV, JSONL, JSON or Parquet with texts and a label. */

export interface OwnTaskOptions extends Omit<TaskOptions, 'data'> {
  readonly paths: readonly string[];
  /** Rows to test on; a share of the others where there are none. */
  readonly test?: readonly string[];
  /** Default: choice where rows have the column of choices, entailment where they have a second text, else classification. */
  readonly kind?: TaskKind;
  /** Names of the columns. Default: text, text2, choices, label. */
  readonly columns?: Partial<Columns>;
}

interface Columns {
  readonly text: string;
  readonly second: string;
  readonly choices: string;
  readonly label: string;
}

interface LabelledTexts extends TaskExample {
  readonly word: string;
}

/** @throws DataError when there are no examples or no two labels; BadRowError for a bad row unless `badRows` is given */
export async function readOwnTask(options: OwnTaskOptions): Promise<Task> {
  const columns: Columns = { text: 'text', second: 'text2', choices: 'choices', label: 'label', ...options.columns };
  let { kind } = options;
  const read = async (paths: readonly string[]): Promise<LabelledTexts[]> => {
    const found: LabelledTexts[] = [];
    for await (const row of readRows({ ...options, paths: [...paths] })) {
      kind ??= kindOf(row, columns);
      const example = orSkip(options.badRows, () => exampleOf(row, kind!, columns));
      if (example !== undefined) found.push(example);
    }
    if (found.length === 0)
      throw new DataError(`${paths.join(', ')}: there are no examples in this data`, {
        advice: 'Check the paths and the bad rows.',
      });
    return found;
  };
  const train = await read(options.paths);
  const test = options.test && (await read(options.test));
  const name = options.paths.join(', ');
  if (kind === 'choice') {
    const labels = choiceLabels(train[0]!.texts.length - 1);
    return { name, title: name, kind, labels, train, ...(test && { test }) };
  }
  const labels = [...new Set(train.map(({ word }) => word))].sort();
  if (labels.length < 2) {
    throw new DataError(`${name}: every example has the label ${JSON.stringify(labels[0])}`, {
      advice: `Is "${columns.label}" the right column? Name another with --label.`,
    });
  }
  const numbered = (list: readonly LabelledTexts[]): TaskExample[] =>
    list.flatMap((each) => {
      const label = labels.indexOf(each.word);
      if (label >= 0) return [{ ...each, label }];
      const why = `has the label ${JSON.stringify(each.word)}, which no training example has`;
      orSkip(options.badRows, () => {
        throw new BadRowError(each, { field: columns.label, why });
      });
      return [];
    });
  return { name, title: name, kind: kind!, labels, train: numbered(train), ...(test && { test: numbered(test) }) };
}

const kindOf = ({ value }: Row, { second, choices }: Columns): TaskKind =>
  value[choices] !== undefined ? 'choice' : value[second] !== undefined ? 'entailment' : 'classification';

function exampleOf(row: Row, kind: TaskKind, columns: Columns): LabelledTexts {
  const place = placeOf(row);
  const textOf = (column: string): string => requireText(row.value[column], column, place);
  const word = wordOf(row, columns.label);
  if (kind !== 'choice') {
    const pair = kind === 'classification' ? [] : [textOf(columns.second)];
    return { texts: [textOf(columns.text), ...pair], label: 0, word, ...place };
  }
  const choices = requireArray(row.value[columns.choices], columns.choices, place).map((choice, index) =>
    requireText(choice, `${columns.choices}[${index}]`, place),
  );
  // A letter, the choice itself, or its number from 0.
  const label = [choiceLabels(choices.length), choices, choices.map((_, index) => String(index))]
    .map((names) => names.indexOf(word))
    .find((index) => index >= 0);
  if (label !== undefined) return { texts: [textOf(columns.text), ...choices], label, word, ...place };
  const why = `is ${JSON.stringify(word)}: neither a letter from A, nor a choice, nor the number of one from 0`;
  throw new BadRowError(place, { field: columns.label, why });
}

function wordOf(row: Row, column: string): string {
  const value = row.value[column];
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return requireText(value, column, placeOf(row)).trim();
}
