/**
 * The Studio with a run of a million logged steps that goes on: how long until its curves are there, and how long the
 * frames of the browser take while it is followed, looked at closely, smoothed and pointed at. Wants Debian's `chromium`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Page, chromium } from '@playwright/test';
import { startStudio } from '../src/cli/studio/start.js';
import { counterRandom } from '../src/tensor/random.js';
import { type BenchResult, significant } from './result.js';

const steps = 1_000_000;
/** What the run goes on to log. */
const perSecond = 200;
const seconds = 6;
/** Frames are to be ready for a screen of 60 Hz, but for one in twenty. */
const target = 1000 / 60;

export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'descent-bench-'));
  const runs = join(folder, 'runs');
  const path = join(runs, 'million');
  const bytes = await writeLog(path);
  const writer = await goOn(path);
  const load = loadavg()[0]!;
  const studio = await startStudio({ runs, host: '127.0.0.1', port: 0 });
  const browser = await chromium.launch({
    ...(process.platform === 'linux' && { executablePath: '/usr/bin/chromium' }),
    args: ['--no-sandbox'],
  });
  try {
    const rows: BenchResult['rows'] = [];
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    // A busy machine takes its time.
    page.setDefaultTimeout(600_000);
    const shown = async (): Promise<number> => {
      const started = performance.now();
      await page.goto('about:blank');
      await page.goto(`${studio.url}/#/runs/show?run=million`);
      await page.locator('.chart canvas').first().waitFor();
      return performance.now() - started;
    };
    rows.push({ work: 'first curve, log unread', ms: significant(await shown()) });
    rows.push({ work: 'first curve, log known', ms: significant(await shown()) });
    for (const [work, act] of Object.entries(acts)) rows.push({ work, ...(await framesOf(page, act)) });
    return {
      name: 'studio',
      rows,
      notes: [
        `A log of ${steps.toLocaleString('en')} steps with five figures each (${significant(bytes / 1e6)} MB), which grows by ${perSecond} steps a second; ${seconds} s of each.`,
        `Milliseconds between frames that the browser shows; a screen of 60 Hz has one every ${significant(target)} ms. Chromium ${browser.version()}, without a GPU.`,
        ...(load > 0.5
          ? [`The machine was doing something else besides (load ${load.toFixed(1)} at the beginning).`]
          : []),
      ],
    };
  } finally {
    await browser.close();
    await studio.close();
    writer.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a person does with curves, again and again. */
const acts: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  followed: () => sleep(500),
  'looked at closely': async (page) => {
    const { x, y, width, height } = await chartBox(page);
    await page.mouse.move(x + 0.6 * width, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + 0.8 * width, y + height / 2, { steps: 20 });
    await page.mouse.up();
    await sleep(300);
    await page.mouse.dblclick(x + 0.5 * width, y + height / 2);
    await sleep(300);
  },
  smoothed: async (page) => {
    for (const value of [0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99]) {
      await page.locator('.view-controls input[type=range]').fill(String(value));
      await sleep(50);
    }
  },
  'pointed at': async (page) => {
    const { x, y, width, height } = await chartBox(page);
    await page.mouse.move(x, y + height / 2);
    await page.mouse.move(x + width, y + height / 3, { steps: 60 });
  },
};

const chartBox = async (page: Page) => (await page.locator('.chart .u-over').first().boundingBox())!;

/** Does something for some seconds, and says how long frames took meanwhile. */
async function framesOf(page: Page, act: (page: Page) => Promise<void>): Promise<Record<string, number>> {
  await page.evaluate(`
    window.frames60 = [];
    (function next(before) {
      requestAnimationFrame((now) => { if (!window.frames60) return; window.frames60.push(now - before); next(now); });
    })(performance.now());
  `);
  const until = performance.now() + 1000 * seconds;
  while (performance.now() < until) await act(page);
  const frames = await page.evaluate<number[]>(
    '((all) => { window.frames60 = undefined; return all; })(window.frames60)',
  );
  frames.sort((a, b) => a - b);
  const at = (share: number): number => significant(frames[Math.floor(share * (frames.length - 1))]!);
  return {
    frames: frames.length,
    'p50 ms': at(0.5),
    'p95 ms': at(0.95),
    'worst ms': at(1),
    target: significant(target),
  };
}

/** The log of a run of a million steps. @returns its bytes */
async function writeLog(path: string): Promise<number> {
  await mkdir(join(path, 'checkpoints'), { recursive: true });
  await writeFile(join(path, 'config.json'), JSON.stringify({ seed: 1, training: { steps: 10 * steps } }));
  await writeFile(join(path, 'environment.json'), JSON.stringify([{ started: new Date().toISOString() }]));
  const log = createWriteStream(join(path, 'metrics.jsonl'));
  const random = counterRandom(1, 'bench', 0);
  for (let step = 1; step <= steps;) {
    let lines = '';
    for (const end = Math.min(steps, step + 9999); step <= end; step++) lines += rowOf(step, random());
    if (!log.write(lines)) await once(log, 'drain');
  }
  await finished(log.end());
  return (await stat(join(path, 'metrics.jsonl'))).size;
}

const rowOf = (step: number, noise: number): string =>
  `${JSON.stringify({
    step,
    loss: 1 + 4 / Math.sqrt(step) + 0.2 * noise,
    gradientNorm: 0.5 + noise,
    learningRate: 1e-3 * Math.min(1, step / 1000),
    tokensPerSecond: 10_000 + 500 * noise,
    seconds: step / 100,
  })}\n`;

/** A process that goes on with the run, which it belongs to. */
async function goOn(path: string): Promise<ChildProcess> {
  const writer = spawn(process.execPath, ['-e', program, path, String(steps), String(perSecond)], { stdio: 'inherit' });
  const state = {
    status: 'running',
    step: steps,
    steps: 10 * steps,
    seconds: steps / 100,
    updated: new Date().toISOString(),
  };
  const owner = { id: writer.pid, host: hostname() };
  await writeFile(join(path, 'status.json'), JSON.stringify({ ...state, process: owner }));
  return writer;
}

const program = `
const { appendFileSync } = require('node:fs');
const [path, from, perSecond] = process.argv.slice(1);
let step = Number(from);
setInterval(() => {
  let lines = '';
  for (let more = perSecond / 10; more > 0; more--) {
    step++;
    lines += JSON.stringify({ step, loss: 1 + 0.2 * Math.random(), gradientNorm: 0.5 + Math.random(), learningRate: 1e-3,
      tokensPerSecond: 10000 + 500 * Math.random(), seconds: step / 100 }) + '\\n';
  }
  appendFileSync(path + '/metrics.jsonl', lines);
}, 100);
`;
