import { createRequire } from 'node:module';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const launch = (folder: string): Promise<Studio> =>
  startStudio({
    runs: join(folder, 'runs'),
    cwd: folder,
    host: '127.0.0.1',
    port: 0,
    program: [process.execPath, '--import', tsx, main],
    engine: { threads: 1 },
  });

export async function studioWorld(): Promise<StudioWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'descent-studio-'));
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
      return world(await launch(folder));
    },
    async close() {
      await browser.close();
      await studio.close();
      await rm(folder, { recursive: true, force: true });
    },
  });
  return world(await launch(folder));
}

/** What axe finds wrong with the page as it is. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}
