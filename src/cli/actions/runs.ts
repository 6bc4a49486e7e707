import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../../errors.js';
import { formatDuration, formatLoss } from '../../training/progress.js';
import { type RunSummary, listRuns } from '../../training/run-folder.js';
import type { Invocation } from '../command.js';
import { formatTable } from '../table.js';

export async function runsCommand({ positional, answer }: Invocation<unknown>): Promise<void> {
  const root = positional[0] ?? 'runs';
  if (positional[0] !== undefined && !existsSync(root)) throw new FormatError(`There is no folder ${root}`);
  const runs = await runsBelow(root);
  const plain = runs.map(({ path, state }) => ({ path, ...state }));
  const rows = runs.map(({ path, state }) => ({
    run: path,
    status: state?.status ?? 'created',
    step: state === undefined ? '' : `${state.step}/${state.steps}`,
    time: state === undefined ? '' : formatDuration(state.seconds),
    best: state?.best === undefined ? '' : `${state.best.metric} ${formatLoss(state.best.value)} at ${state.best.step}`,
    updated: state?.updated.slice(0, 16).replace('T', ' ') ?? '',
  }));
  answer(
    plain,
    runs.length === 0 ? `There are no runs in ${root} yet; descent quickstart makes some.` : formatTable(rows),
  );
}

/** Runs, and those in folders of runs such as a quickstart's. */
async function runsBelow(root: string): Promise<RunSummary[]> {
  if (!existsSync(root)) return [];
  const runs = await listTraining(root);
  const isRun = new Set(runs.map(({ path }) => path));
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (entry.isDirectory() && !isRun.has(path)) runs.push(...(await listTraining(path)));
  }
  return runs.sort((a, b) => ((a.state?.updated ?? '') < (b.state?.updated ?? '') ? 1 : -1));
}

/** A model's folder has a config.json as well, but no log. */
const listTraining = async (root: string): Promise<RunSummary[]> =>
  (await listRuns(root)).filter(({ path }) => existsSync(join(path, 'metrics.jsonl')));
