/**
 * `npm run screenshots -- [folder] [scene...]`: photographs every page of the Studio, in both languages and both themes,
 * and the main ones on a narrow screen, into docs/pictures/studio. Where the folder (default `.cache/screenshots`) is
 * new, what is shown is made first, by the commands, in about ten minutes; a second call only photographs. Wants Debian's
 * `chromium`, `fonts-noto-cjk`, and the optional package `sharp`.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import sharp from 'sharp';
import { prepareLabels, prepareModels, prepareRun } from './shown-state.test-helper.js';
import { type StudioWorld, studioWorld } from './studio.test-helper.js';
import { type Scene, scenes } from './scenes.test-helper.js';

const target = fileURLToPath(new URL('../../../docs/pictures/studio', import.meta.url));
const wide = { width: 1280, height: 860 };
/** A phone's. */
const narrow = { width: 390, height: 800 };
/** Longer pages are cut off. */
const HIGHEST = 1300;

const { argv } = process;
const folder = resolve(argv[2] ?? '.cache/screenshots');
const wanted = argv.slice(3);
const say = (text: string): void => console.log(text);

await mkdir(folder, { recursive: true });
await mkdir(target, { recursive: true });
if (!existsSync(join(folder, 'runs'))) await prepareModels(folder, say);
const world = await studioWorld({ folder });
try {
  await prepareLabels(world.studio.url);
  const stop = await prepareRun(world);
  try {
    for (const scene of scenes) {
      if (wanted.length > 0 && !wanted.includes(scene.name)) continue;
      say(scene.name);
      await photograph(world, scene).catch((error: unknown) => {
        process.exitCode = 1;
        say(`  ${scene.name}: ${String(error)}`);
      });
    }
  } finally {
    await stop();
  }
} finally {
  await world.close();
}

/** One scene in its four variants, made once: language and theme are changed by the page's own buttons. */
async function photograph(world: StudioWorld, scene: Scene): Promise<void> {
  const { page, problems } = await world.open(scene.place, { viewport: wide, reducedMotion: 'reduce' });
  const change = {
    theme: () => page.locator('.side-foot button').last().click(),
    language: () => page.locator('.side-foot button[lang]').click(),
  };
  try {
    await page.evaluate(`localStorage.setItem('descent.labeler', '"Ada"')`);
    await page.reload();
    await page.locator('h1').first().waitFor();
    const shown = (await scene.prepare?.(page)) ?? page;
    if (shown !== page) {
      await save(shown, scene.name);
      return;
    }
    await save(page, `${scene.name}.en.light`);
    if (scene.isOnPhones) await onPhone(page, `${scene.name}.narrow.en.light`);
    await change.theme();
    await save(page, `${scene.name}.en.dark`);
    await change.language();
    await save(page, `${scene.name}.zh.dark`);
    if (scene.isOnPhones) await onPhone(page, `${scene.name}.narrow.zh.dark`);
    await change.theme();
    await save(page, `${scene.name}.zh.light`);
    for (const problem of problems) say(`  ${scene.name}: ${problem}`);
  } finally {
    await page.context().close();
  }
}

async function onPhone(page: Page, name: string): Promise<void> {
  await page.setViewportSize(narrow);
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  if (overflow > 0) say(`  ${name} is ${overflow} pixels too wide`);
  await save(page, name);
  await page.setViewportSize(wide);
}

/**
 * As it is once everything has settled: notices are gone, and curves have their new size. A wide window is as high as its
 * content; on a phone, one sees what a phone shows.
 */
async function save(page: Page, name: string): Promise<void> {
  for (const button of await page.locator('.notice button').all()) await button.click();
  await page.mouse.move(0, 0);
  const { width } = page.viewportSize()!;
  if (width > narrow.width) {
    const height = await page.evaluate<number>('document.documentElement.scrollHeight');
    await page.setViewportSize({ width, height: Math.min(HIGHEST, Math.max(wide.height, height)) });
  }
  await page.waitForTimeout(600);
  await writeFile(
    join(target, `${name}.webp`),
    await sharp(await page.screenshot())
      .webp({ quality: 75 })
      .toBuffer(),
  );
}
