import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunState } from '../../training/run-folder.js';
import type { RunProgress } from './wire.js';

/** The end of a log that says how a run is going: some dozens of lines. */
const TAIL = 1 << 15;

/**
 * How far a run is, from the end of its log: status.json tells of the last checkpoint alone.
 *
 * @returns undefined where nothing has been logged
 */
export async function readProgress(folder: string, state: RunState | undefined): Promise<RunProgress | undefined> {
  const rows = (await lastRows(join(folder, 'metrics.jsonl'))).filter((row) => 'seconds' in row);
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const { step } = last;
  const steps = state?.steps;
  const pace = step! > first.step! ? (last['seconds']! - first['seconds']!) / (step! - first.step!) : undefined;
  const isRunning = state?.status === 'running' && steps !== undefined && pace !== undefined;
  return {
    step: step!,
    ...(steps !== undefined && { steps }),
    ...(lossOf(last) !== undefined && { loss: lossOf(last) }),
    ...(last['tokensPerSecond'] !== undefined && { rate: last['tokensPerSecond'] }),
    seconds: last['seconds']!,
    ...(isRunning && { secondsLeft: (steps - step!) * pace }),
  };
}

type Figures = Readonly<Record<string, number>> & { readonly step?: number };

/** The loss, or the first phase's. */
const lossOf = (row: Figures): number | undefined =>
  row['loss'] ?? Object.entries(row).find(([key]) => key.endsWith('.loss'))?.[1];

async function lastRows(path: string): Promise<Figures[]> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL);
    const buffer = Buffer.alloc(size - from);
    await file.read(buffer, 0, buffer.length, from);
    const lines = buffer.toString('utf8').split('\n');
    // The first may be cut off at its beginning, and the last at its end.
    const whole = lines.slice(from > 0 ? 1 : 0, -1);
    return whole.flatMap((line): Figures[] => {
      try {
        return [JSON.parse(line) as Figures];
      } catch {
        return [];
      }
    });
  } finally {
    await file.close();
  }
}
