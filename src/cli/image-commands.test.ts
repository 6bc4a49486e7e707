import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition as pixelCnn } from '../families/autoregressive/pixel-cnn.js';
import { saveImageModel } from '../formats/image-model-folder.js';
import { initialise } from '../nn/parameters.js';
import { commandIn } from './descent.test-helper.js';
import { makeHalfPictures } from './half-pictures.test-helper.js';
import { gifFrames } from './gif.test-helper.js';

/** The real command on a folder of pictures that are made here: bright left halves and bright right halves. */

let cwd: string;
const { descent, json } = commandIn(() => cwd);

const picture = async (path: string) => decode(await readFile(join(cwd, path)));

const side = 8;
const tiny = ['--model.width', '16', '--model.latents', '4', '--batchSize', '8', '--evaluationImages', '8'];

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-images-'));
  await makeHalfPictures(join(cwd, 'pictures'), side);
  const trained = await json(
    'train',
    'vae',
    '--data',
    'pictures',
    '--out',
    'runs/vae',
    ...tiny,
    '--training.steps',
    '20',
  );
  expect(trained['stage']).toBe('autoencoding: vae');
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('descent, with images', () => {
  it('draws the same image for a seed, however many are drawn', async () => {
    const row = ['sample', 'runs/vae', '--seed', '5', '--columns', '3'];
    await json(...row, '--n', '3', '--out', 'three.png');
    await json(...row, '--n', '9', '--out', 'drawn/nine.png');
    await json('sample', 'runs/vae', '--seed', '6', '--columns', '3', '--n', '3', '--out', 'others.png');
    const [three, nine, others] = [
      await picture('three.png'),
      await picture('drawn/nine.png'),
      await picture('others.png'),
    ];
    expect(nine.data.slice(0, three.data.length)).toEqual(three.data);
    expect(others.data).not.toEqual(three.data);
  });

  it('reconstructs what it was not trained on, or what it is given', async () => {
    expect(await json('reconstruct', 'runs/vae', '--n', '4')).toMatchObject({ images: 4 });
    expect(await json('reconstruct', 'runs/vae', 'pictures/left', '--out', 'left.png')).toMatchObject({ images: 16 });
    // A row of eight originals, which are bright on the left, above their reconstructions.
    const { data, width } = await picture('left.png');
    const scale = 2;
    expect(width).toBe(8 * side * scale + 7 * 2);
    expect(data[0]).toBeGreaterThan(150);
    expect(data[(side - 1) * scale]).toBeLessThan(60);
  });

  it('interpolates, also as an animation', async () => {
    await json('interpolate', 'runs/vae', '--n', '2', '--steps', '5', '--animate', 'way.gif');
    const { width, height } = await picture('interpolations.png');
    expect([width, height]).toEqual([5 * side * 2 + 4 * 2, 2 * side * 2 + 2]);
    // Five steps, and back without the ends.
    expect(await gifFrames(join(cwd, 'way.gif'))).toBe(8);
  });

  it('completes images that it is given, also as an animation', async () => {
    const shape = { channels: 1, height: side, width: side };
    const config = pixelCnn.schema.parse({ blocks: 1, width: 2, kernel: 3, hidden: 4 });
    const { parameters } = pixelCnn.build(config, { ...shape, levels: 256, classes: 0 });
    await saveImageModel({
      folder: join(cwd, 'runs', 'pixel-cnn'),
      definition: pixelCnn,
      config,
      images: { ...shape, pixels: 'bytes', labelNames: [] },
      values: initialise(parameters, 1),
      lineage: { stage: 'autoregressive: pixel-cnn', name: 'pixel-cnn', ancestors: [], settings: {}, results: {} },
    });
    const made = ['--n', '2', '--samples', '3', '--animate', 'halves.gif', '--out', 'halves.png'];
    const answer = await json('complete', 'runs/pixel-cnn', 'pictures/left', ...made);
    expect(answer).toMatchObject({ picture: 'halves.png', animation: 'halves.gif', images: 2, samples: 3, keep: 0.5 });
    const { width, height, data } = await picture('halves.png');
    expect([width, height]).toEqual([5 * side * 2 + 4 * 2, 2 * side * 2 + 2]);
    // The upper halves of the original and of a completion are the same.
    const cell = 2 * (2 * side + 2);
    expect(data.slice(cell, cell + 2 * side)).toEqual(data.slice(0, 2 * side));
    // What was kept, and one frame for each row below.
    expect(await gifFrames(join(cwd, 'halves.gif'))).toBe(1 + side / 2);

    await mkdir(join(cwd, 'damaged'));
    const png = await readFile(join(cwd, 'pictures', 'left', '1.png'));
    await writeFile(join(cwd, 'damaged', 'whole.png'), png);
    await writeFile(join(cwd, 'damaged', 'half.png'), png.subarray(0, 50));
    const { stdout } = await descent('complete', 'runs/pixel-cnn', 'damaged', '--samples', '1', '--skip-bad');
    expect(stdout).toMatch(/1 bad row left out:\n.*half\.png/);
  });

  it('goes on with an interrupted run, and makes a finished one once', async () => {
    const train = ['train', 'vae', '--data', 'pictures', '--out', 'runs/again', ...tiny, '--training.steps', '20'];
    const first = await json<{ id: string }>(...train);
    expect((await json<{ id: string }>(...train)).id).toBe(first.id);
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown model', ['train', 'veä'], /There is no image model named 'veä'\nThere are: .*vae/],
    [
      'a mistyped setting',
      ['train', 'vae', '--model.latent', '3'],
      /--model\.latent: there is no such setting; did you mean --model\.latents\?/,
    ],
    ['no pictures', ['train', 'vae', '--data', 'nowhere'], /nowhere/],
    [
      'a class that it does not know',
      ['sample', 'runs/vae', '--class', 'left'],
      /--class left: this model does not draw by class/,
    ],
    ['a model that is no image model', ['sample', 'pictures'], /There is no model in pictures/],
    ['images of another size', ['train', 'vae', '--data', 'odd'], /odd\/b\.png is 4 x 2, and a\.png is 8 x 8/],
    ['a broken picture', ['train', 'vae', '--data', 'broken'], /broken\/half\.png/],
  ])('says what is wrong: %s', async (_, args, message) => {
    const png = (width: number, height: number) =>
      encode({ width, height, channels: 1, data: new Uint8Array(width * height) });
    for (const folder of ['odd', 'broken']) await mkdir(join(cwd, folder), { recursive: true });
    await writeFile(join(cwd, 'odd', 'a.png'), png(8, 8));
    await writeFile(join(cwd, 'odd', 'b.png'), png(4, 2));
    for (let index = 0; index < 20; index++) await writeFile(join(cwd, 'broken', `${index}.png`), png(8, 8));
    await writeFile(join(cwd, 'broken', 'half.png'), png(8, 8).subarray(0, 50));
    const { code, stderr, stdout } = await descent(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stdout).not.toContain('Model');
  });

  it('leaves broken pictures out when told to, and counts them', async () => {
    const { code, stdout, stderr } = await descent(
      'train',
      'vae',
      '--data',
      'broken',
      '--skip-bad',
      '--out',
      'runs/broken',
      ...tiny,
      '--training.steps',
      '2',
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('1 bad');
    expect(stdout).toContain('20 images of 8 x 8, grey');
  });
});
