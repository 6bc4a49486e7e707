import { existsSync } from 'node:fs';
import { FormatError } from '../../errors.js';
import { formatDuration, formatLoss } from '../../training/progress.js';
import { findRuns } from '../../training/run-folder.js';
import type { Invocation } from '../command.js';
import { formatTable } from '../table.js';

export async function runsCommand({ positional, answer }: Invocation<unknown>): Promise<void> {
  const root = positional[0] ?? 'runs';
  if (positional[0] !== undefined && !existsSync(root))
    throw new FormatError(`There is no folder ${root}`, {
      advice: 'Give the folder that --out of your commands is in.',
    });
  const runs = await findRuns(root);
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
