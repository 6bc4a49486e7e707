import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonLines } from '../data/json.js';
import { tokenizerHash } from '../data/token-store.js';
import type { LoadedModel } from '../formats/model-folder.js';
import { modelId } from '../formats/lineage.js';
import { type TaskRecord, type TaskResult, type TaskSettings, runTask } from '../evaluation/run-task.js';
import { ConfigError } from '../errors.js';
import { builtInTask, defineTask, taskNames } from '../prompting/built-in.js';
import type { TaskExample, TaskExamples } from '../prompting/example.js';
import { readExamples } from '../prompting/sources.js';
import type { Task } from '../prompting/task.js';
import { writeFileAtomically } from '../runtime/atomic-file.js';
import type { Engine } from '../runtime/engine.js';
import { readConfigFile } from './config.js';
import { withSubject } from './stages/answering.js';
import { contentId, fingerprintOf } from './stages/stage.js';

/** Models on tasks: what was measured once of the same model, task, examples and settings is read again. */

/** Raised when a result of the same settings would come out differently. */
const version = 1;

export interface TaskEvaluationOptions {
  readonly models: readonly LoadedModel[];
  readonly tasks: readonly Task[];
  /** Numbers of examples before each question; a text that is only read has none. */
  readonly shots: readonly number[];
  readonly seed: number;
  readonly limit?: number;
  /** The folder that the paths of tasks begin in. */
  readonly data?: string;
  /** Where results and records are kept. */
  readonly out: string;
  /** Asked for where something has to be measured. */
  readonly engine: () => Promise<Engine>;
  readonly signal?: AbortSignal;
  readonly say?: (text: string) => void;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface TaskEvaluation extends TaskResult {
  /** The model's folder and id. */
  readonly model: string;
  readonly id: string;
  readonly headline: Task['metrics'][number];
  readonly seed: number;
  /** Every prompt with what came of it, a line each. */
  readonly records: string;
  /** It was measured before. */
  readonly cached: boolean;
}

/** A task by the name of one that comes along, or by the path of a JSON or YAML file. */
export async function openTask(nameOrPath: string): Promise<Task> {
  if (taskNames.includes(nameOrPath)) return builtInTask(nameOrPath);
  if (existsSync(nameOrPath)) return defineTask(await readConfigFile(nameOrPath), nameOrPath);
  throw new ConfigError(`There is no task '${nameOrPath}', and no such file`, {
    advice: `There are: ${taskNames.join(', ')}. Or give a JSON or YAML file.`,
  });
}

/** The model, task and number of shots of one figure, and under which name it is kept. */
interface Cell {
  readonly loaded: LoadedModel;
  readonly task: Task;
  readonly examples: TaskExamples;
  readonly settings: TaskSettings;
  readonly path: string;
}

/** Measures every model on every task at every number of shots, in this order. */
export async function evaluateTasks(options: TaskEvaluationOptions): Promise<TaskEvaluation[]> {
  const { models, tasks, shots, seed, limit, data, out, signal } = options;
  await mkdir(out, { recursive: true });
  const cells: Cell[] = [];
  for (const task of tasks) {
    const counts = task.answer.by === 'reading' ? [0] : shots;
    const examples = await readExamples(task.source, {
      testOnly: counts.every((count) => count === 0),
      ...(data !== undefined && { data }),
      ...(signal && { signal }),
    });
    const [shown, asked] = [await idOfExamples(examples[task.shots.from]), await idOfExamples(examples.test)];
    for (const loaded of models) {
      for (const count of counts) {
        const settings = { shots: count, seed, ...(limit !== undefined && { limit }) };
        const content = [asked, count > 0 && shown];
        const key = fingerprintOf([version, idOf(loaded), tokenizerHash(loaded.tokenizer), task, content, settings]);
        cells.push({ loaded, task, examples, settings, path: join(out, `${task.name}.${key}`) });
      }
    }
  }
  const fresh = new Set<Cell>();
  for (const loaded of models) {
    const missing = cells.filter((cell) => cell.loaded === loaded && !existsSync(`${cell.path}.json`));
    if (missing.length > 0) await measure(loaded, missing, options);
    for (const cell of missing) fresh.add(cell);
  }
  return Promise.all(
    cells.map(async (cell): Promise<TaskEvaluation> => {
      const { loaded, task, path } = cell;
      const result = JSON.parse(await readFile(`${path}.json`, 'utf8')) as { result: TaskResult };
      return {
        ...result.result,
        model: loaded.folder,
        id: idOf(loaded),
        headline: task.metrics[0]!,
        seed,
        records: `${path}.jsonl`,
        cached: !fresh.has(cell),
      };
    }),
  );
}

const idOfExamples = (examples: readonly TaskExample[]): Promise<string> =>
  contentId(examples.map(({ fields }) => JSON.stringify(fields)));

const idOf = ({ lineage, values }: LoadedModel): string => lineage?.id ?? modelId(values);

async function measure(loaded: LoadedModel, cells: readonly Cell[], options: TaskEvaluationOptions): Promise<void> {
  const { signal, say, onProgress } = options;
  await withSubject({ engine: await options.engine() }, loaded, async (subject) => {
    for (const { task, examples, settings, path } of cells) {
      signal?.throwIfAborted();
      say?.(`${task.name}, ${settings.shots} shots: ${loaded.folder}`);
      const aborts = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
      const { result, records } = await runTask(subject, { task, examples, ...settings, ...aborts });
      await writeFileAtomically(`${path}.jsonl`, jsonLines(records));
      // Last: it says that the rest is there.
      const { source: _source, ...described } = task;
      const kept = { result, task: described, model: idOf(loaded), settings };
      await writeFileAtomically(`${path}.json`, `${JSON.stringify(kept, null, 2)}\n`);
    }
  });
}

/** The first records of a result. */
export async function firstRecords({ records }: Pick<TaskEvaluation, 'records'>, count: number): Promise<TaskRecord[]> {
  const lines = (await readFile(records, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.slice(0, count).map((line) => JSON.parse(line) as TaskRecord);
}
