import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImages } from '../data/images/sources.js';
import { counterRandom, integer } from '../tensor/random.js';
import { Engine } from '../runtime/engine.js';
import { type Answer, start } from './descent.test-helper.js';
import { type OpenImageModel, checkShape, openImageModel, sourceFor } from './open-image-model.js';
import { modelFolderOf } from './stages/stage.js';

/** How a model's training read its images, and that every later command reads them in the same way. */

let cwd: string;
let engine: Engine;
const descent = (...args: string[]): Promise<Answer> => start(args, { cwd }).answer;

async function writePictures(folder: string, channels: 1 | 3): Promise<void> {
  const random = counterRandom(1, folder, 0);
  await mkdir(join(cwd, folder), { recursive: true });
  for (let index = 0; index < 24; index++) {
    const data = Uint8Array.from({ length: 8 * 5 * channels }, () => integer(random, 256));
    await writeFile(join(cwd, folder, `${index}.png`), encode({ width: 8, height: 5, channels, data }));
  }
}

const train = (data: string, out: string, ...more: string[]): Promise<Answer> => {
  const tiny = ['--model.width', '8', '--model.latents', '2', '--batchSize', '4', '--training.steps', '2'];
  return descent('train', 'vae', '--data', data, '--out', out, '--evaluationImages', '4', ...tiny, ...more);
};

const open = (run: string): Promise<OpenImageModel> => openImageModel(engine, modelFolderOf(join(cwd, run)));

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-reading-'));
  engine = await Engine.create();
  await writePictures('grey', 1);
  await writePictures('colour', 3);
  await writeFile(
    join(cwd, 'grey', 'broken.png'),
    encode({ width: 1, height: 1, data: Uint8Array.of(1), channels: 1 }).subarray(0, 40),
  );
  const { code, stderr, stdout } = await train(join(cwd, 'grey'), 'run', '--size', '6', '--fit', 'pad', '--skip-bad');
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/24 images of 6 x 6, grey.*\nPixels are 0 or 1, drawn anew .*--pixels bytes/);
});
afterAll(async () => {
  await engine.dispose();
  await rm(cwd, { recursive: true, force: true });
});

describe('a model’s images', () => {
  it('are read again as in training: size, fit, and what was left out', async () => {
    const source = join(cwd, 'grey');
    const model = await open('run');
    const { train: again, id } = await sourceFor(model, source);
    expect(again.count).toBe(24);
    // Padded with white above, where cut pictures have pixels of their own.
    expect(Array.from(again.pixels.subarray(0, 6))).toEqual(Array<number>(6).fill(255));
    expect(id).toBe(model.lineage?.ancestors.find(({ role }) => role === 'data')?.id);
  });

  it('are found again by commands that are given none', async () => {
    const { code, stderr, stdout } = await descent('evaluate', 'run', '--samples', '8');
    expect(code, stderr).toBe(0);
    expect(stdout).not.toContain('was trained on other data');
  });

  it('are other ones in another size: the finished model is not taken for theirs', async () => {
    const { code, stderr } = await train(join(cwd, 'grey'), 'run', '--size', '4', '--fit', 'pad', '--skip-bad');
    expect(code).toBe(1);
    expect(stderr).toMatch(/run holds a run with other settings/);
  });

  it('may be others, in which damage is an error with advice that can be followed', async () => {
    const source = join(cwd, 'damaged');
    await mkdir(source);
    await writeFile(join(source, 'half.png'), (await readFile(join(cwd, 'grey', '1.png'))).subarray(0, 40));
    const failed: unknown = await sourceFor(await open('run'), source).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      message: expect.stringContaining('half.png') as string,
      advice: expect.stringContaining('--skip-bad') as string,
    });
  });

  it('are brought to the model’s channels, and must have its size where that is no square', async () => {
    const model = await open('run');
    const { train: greys } = await sourceFor(model, join(cwd, 'colour'));
    expect(greys).toMatchObject({ channels: 1, height: 6, width: 6 });
    const { train: whole } = await readImages({ source: join(cwd, 'colour') });
    expect(() => checkShape(whole, model)).toThrow(/the images are 8 x 5, colour; .*run.* is for 6 x 6, grey/);
  });
});

describe('a damaged picture', () => {
  beforeAll(async () => {
    const source = join(cwd, 'some');
    await mkdir(source);
    const pictures = await Promise.all([1, 2, 3, 4].map((index) => readFile(join(cwd, 'grey', `${index}.png`))));
    await Promise.all(pictures.map((bytes, index) => writeFile(join(source, `${index}.png`), bytes)));
    await writeFile(join(source, 'half.png'), pictures[0]!.subarray(0, 40));
  });

  it.each([
    ['evaluate', ['run', '--data', 'some', '--samples', '4']],
    ['reconstruct', ['run', 'some']],
    ['interpolate', ['run', 'some', '--steps', '3']],
  ] as const)('ends %s, unless it may be skipped: then it is named and counted', async (command, args) => {
    const failed = await descent(command, ...args);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/half\.png.*\n.*--skip-bad/);
    const { code, stdout, stderr } = await descent(command, ...args, '--skip-bad');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/1 bad row left out:\n.*half\.png/);
  });

  it('that training left out is left out again, and said to be', async () => {
    const { code, stdout, stderr } = await descent('reconstruct', 'run');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/1 bad row left out:\n.*broken\.png/);
  });
});

describe('pixels', () => {
  it.each<[string, string[], string]>([
    ['bytes where images are in colour', [], 'bytes'],
    ['what the user says', ['--pixels', 'dynamic'], 'dynamic'],
  ])('are %s', async (_, more, pixels) => {
    const out = `colour-${pixels}`;
    const { code, stderr, stdout } = await train('colour', out, ...more);
    expect(code, stderr).toBe(0);
    expect(stdout.includes('The images are in colour, so pixels are bytes')).toBe(more.length === 0);
    expect((await open(out)).images.pixels).toBe(pixels);
  });
});
