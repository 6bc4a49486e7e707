import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunLog } from './run-log.js';
import { Series } from './series.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descent-log-'));
  path = join(folder, 'metrics.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const line = (step: number, loss: number): string => `${JSON.stringify({ step, loss })}\n`;

describe('a log that is being written', () => {
  it('is sent whole once, and then by what is new', async () => {
    await writeFile(path, line(1, 5) + line(2, 4));
    const log = new RunLog(path);
    const first = await log.since();
    expect(first.whole?.['loss']?.mean).toEqual([5, 4]);
    expect(first.rows).toEqual([]);

    await appendFile(
      path,
      `${line(3, 3)}${JSON.stringify({ step: 3, evaluation: { validationLoss: 9 } })}\n{"step": 4`,
    );
    const second = await log.since(first.cursor);
    expect(second.whole).toBeUndefined();
    expect(second.keys).toEqual(['loss', 'validationLoss']);
    expect(second.rows).toEqual([
      [3, 3, null],
      [3, null, 9],
    ]);
    expect((await log.since(second.cursor)).rows).toEqual([]);
    await appendFile(path, ', "loss": 2}\n');
    expect((await log.since(second.cursor)).rows).toEqual([[4, 2]]);
  });

  it('is sent anew when a resumed run has cut it', async () => {
    await writeFile(path, [1, 2, 3, 4].map((step) => line(step, step)).join(''));
    const log = new RunLog(path);
    const { cursor } = await log.since();
    await truncate(path, line(1, 1).length * 2);
    await appendFile(path, [3, 4, 5].map((step) => line(step, 10 * step)).join(''));
    await log.since(cursor);
    const again = await log.since(cursor);
    expect(again.whole?.['loss']?.mean).toEqual([1, 2, 30, 40, 50]);
  });

  it('tells what the run warned of', async () => {
    await writeFile(path, `${line(1, 5)}${JSON.stringify({ step: 1, warning: 'it collapses' })}\n`);
    expect((await new RunLog(path).since()).warnings).toEqual([{ step: 1, text: 'it collapses' }]);
  });

  it('sends thinned curves where too much is new', async () => {
    await writeFile(path, line(0, 0));
    const log = new RunLog(path);
    const { cursor } = await log.since();
    const many = Array.from({ length: 20_000 }, (_, index) => index + 1);
    await appendFile(path, many.map((step) => line(step, step)).join(''));
    const update = await log.since(cursor);
    const series = Series.from(update.whole!['loss']!);
    expect(series.steps.length).toBeLessThanOrEqual(2048);
    expect(series.lastStep).toBe(20_000);
    expect(series.high.at(-1)).toBe(20_000);
  });

  it('is looked at closely between any two steps, as it is and with what has come since', async () => {
    const many = Array.from({ length: 60_000 }, (_, index) => index + 1);
    // Longer lines, so that it is read in several parts.
    const long = (step: number): string => line(step, step).replace('}', `,"text":"${'x'.repeat(40)}"}`);
    await writeFile(path, many.map(long).join(''));
    const log = new RunLog(path);
    expect(Series.from((await log.since()).whole!['loss']!).isWhole).toBe(false);
    for (const [from, to] of [
      [1, 5],
      [30_000, 31_000],
      [59_990.5, 70_000],
    ] as const) {
      const steps = many.filter((step) => step >= from && step <= to);
      expect((await log.between(from, to))['loss']).toMatchObject({ every: 1, steps, mean: steps });
    }
    await appendFile(path, line(60_001, 7));
    expect((await log.between(60_000, Infinity))['loss']!.mean).toEqual([60_000, 7]);
    expect((await log.between(0, Infinity))['loss']!.steps.length).toBeLessThanOrEqual(2048);
    expect(await log.between(70_000, 80_000)).toEqual({});
    expect(await new RunLog(join(folder, 'none.jsonl')).between(0, 1)).toEqual({});
  });
});
