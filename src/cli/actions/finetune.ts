import { readOwnTask } from '../../data/tasks/own.js';
import { readTask, taskNames } from '../../data/tasks/read.js';
import type { Task, TaskKind } from '../../data/tasks/task.js';
import { ConfigError } from '../../errors.js';
import type { TaskReport } from '../../evaluation/task-report.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import { loadTextModel } from '../../formats/text-model-folder.js';
import type { Invocation } from '../command.js';
import type { RunFlags } from '../flags.js';
import { badRowsOf, findModel, sayBadRows, withStage } from '../session.js';
import { contentId, modelFolderOf } from '../stages/stage.js';
import { modelAsAncestor } from '../stages/examples.js';
import { fineTune, reportOf, splitTask } from '../stages/fine-tune.js';
import type { FineTuneConfig } from '../stages/text-settings.js';
import { formatTable } from '../table.js';

export interface FinetuneFlags extends RunFlags {
  readonly task?: string;
  readonly data?: readonly string[];
  readonly test?: readonly string[];
  readonly kind?: TaskKind;
  readonly text: string;
  readonly second: string;
  readonly choices: string;
  readonly label: string;
  readonly skipBad?: boolean;
}

export async function finetuneCommand(invocation: Invocation<FinetuneFlags, FineTuneConfig>): Promise<void> {
  const { positional, flags, config, say, answer, signal } = invocation;
  const parent = await loadTextModel(findModel(positional[0]!));
  const task = await taskOf(invocation);
  const { train, test } = splitTask(task, config);
  say(
    `${task.title}: ${train.length.toLocaleString('en')} examples to learn from, ${test.length.toLocaleString('en')} to test on`,
  );
  const data = await taskAsAncestor(task);
  const lineage = await withStage(flags, signal, (context) =>
    fineTune(context, { out: flags.out, config, parent, task, ancestors: [modelAsAncestor(parent), data] }),
  );
  const folder = modelFolderOf(flags.out);
  answer({ model: folder, id: lineage.id, stage: lineage.stage, ...lineage.results }, describe(lineage, folder));
}

async function taskOf({ flags, say, signal }: Invocation<FinetuneFlags>): Promise<Task> {
  const { task, data, test, kind } = flags;
  const bad = { ...badRowsOf(flags), signal };
  if (task === undefined && data !== undefined) {
    const columns = { text: flags.text, second: flags.second, choices: flags.choices, label: flags.label };
    const own = await readOwnTask({ ...bad, paths: data, columns, ...(test && { test }), ...(kind && { kind }) });
    sayBadRows(bad, say);
    return own;
  }
  if (test !== undefined || kind !== undefined || (data?.length ?? 0) > 1) {
    throw new ConfigError('A task by name knows its data and its kind', {
      advice: `Leave --test and --kind out, and give --data one folder; or leave --task out for rows of your own (tasks: ${taskNames.join(', ')}).`,
    });
  }
  const read = await readTask(task ?? 'brown', { ...bad, ...(data && { data: data[0]! }) });
  sayBadRows(bad, say);
  return read;
}

/** A task as an ancestor of a model: a hash of its examples, and how many they are. */
export async function taskAsAncestor({ name, train, test = [] }: Task): Promise<Ancestor & { id: string }> {
  const rows = [...train, ...test].map(({ texts, label }) => JSON.stringify([texts, label]));
  return { role: 'data', name, id: await contentId(rows), size: `${rows.length} examples` };
}

const percent = (share: number | null): string => (share === null ? '' : (100 * share).toFixed(1));

/** More classes than this make a table of who was taken for whom too wide to read. */
const mostConfused = 8;

function describe(lineage: Lineage, folder: string): string {
  const report = reportOf(lineage);
  const { majority, bagOfWords, bagOfWordsError } = lineage.results as Partial<Record<string, number>>;
  const rows = [
    { model: 'this model', 'accuracy, %': `${percent(report.accuracy)} ± ${percent(report.standardError)}` },
    ...(majority === undefined ? [] : [{ model: 'the commonest label', 'accuracy, %': percent(majority) }]),
    ...(bagOfWords === undefined
      ? []
      : [{ model: 'a bag of words', 'accuracy, %': `${percent(bagOfWords)} ± ${percent(bagOfWordsError ?? null)}` }]),
  ];
  return [
    `Model  ${folder}`,
    formatTable(rows),
    classTable(report),
    `Try it: npx descent classify ${folder.replace(/\/model$/, '')} "…"`,
  ].join('\n\n');
}

function classTable({ classes, confusion }: TaskReport): string {
  return formatTable(
    classes.map(({ label, examples, precision, recall }, index) => ({
      label,
      examples,
      'precision, %': percent(precision),
      'recall, %': percent(recall),
      ...(classes.length <= mostConfused &&
        Object.fromEntries(classes.map((other, column) => [`as ${other.label}`, confusion[index]![column]!]))),
    })),
  );
}
