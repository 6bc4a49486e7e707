import { createRequire } from 'node:module';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, type Page, chromium } from '@playwright/test';
import { type Studio, startStudio } from './start.js';

/** The Studio in this process, over a folder of its own, and a real browser on it. */

const tsx = createRequire(import.meta.url).resolve('tsx');
const main = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface StudioWorld {
  /** Where commands run; runs lie in `runs` below it. */
  readonly folder: string;
  readonly studio: Studio;
  readonly browser: Browser;
  /** A page of the Studio that fails the test when something goes wrong in it, or it asks another host. */
  open(place: string, options?: BrowserContextOptions): Promise<OpenPage>;
  /** Ends the server and starts another over the same folder. */
  restart(): Promise<StudioWorld>;
  close(): Promise<void>;
}

export interface OpenPage {
  readonly page: Page;
  /** What went wrong in the page. */
  readonly problems: readonly string[];
}

export const debianChromium = '/usr/bin/chromium';

export interface StudioWorldOptions {
  /** One that outlives it; default: one of its own. */
  readonly folder?: string;
  /** Of which the server wants one. */
  readonly keys?: readonly string[];
}

export async function studioWorld({ folder: kept, keys = [] }: StudioWorldOptions = {}): Promise<StudioWorld> {
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'descent-studio-')));
  const launch = (): Promise<Studio> =>
    startStudio({
      runs: join(folder, 'runs'),
      cwd: folder,
      host: '127.0.0.1',
      port: 0,
      program: [process.execPath, '--import', tsx, main],
      engine: { threads: 1 },
      security: { keys },
    });
  const browser = await chromium.launch({ executablePath: debianChromium, args: ['--no-sandbox'] });
  const world = (studio: Studio): StudioWorld => ({
    folder,
    studio,
    browser,
    async open(place, options) {
      const context = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 860 }, ...options });
      context.setDefaultTimeout(120_000);
      const page = await context.newPage();
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => {
        // What the server refuses, or that it is gone, the page tells itself.
        const isAnswer = message.text().startsWith('Failed to load resource');
        if (message.type() === 'error' && !isAnswer) problems.push(message.text());
      });
      page.on('request', (request) => {
        if (!/^(blob:|data:|about:)/.test(request.url()) && !request.url().startsWith(studio.url)) {
          problems.push(`asked ${request.url()}`);
        }
      });
      await page.goto(`${studio.url}/${place}`);
      return { page, problems };
    },
    async restart() {
      await studio.close();
      return world(await launch());
    },
    async close() {
      await browser.close();
      await studio.close();
      if (kept === undefined) await rm(folder, { recursive: true, force: true });
    },
  });
  return world(await launch());
}

/** What axe finds wrong with the page as it is. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

/** Writes a run that is over, with a log to look at. @returns its folder */
export async function writeRunIn(folder: string, rows: readonly object[]): Promise<string> {
  const write = (name: string, value: unknown) => writeFile(join(folder, name), JSON.stringify(value));
  await mkdir(join(folder, 'checkpoints'), { recursive: true });
  await write('config.json', { seed: basename(folder).length, training: { steps: rows.length } });
  await write('environment.json', [{ started: '2026-01-01T00:00:00Z', cores: 2 }]);
  await writeFile(join(folder, 'metrics.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const state = { status: 'finished', step: rows.length, steps: rows.length, seconds: 60 };
  await write('status.json', { ...state, updated: '2026-01-01T00:01:00Z' });
  return folder;
}
