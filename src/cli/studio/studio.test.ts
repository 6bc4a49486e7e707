import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page, Response } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readTar } from '../../data/sources/tar.js';
import { saveImageModel } from '../../formats/image-model-folder.js';
import { findImageModel } from '../../formats/image-models.js';
import { initialise } from '../../nn/parameters.js';
import { saveTinyModel } from '../../serving/tiny-models.test-helper.js';
import {
  type OpenPage,
  type StudioWorld,
  accessibilityProblems,
  debianChromium,
  studioWorld,
  writeRunIn,
} from './studio.test-helper.js';

/** The Studio as a person uses it, in a real browser, with tiny models. */

let world: StudioWorld;
let opened: OpenPage[] = [];
const open = async (place: string, options?: Parameters<StudioWorld['open']>[1]): Promise<Page> => {
  const one = await world.open(place, options);
  opened.push(one);
  return one.page;
};
const path = (...names: string[]): string => join(world.folder, ...names);

/** Settings of a form: the groups are folded away until they are asked for. */
async function fillSettings(page: Page, settings: Readonly<Record<string, string>>): Promise<void> {
  await page.locator('summary', { hasText: 'Settings' }).click();
  for (const [key, value] of Object.entries(settings)) await page.locator(`[id="setting-${key}"]`).fill(value);
}

const status = (page: Page, word: string) => page.locator('.page-head .badge', { hasText: word });

const writeRun = (name: string, rows: readonly object[]): Promise<string> => writeRunIn(path('runs', name), rows);

