import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { BadRows } from '../data/bad-rows.js';
import { FormatError } from '../errors.js';
import type { Lineage } from '../formats/lineage.js';
import { hasModel } from '../formats/folder.js';
import { type LoadedModel, type ModelKind, loadModel } from '../formats/model-folder.js';
import { Engine } from '../runtime/engine.js';
import { sgemmPeak } from '../runtime/sgemm-peak.js';
import { formatDuration, terminalProgress } from '../training/progress.js';
import type { Invocation } from './command.js';
import type { EngineFlags, RunFlags } from './flags.js';
import { type StageContext, modelFolderOf } from './stages/stage.js';

/** What the actions share: an engine for as long as they run, models by any folder that leads to them, and summaries. */

/** Gives an engine for as long as it is used. */
export async function withEngine<Result>(
  { device, threads }: EngineFlags,
  use: (engine: Engine) => Promise<Result>,
): Promise<Result> {
  const engine = await Engine.create({ device, ...(threads !== undefined && { threads }) });
  try {
    return await use(engine);
  } finally {
    await engine.dispose();
  }
}

/** For training: with progress on standard error, and Ctrl-C. */
export const withStage = <Result>(
  flags: RunFlags,
  signal: AbortSignal,
  use: (context: StageContext) => Promise<Result>,
): Promise<Result> =>
  withEngine(flags, async (engine) => {
    signal.throwIfAborted();
    return use({
      engine,
      signal,
      changed: flags.fresh === true ? 'restart' : 'refuse',
      peakFlops: 1e9 * (await sgemmPeak(engine)),
      progress: (title) => terminalProgress({ title }),
    });
  });

/** Where the quickstart's models lie, the furthest developed first. */
const QUICKSTART_RUNS = ['4-aligned', '2-supervised', '1-pretrained'];

/** The model folder that a path leads to: the folder itself, a run's model, or the last one of a quickstart. */
export function findModel(path: string): string {
  const candidates = [path, modelFolderOf(path), ...QUICKSTART_RUNS.map((run) => modelFolderOf(join(path, run)))];
  const found = candidates.find(hasModel);
  if (found !== undefined) return found;
  const isUnfinished = existsSync(join(path, 'checkpoints'));
  throw new FormatError(`There is no model in ${path}`, {
    advice: isUnfinished
      ? 'This run is not finished; give its command again and it goes on.'
      : 'Give a model folder, or the run that made one. descent runs lists them.',
  });
}

/** Loads the model that a path leads to. @throws FormatError when there is none, or one of another kind */
export async function openModel(path: string, kind?: ModelKind): Promise<LoadedModel> {
  const loaded = await loadModel(findModel(path));
  if (kind === undefined || loaded.kind === kind) return loaded;
  throw new FormatError(`${loaded.folder} is a ${loaded.kind}, and a ${kind} is needed here`, {
    advice: kind === 'reward-model' ? 'descent reward makes one.' : 'descent train and descent sft make one.',
  });
}

/** Where bad rows go: nowhere, and the first one is an error, unless --skip-bad was given. */
export function badRowsOf(flags: { readonly skipBad?: boolean }): { badRows?: BadRows } {
  return flags.skipBad === true ? { badRows: new BadRows() } : {};
}

/** Says which rows were left out, if any were. */
export function sayBadRows({ badRows }: { badRows?: BadRows }, say: (text: string) => void): void {
  if (badRows !== undefined && badRows.count > 0) say(badRows.toString());
}

/** The end of a training command: where the model is and what it came to. */
export function answerWithModel(
  { answer }: Pick<Invocation<unknown>, 'answer'>,
  out: string,
  lineage: Lineage,
  next: string,
): void {
  const folder = modelFolderOf(out);
  const { id, stage, results } = lineage;
  const figures = Object.entries(results).map(([key, value]) => `  ${key.padEnd(20)} ${formatResult(key, value)}`);
  answer({ model: folder, id, stage, ...results }, [`${pc.bold('Model')}  ${folder}`, ...figures, next].join('\n'));
}

function formatResult(key: string, value: unknown): string {
  if (typeof value !== 'number') return String(value);
  if (key === 'seconds') return formatDuration(value);
  return Number.isInteger(value) ? value.toLocaleString('en') : String(Number(value.toPrecision(4)));
}
