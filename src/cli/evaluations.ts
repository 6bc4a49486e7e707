import { join } from 'node:path';
import { readJsonLines } from '../training/json-lines.js';

/** The evaluations of a run, in order: at which step, after how many seconds of training, and the figures. */
export async function evaluationsOf(
  folder: string,
): Promise<({ step: number; seconds: number } & Record<string, unknown>)[]> {
  const lines = await readJsonLines(join(folder, 'metrics.jsonl'));
  let seconds = 0;
  return lines.flatMap((line) => {
    if (typeof line['seconds'] === 'number') seconds = line['seconds'];
    return line['evaluation'] === undefined
      ? []
      : [{ step: line.step, seconds: Math.round(seconds), ...(line['evaluation'] as object) }];
  });
}
