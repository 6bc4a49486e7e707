import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeHalfPictures } from '../half-pictures.test-helper.js';
import { imageTool, stroke } from './scenes.test-helper.js';
import { trainImageModels } from './shown-models.test-helper.js';
import { type OpenPage, type StudioWorld, debianChromium, studioWorld } from './studio.test-helper.js';

/** The page of images: each of its tools, with a model that has learnt for a few steps. */

let world: StudioWorld;
let opened: OpenPage | undefined;

const side = 8;
/** Images are drawn twice as large, two pixels apart. */
const cell = 2 * side + 2;

/** Opens the page with a tool and the models that are to try it. */
async function open(tool: string, ...models: string[]): Promise<Page> {
  opened = await world.open('#/images');
  await imageTool(opened.page, tool, models);
  return opened.page;
}

const draw = (page: Page): Promise<void> => page.getByRole('button', { name: 'Draw', exact: true }).click();

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Of each pixel, in rows. */
  readonly greys: readonly number[];
}

/** The n-th picture of the results, once it is there. */
async function pixels(page: Page, index = 0): Promise<Pixels> {
  await page.locator('.results img').nth(index).waitFor();
  return page.evaluate<Pixels>(`(async () => {
    const image = document.querySelectorAll('.results img')[${index}];
    await image.decode();
    const canvas = document.createElement('canvas');
    const { naturalWidth: width, naturalHeight: height } = image;
    Object.assign(canvas, { width, height });
    const drawing = canvas.getContext('2d');
    drawing.drawImage(image, 0, 0);
    const { data } = drawing.getImageData(0, 0, width, height);
    return { width, height, greys: Array.from({ length: width * height }, (_, at) => data[4 * at]) };
  })()`);
}

/** The image of a row and a column, in its own pixels. */
const imageAt = ({ width, greys }: Pixels, row: number, column: number): number[] =>
  Array.from({ length: side * side }, (_, at) => {
    const [x, y] = [column * cell + 2 * (at % side), row * cell + 2 * Math.floor(at / side)];
    return greys[y * width + x]!;
  });

/** Width and height of so many columns and rows. */
const sized = (columns: number, rows: number) => ({ width: columns * cell - 2, height: rows * cell - 2 });

