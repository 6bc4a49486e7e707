import type { Page } from '@playwright/test';

/** The pages of the Studio, each with something in it, as one comes to them by pointer and keyboard. */

export interface Scene {
  readonly name: string;
  readonly place: string;
  /** Whether it is shown on a narrow screen too. */
  readonly isOnPhones?: boolean;
  /** What is done there first. @returns another window, where that is what is to be seen */
  prepare?(page: Page): Promise<Page | undefined>;
}

const tab = async (page: Page, name: string): Promise<void> => page.locator(`[data-tab="${name}"]`).click();
const curve = (page: Page) => page.locator('.chart .u-over').first().waitFor();

const stages = ['1-pretrained', '2-supervised', '3-reward', '4-aligned'].map((stage) => `quickstart/${stage}`);
const [pretrained, supervised, , aligned] = stages.map(encodeURIComponent);

/** On the page of images: a tool, and the models that are to try it. */
export async function imageTool(page: Page, name: string, models: readonly string[]): Promise<void> {
  const chips = page.locator('.chips .button');
  await chips.filter({ hasText: new RegExp(`^${models[0]}`) }).waitFor();
  const texts = await chips.allTextContents();
  // One is pressed from the beginning; there is room for four.
  for (const isWanted of [false, true]) {
    for (const [index, text] of texts.entries()) {
      const isPressed = (await chips.nth(index).getAttribute('aria-pressed')) === 'true';
      if (models.some((model) => text.startsWith(model)) === isWanted && isPressed !== isWanted)
        await chips.nth(index).click();
    }
  }
  await tab(page, name);
}

const images = (tool: string, models: readonly string[], prepare?: (page: Page) => Promise<void>): Scene => ({
  name: `images-${tool}`,
  place: '#/images',
  isOnPhones: tool === 'complete',
  async prepare(page) {
    await imageTool(page, tool, models);
    await prepare?.(page);
    await page.locator('.images-desk button[type=submit]').click();
    const drawn = page.locator('.results canvas, .results img').nth(models.length - 1);
    await drawn.waitFor({ timeout: 600_000 });
    await page.locator('.image-waiting').waitFor({ state: 'detached', timeout: 600_000 });
    return undefined;
  },
});

const count = (page: Page, images: number): Promise<void> =>
  page.locator('.images-desk input[type=number]').first().fill(String(images));

/** A stroke over a pad, between points in shares of its sides. */
export async function stroke(page: Page, points: readonly (readonly [x: number, y: number])[]): Promise<void> {
  const box = (await page.locator('.pad canvas').boundingBox())!;
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(points[0]!));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 8 });
  await page.mouse.up();
}

export const scenes: readonly Scene[] = [
  {
    name: 'runs',
    place: '#/runs',
    isOnPhones: true,
    async prepare(page) {
      await page.locator('.run-row').nth(8).waitFor();
      return undefined;
    },
  },
  {
    name: 'run',
    place: `#/runs/show?run=${pretrained}`,
    isOnPhones: true,
    async prepare(page) {
      await curve(page);
      return undefined;
    },
  },
  {
    name: 'run-samples',
    place: '#/runs/show?run=vae',
    async prepare(page) {
      await tab(page, 'samples');
      await page.locator('.samples img').first().waitFor();
      return undefined;
    },
  },
  {
    name: 'runs-overlaid',
    place: `#/runs/show?run=${pretrained}&run=${supervised}`,
    async prepare(page) {
      await curve(page);
      return undefined;
    },
  },
  {
    name: 'rlhf',
    place: `#/runs/show?run=${aligned}`,
    isOnPhones: true,
    async prepare(page) {
      await tab(page, 'practice');
      await page.locator('.answers tbody tr').first().waitFor();
      return undefined;
    },
  },
  {
    name: 'new-run',
    place: '#/runs/new',
    async prepare(page) {
      await page.locator('.commands a').first().waitFor();
      return undefined;
    },
  },
  {
    name: 'new-run-form',
    place: '#/runs/new?command=ppo',
    async prepare(page) {
      for (const fold of await page.locator('.launch summary').all()) await fold.click();
      return undefined;
    },
  },
  {
    name: 'report',
    place: `#/runs/show?run=${pretrained}`,
    async prepare(page) {
      const opened = page.waitForEvent('popup');
      await page.getByRole('button', { name: 'Report' }).click();
      const report = await opened;
      await report.locator('h1').waitFor();
      return report;
    },
  },
  {
    name: 'chat',
    place: `#/chat?model=${supervised}&model=${aligned}`,
    isOnPhones: true,
    async prepare(page) {
      await page.getByRole('button', { name: 'Sampling' }).click();
      await page.getByLabel('Most tokens').fill('24');
      await page.getByLabel('Tokens', { exact: true }).check();
      for (const [asked, question] of ['What is the capital of France?', 'And of Peru?'].entries()) {
        await page.getByLabel('Message', { exact: true }).fill(question);
        await page.keyboard.press('Enter');
        await page
          .locator('.answer[aria-busy=false]')
          .nth(2 * asked + 1)
          .waitFor();
        await page.waitForFunction("document.querySelector('.answer[aria-busy=true]') === null");
      }
      return undefined;
    },
  },
  {
    name: 'arena',
    place: '#/chat',
    async prepare(page) {
      await page.getByRole('button', { name: 'Blind arena' }).click();
      await page.getByLabel('Message', { exact: true }).fill('Which element has the symbol Fe?');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'First is better' }).and(page.locator(':enabled')).click();
      await page.getByRole('button', { name: 'Next round' }).waitFor();
      return undefined;
    },
  },
  { name: 'label', place: '#/label' },
  {
    name: 'label-rank',
    place: '#/label/almanac/rank',
    isOnPhones: true,
    async prepare(page) {
      // Answers that say the same are shown as one: the first prompt that two models answer in three ways.
      const answers = page.locator('.answer-text');
      for (;;) {
        await answers.first().waitFor();
        await page.waitForTimeout(500);
        if ((await answers.count()) > 2) break;
        await page.keyboard.press('s');
      }
      await page.keyboard.press('2');
      await page.keyboard.press('1');
      return undefined;
    },
  },
  { name: 'label-data', place: '#/label/almanac/data' },
  { name: 'label-train', place: '#/label/almanac/train' },
  images('sample', ['vae', 'ddpm', 'style-gan', 'gated-pixel-cnn']),
  images('denoise', ['ddpm'], async (page) => {
    await count(page, 8);
  }),
  images('interpolate', ['vae']),
  images('complete', ['gated-pixel-cnn'], (page) =>
    stroke(page, [
      [0.3, 0.2],
      [0.7, 0.2],
      [0.5, 0.45],
    ]),
  ),
  images('inpaint', ['ddpm'], (page) =>
    stroke(page, [
      [0.2, 0.6],
      [0.8, 0.6],
      [0.2, 0.75],
      [0.8, 0.75],
    ]),
  ),
  images('restore', ['mae']),
  images('upscale', ['sr-flow'], (page) => count(page, 4)),
  {
    name: 'lineage',
    place: `#/lineage?model=${aligned}`,
    isOnPhones: true,
    async prepare(page) {
      await page.locator('.lineage-side article').waitFor();
      return undefined;
    },
  },
];
