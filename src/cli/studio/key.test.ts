import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveTinyModel } from '../../serving/tiny-models.test-helper.js';
import { type StudioWorld, debianChromium, studioWorld, writeRunIn } from './studio.test-helper.js';

let world: StudioWorld;

describe.skipIf(!existsSync(debianChromium))('the Studio of a server that wants a key', () => {
  beforeAll(async () => {
    world = await studioWorld({ keys: ['open sesame'] });
    const run = await writeRunIn(join(world.folder, 'runs', 'done'), [{ step: 1, loss: 1, seconds: 1 }]);
    const script = "<script>document.title = 'Drawn by its script'</script>";
    await writeFile(join(run, 'report.html'), `<!doctype html><h1>What came of it</h1>${script}`);
    await saveTinyModel({ folder: join(world.folder, 'runs', 'sft', 'model') });
  }, 600_000);
  afterAll(() => world.close());

  it('asks for it once; curves, chat and reports then work as without', async () => {
    const { page, problems } = await world.open('#/runs');
    const key = page.getByLabel('API key');
    await key.fill('sesame');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForLoadState();
    await key.fill('open sesame');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'done' }).click();
    await page.getByRole('img', { name: /^Loss: done, step 1/ }).waitFor();

    const opened = page.waitForEvent('popup');
    await page.getByRole('button', { name: 'Report' }).click();
    const report = await opened;
    await report.getByRole('heading', { name: 'What came of it' }).waitFor();
    expect(await report.title()).toBe('Drawn by its script');

    await page.goto(`${world.studio.url}/#/chat?model=sft`);
    await page.getByLabel('Message', { exact: true }).fill('the cat');
    // It can be pressed once the page knows the model.
    await page.locator('.composer button[type=submit]').click();
    await page.locator('.answer[aria-busy=false]').waitFor();
    expect(problems).toEqual([]);
  });
});