describe.skipIf(!existsSync(debianChromium))('images in the Studio', () => {
  beforeAll(async () => {
    world = await studioWorld();
    const { folder } = world;
    await makeHalfPictures(join(folder, 'pictures'), side);
    await trainImageModels({ folder, data: 'pictures', batchSize: 8, steps: () => 4 });
  }, 600_000);
  afterAll(() => world.close());
  afterEach(async () => {
    await opened?.page.context().close();
    expect(opened?.problems).toEqual([]);
  });

  it('are drawn by several families side by side, again by the same seed', async () => {
    const page = await open('sample', 'vae', 'style-gan');
    await page.getByLabel('Images', { exact: true }).fill('4');
    await draw(page);
    const first = await pixels(page, 1);
    expect(first).toMatchObject(sized(2, 2));
    await draw(page);
    await page.getByText('Drawing…').first().waitFor();
    expect(await pixels(page, 1)).toEqual(first);
  });

  it('are nearer to the mean image the more they are truncated', async () => {
    const page = await open('sample', 'style-gan');
    await page.getByLabel('Images', { exact: true }).fill('2');
    const drawnAt = async (truncation: string): Promise<Pixels> => {
      await page.getByLabel(/^Truncation/).fill(truncation);
      await draw(page);
      await page.getByText('Drawing…').waitFor();
      return pixels(page);
    };
    const between = (drawn: Pixels): number => {
      const [left, right] = [imageAt(drawn, 0, 0), imageAt(drawn, 0, 1)];
      return left.reduce((sum, grey, at) => sum + Math.abs(grey - right[at]!), 0);
    };
    expect(between(await drawnAt('0'))).toBeLessThan(between(await drawnAt('1')));
  });

  it('are seen on their way from noise, moment by moment', async () => {
    const page = await open('denoise', 'ddpm');
    await page.getByLabel('Images', { exact: true }).fill('2');
    await page.getByLabel('Class').selectOption('left');
    await draw(page);
    const canvas = page.locator('.results canvas');
    await canvas.waitFor();
    const label = (await canvas.getAttribute('aria-label'))!;
    const moments = Number(/^moment (\d+) of \1$/.exec(label)![1]);
    const shown = (): Promise<string> => page.evaluate<string>("document.querySelector('.results canvas').toDataURL()");
    await page.getByLabel('From noise to image').fill('0');
    await page.getByRole('img', { name: `moment 1 of ${moments}` }).waitFor();
    const noise = await shown();
    await page.getByLabel('From noise to image').fill(String(moments - 1));
    await page.getByRole('img', { name: label }).waitFor();
    await expect.poll(shown).not.toBe(noise);
  });

  it('lie between two others, in a row and in motion', async () => {
    const page = await open('interpolate', 'vae');
    await page.getByLabel('Images', { exact: true }).fill('8');
    await draw(page);
    const { height } = await pixels(page);
    expect(height).toBe(sized(1, 2).height);
    // The second is the animation: an image of each row at a time.
    expect(await pixels(page, 1)).toMatchObject(sized(2, 1));
  });

  it('are finished from a half that is drawn', async () => {
    const page = await open('complete', 'gated-pixel-cnn');
    await stroke(page, [
      [0.1, 0.2],
      [0.9, 0.2],
    ]);
    await page.getByLabel('Versions').fill('3');
    await draw(page);
    const drawn = await pixels(page);
    expect(drawn).toMatchObject(sized(2 + 3, 1));
    const half = (side * side) / 2;
    const upper = imageAt(drawn, 0, 0).slice(0, half);
    expect(Math.max(...upper)).toBeGreaterThan(200);
    for (let version = 0; version < 3; version++) {
      expect(imageAt(drawn, 0, 2 + version).slice(0, half)).toEqual(upper);
    }
  });

  it('are filled in where they are masked', async () => {
    const page = await open('restore', 'mae');
    await page.getByLabel('Images', { exact: true }).fill('4');
    await draw(page);
    const drawn = await pixels(page);
    // What there was, what was shown of it, and what was made of that.
    expect(drawn).toMatchObject(sized(4, 3));
    expect(imageAt(drawn, 1, 0)).not.toEqual(imageAt(drawn, 0, 0));
  });

  it('are drawn anew where a brush has been, and nowhere else', async () => {
    const page = await open('inpaint', 'ddpm');
    await page.getByRole('button', { name: 'One of the model’s' }).click();
    await page.locator('.pad-canvas[style*="url"]').waitFor();
    await page.getByLabel('Brush', { exact: true }).fill('2');
    await stroke(page, [
      [0.05, 0.8],
      [0.95, 0.8],
    ]);
    await page.getByLabel('Versions').fill('2');
    await draw(page);
    const drawn = await pixels(page);
    expect(drawn).toMatchObject(sized(2 + 2, 1));
    const half = (side * side) / 2;
    const [original, first, second] = [0, 2, 3].map((column) => imageAt(drawn, 0, column)) as [
      number[],
      number[],
      number[],
    ];
    for (const version of [first, second]) {
      // Pixels are bytes for the model, and nearly so on their way through it.
      for (let at = 0; at < half; at++) expect(Math.abs(version[at]! - original[at]!)).toBeLessThanOrEqual(1);
      expect(version.slice(half)).not.toEqual(original.slice(half));
    }
    expect(first).not.toEqual(second);
  });

  it('are enlarged', async () => {
    const page = await open('upscale', 'sr-flow');
    await page.getByLabel('Images', { exact: true }).fill('2');
    await page.getByLabel('Versions').fill('3');
    await page.getByLabel(/^Images: a path/).fill('pictures');
    await draw(page);
    // As small pixels, smoothly, three times by the model, and what they were made from.
    expect(await pixels(page)).toMatchObject(sized(2 + 3 + 1, 2));
  });
});