describe.skipIf(!existsSync(debianChromium))('the Studio', () => {
  beforeAll(async () => {
    world = await studioWorld();
    const options = { layers: 1, contextLength: 96 };
    await saveTinyModel({ folder: path('runs', 'sft', 'model'), options });
    await saveTinyModel({ folder: path('runs', 'other', 'model'), seed: 2, options });
    await writeRun(
      'short',
      Array.from({ length: 40 }, (_, index) => ({ step: index + 1, loss: 1 / (index + 1), seconds: index })),
    );
    await writeRun(
      'practice',
      Array.from({ length: 60 }, (_, index) => ({
        step: index + 1,
        'policy.reward': index / 60,
        'policy.kl': index / 30,
        'policy.loss': 1 / (index + 1),
        seconds: index,
        tokensPerSecond: 100,
      })),
    );
    await writeFile(
      path('runs', 'practice', 'samples.jsonl'),
      `${JSON.stringify({ step: 60, samples: [{ prompt: 'Who?', answer: 'The owl.', score: 0.5 }] })}\n`,
    );
    const { definition } = await findImageModel('vae');
    const config = definition.schema.parse(definition.tiny?.config ?? {});
    const images = { channels: 1, height: 8, width: 8, pixels: 'bytes' as const, labelNames: [] };
    const model = definition.build(config, { channels: 1, height: 8, width: 8, levels: 256, classes: 0 });
    await saveImageModel({
      ...{ folder: path('runs', 'vae', 'model'), definition, config, images },
      values: initialise(model.parameters, 1),
      lineage: { stage: 'test', ancestors: [] },
    });
    const text = Array.from({ length: 64 }, (_, index) => `The cat lives on hill ${index % 7}.`).join('\n');
    await writeFile(path('text.txt'), text);
  }, 600_000);
  afterAll(() => world.close());
  afterEach(async () => {
    const problems = opened.flatMap((one) => one.problems);
    for (const { page } of opened) await page.context().close();
    opened = [];
    expect(problems).toEqual([]);
  });

  it('starts a run from a form, shows it live through a reload and a new server, stops and resumes it', async () => {
    let page = await open('#/runs');
    await page.getByRole('link', { name: 'practice' }).waitFor();
    await page.getByRole('link', { name: 'New run' }).click();
    await page.getByRole('link', { name: 'train pretrain a GPT on text' }).click();
    await page.getByLabel('Name of the run').fill('mine');
    await page.getByLabel(/^data/).fill('text.txt');
    await fillSettings(page, {
      batchSize: '-1',
      'model.layers': '1',
      'model.heads': '2',
      'model.width': '16',
      'model.contextLength': '32',
      'tokenizer.vocabularySize': '300',
      'training.steps': '1000000',
    });
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('alert').getByText('--batchSize').waitFor();
    await page.locator('[id="setting-batchSize"]').fill('2');
    await page.getByRole('button', { name: 'Start' }).click();

    await status(page, 'running').waitFor();
    await page.getByRole('tab', { name: 'Curves' }).click();
    await page.getByRole('img', { name: /^Loss: mine, step [1-9]/ }).waitFor();
    await page.reload();
    await page.getByRole('img', { name: /^Loss: mine, step [1-9]/ }).waitFor();

    world = await world.restart();
    page = await open('#/runs');
    await page.getByRole('link', { name: 'mine', exact: true }).click();
    await status(page, 'running').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await status(page, 'stopped').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await status(page, 'running').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await status(page, 'stopped').waitFor();
    await page.getByRole('tab', { name: 'Output' }).click();
    await page.getByText('interrupted at step').waitFor();
  });

  it('lays runs over each other, and shows practice with its answers', async () => {
    const page = await open('#/runs/show?run=practice&run=short');
    await page.getByRole('tab', { name: 'What differs' }).click();
    await page.getByRole('cell', { name: 'training.steps', exact: true }).waitFor();
    await page.goto(`${world.studio.url}/#/runs/show?run=practice`);
    await page.getByRole('tab', { name: 'RLHF' }).click();
    await page.getByRole('img', { name: /Reward .*step 60/i }).waitFor();
    await page.getByRole('cell', { name: 'The owl.' }).waitFor();
  });

  it('looks closely at a part of a long run, moves it, and goes back to the whole', async () => {
    await writeRun(
      'long',
      Array.from({ length: 20_000 }, (_, index) => ({ step: index + 1, loss: 1 / (index + 1), seconds: index })),
    );
    const page = await open('#/runs/show?run=long');
    await page.getByRole('img', { name: /^Loss: long, step 20000/ }).waitFor();
    const chart = page.locator('.chart .u-over').first();
    const { x, y, width, height } = (await chart.boundingBox())!;
    const window = (act: () => Promise<void>): Promise<Response> => {
      const answered = page.waitForResponse(/run\/window/);
      return act().then(() => answered);
    };
    const looked = await window(async () => {
      await page.mouse.move(x + 0.3 * width, y + height / 2);
      await page.mouse.down();
      await page.mouse.move(x + 0.35 * width, y + height / 2, { steps: 4 });
      await page.mouse.up();
    });
    // A twentieth of the run, each point of it.
    const { loss } = (await looked.json()) as { loss: { every: number; steps: number[] } };
    expect(loss.every).toBe(1);
    expect(loss.steps[0]).toBeGreaterThan(5000);
    expect(loss.steps.at(-1)).toBeLessThan(8000);
    expect(await page.getByLabel('Follow').isChecked()).toBe(false);

    await page.keyboard.down('Shift');
    const moved = await window(() => page.mouse.wheel(0, width / 2));
    await page.keyboard.up('Shift');
    const later = (await moved.json()) as { loss: { steps: number[] } };
    expect(later.loss.steps[0]).toBeGreaterThan(loss.steps[0]!);
    await page.mouse.dblclick(x + 0.5 * width, y + height / 2);
    await page.getByRole('button', { name: 'Whole range' }).waitFor({ state: 'detached' });
  });

  it('chats: streams, answers again, edits, sets models side by side, and keeps it all for a reload', async () => {
    const page = await open('#/chat?model=sft');
    await page.getByRole('button', { name: 'Sampling' }).click();
    await page.getByLabel('Most tokens').fill('12');
    // By chance an answer may end after one token.
    await page.getByLabel('Seed').fill('3');
    await page.getByLabel('Tokens', { exact: true }).check();
    await page.getByLabel('Message', { exact: true }).fill('the cat');
    await page.keyboard.press('Enter');
    const answers = page.locator('.answer[aria-busy=false]');
    await answers.first().waitFor();
    // Each that was written, not only the first.
    await page.locator('.token').nth(1).hover();
    await page.getByText('Instead').waitFor();
    await page.getByRole('button', { name: 'Answer again' }).click();
    await page.getByText('2 of 2').waitFor();
    await page.getByRole('button', { name: 'Previous version' }).click();
    await page.getByText('1 of 2').waitFor();

    await page.getByRole('button', { name: 'Add a model beside' }).click();
    await page.getByRole('region', { name: 'other' }).waitFor();
    await page.getByRole('button', { name: 'Edit' }).first().click();
    await page.getByRole('textbox', { name: 'Edit' }).fill('the dog');
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.getByLabel('Message', { exact: true }).fill('and the bird');
    await page.waitForFunction("document.querySelector('.answer[aria-busy=true]') === null");
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'other' }).locator('.answer[aria-busy=false]').waitFor();
    await page.waitForTimeout(1000);
    await page.goto(`${world.studio.url}/#/chat`);
    await page.reload();
    await page.getByRole('region', { name: 'other' }).getByText('and the bird').waitFor();
    await page.getByRole('region', { name: 'sft' }).getByText('the dog').waitFor();
  });

  it('renders Markdown harmless', async () => {
    const page = await open('#/label');
    await page.getByRole('button', { name: 'New set' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('Hostile');
    const evil = '**bold** <img src="https://example.org/x.png"> <script>window.hit = 1</script> [x](javascript:hit())';
    await page.getByRole('textbox', { name: 'Guidelines' }).fill(evil);
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('textbox', { name: 'Prompts' }).fill('the cat');
    await page.getByLabel('Add prompts').selectOption('demonstration');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('1 added.').waitFor();
    await page.getByRole('tab', { name: 'Rank' }).click();
    await page.getByRole('textbox', { name: 'Your name' }).first().fill('Ada');
    await page.keyboard.press('Tab');
    const shown = page.locator('.guidelines .markdown');
    await shown.locator('strong', { hasText: 'bold' }).waitFor();
    expect(await shown.innerHTML()).not.toMatch(/<img|<script|javascript:/);
    expect(await page.evaluate("'hit' in window")).toBe(false);
  });

  it('votes in the arena without names, and tells them then', async () => {
    const page = await open('#/chat');
    await page.getByRole('textbox', { name: 'Your name' }).fill('Ada');
    await page.getByRole('button', { name: 'Blind arena' }).click();
    await page.getByRole('region', { name: 'Model A' }).waitFor();
    await page.getByLabel('Message', { exact: true }).fill('the cat');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'First is better' }).click();
    await page.getByRole('button', { name: 'Next round' }).waitFor();
    await page.getByRole('cell', { name: '1016' }).waitFor();
    expect(await page.getByRole('region', { name: 'Model A' }).count()).toBe(0);
  });

  it('goes from an empty label set to a better model: rank, reward model, PPO, compare, promote', async () => {
    const page = await open('#/chat');
    await page.getByRole('region', { name: /^(sft|other)$/ }).waitFor();
    await page.goto(`${world.studio.url}/#/label`);
    await page.getByRole('textbox', { name: 'Your name' }).first().fill('Ada');
    await page.getByRole('button', { name: 'New set' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('Loop');
    await page.getByLabel('Share held out').fill('0.25');
    await page.getByRole('button', { name: 'Create' }).click();
    const prompts = ['the cat', 'the dog', 'the bird', 'the owl', 'the fox', 'the ant', 'the bee', 'the hen'];
    await page.getByRole('textbox', { name: 'Prompts' }).fill(prompts.join('\n'));
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('8 prompts wait for answers.').waitFor();
    await page.getByLabel('Answers to each').selectOption('3');
    await page.getByLabel('Most tokens').fill('6');
    await page.getByRole('button', { name: 'sft', exact: true }).click();
    await page.getByRole('button', { name: 'Sample answers' }).click();
    await page.getByText('Every prompt has its answers.').waitFor();

    await page.getByRole('tab', { name: 'Rank' }).click();
    const shows = (prompt: string) => page.locator('.turn', { hasText: prompt }).waitFor();
    for (const [done, prompt] of prompts.entries()) {
      await page.getByText(`${done} of 8 judged`).first().waitFor();
      await shows(prompt);
      const answers = await page.locator('.answer-text').allTextContents();
      if (done === 1) {
        // A slip of the hand, taken back.
        for (const number of answers.keys()) await page.keyboard.press(String(number + 1));
        await page.keyboard.press('Enter');
        await page.getByText('2 of 8 judged').first().waitFor();
        await page.keyboard.press('u');
        await page.getByText('1 of 8 judged').first().waitFor();
        await shows(prompt);
        for (let pressed = 0; pressed < answers.length; pressed++) await page.keyboard.press('Backspace');
      }
      // This labeler likes short answers, and equal lengths equally.
      const order = [...answers.keys()].sort((a, b) => answers[a]!.length - answers[b]!.length);
      for (const [place, index] of order.entries()) {
        const before = order[place - 1];
        if (before !== undefined && answers[before]!.length === answers[index]!.length) await page.keyboard.press('=');
        await page.keyboard.press(String(index + 1));
      }
      await page.keyboard.press('Enter');
    }
    await page.getByText('Nothing to judge').waitFor();

    await page.getByRole('tab', { name: 'Train' }).click();
    await page.getByLabel('Model to improve').selectOption('sft');
    await page.getByRole('button', { name: 'Train a reward model' }).click();
    await page.getByLabel('Name of the run').fill('judge');
    await fillSettings(page, { answers: '6', validation: '0' });
    await page.getByRole('button', { name: 'Start' }).click();
    await status(page, 'finished').waitFor();
    const rows = (await readFile(path('runs', 'studio', 'sets', 'loop', 'rankings.jsonl'), 'utf8')).trim().split('\n');
    expect(rows.length).toBeLessThanOrEqual(6);
    expect(JSON.parse(rows[0]!)).toMatchObject({ labeler: 'Ada', answers: [{ temperature: 1 }, {}, {}] });

    await page.goto(`${world.studio.url}/#/label/loop/train`);
    await page.getByLabel('Model to improve').selectOption('sft');
    await page.getByLabel('Reward model').selectOption('judge');
    await page.getByRole('button', { name: 'Run PPO' }).click();
    await page.getByLabel('Name of the run').fill('better');
    await fillSettings(page, {
      'ppo.iterations': '2',
      'ppo.rolloutSize': '4',
      'ppo.minibatchSize': '4',
      'ppo.maxTokens': '6',
    });
    await page.getByRole('button', { name: 'Start' }).click();
    await status(page, 'finished').waitFor();
    await page.getByRole('tab', { name: 'RLHF' }).click();
    await page.locator('.answers tbody tr').first().waitFor();

    await page.goto(`${world.studio.url}/#/label/loop/train`);
    await page.getByLabel('Old').selectOption('sft');
    await page.locator('.field', { hasText: /^New/ }).locator('select').selectOption('better');
    await page.getByRole('button', { name: 'Compare on held-out prompts' }).click();
    await page.getByRole('heading', { name: 'Loop: sft · better' }).waitFor();
    for (let done = 0; done < 2; done++) {
      await page.getByText(`${done} of 2 judged`).first().waitFor();
      await shows([prompts[3]!, prompts[7]!][done]!);
      await page.keyboard.press('1');
      await page.keyboard.press('2');
      await page.keyboard.press('Enter');
    }
    await page.getByText('2 of 2 judged').first().waitFor();
    await page.getByRole('tab', { name: 'Data' }).click();
    await page.getByRole('row', { name: /better/ }).waitFor();

    await page.goto(`${world.studio.url}/#/lineage?model=better`);
    await page.getByRole('button', { name: 'Promote' }).click();
    await page.getByText('better is now the model to use.').waitFor();
    await page.getByRole('article', { name: 'better' }).getByRole('link', { name: 'judge' }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    const archive = await readFile(await (await download).path());
    expect([...readTar(archive, 'model')].map(({ name }) => name)).toContain('better/model.safetensors');

    // A chat in which nothing was said takes it up by itself.
    await page.goto(`${world.studio.url}/#/chat`);
    await page.getByRole('region', { name: 'better' }).waitFor();
  });

  it('has image models draw', async () => {
    const page = await open('#/images?model=vae');
    await page.getByLabel('Images').fill('4');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByRole('img', { name: 'vae' }).waitFor();
    expect(
      await page
        .getByRole('img', { name: 'vae' })
        .evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
    ).toBe(34);
  });

  it.each(['light', 'dark'] as const)('is accessible in the %s theme', async (colorScheme) => {
    const page = await open('#/runs', { colorScheme, locale: colorScheme === 'dark' ? 'zh-CN' : 'en' });
    const places = [
      ...['#/runs', '#/runs/new', '#/runs/new?command=reward', '#/runs/show?run=practice', '#/chat', '#/label'],
      ...['#/label/hostile/rank', '#/label/hostile/data', '#/images', '#/lineage?model=sft'],
    ];
    const problems: string[] = [];
    for (const place of places) {
      await page.goto(`${world.studio.url}/${place}`);
      await page.locator('h1').waitFor();
      await page.waitForTimeout(500);
      problems.push(...(await accessibilityProblems(page)).map((problem) => `${place} ${problem}`));
    }
    expect(problems).toEqual([]);
  });

  it('fits a phone', async () => {
    const page = await open('#/runs', { viewport: { width: 375, height: 760 } });
    for (const place of ['#/runs', '#/runs/show?run=practice', '#/chat', '#/label', '#/images', '#/lineage']) {
      await page.goto(`${world.studio.url}/${place}`);
      await page.locator('h1').waitFor();
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect(overflow, place).toBeLessThanOrEqual(0);
    }
  });
});
