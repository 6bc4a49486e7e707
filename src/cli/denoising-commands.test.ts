import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandIn } from './descent.test-helper.js';
import { makeHalfPictures } from './half-pictures.test-helper.js';

/** The real command with diffusion models of pictures that are made here: bright left halves and bright right halves. */

let cwd: string;
const { descent, json } = commandIn(() => cwd);

const picture = async (path: string) => decode(await readFile(join(cwd, path)));

const side = 8;
/** Width and height of a grid of images drawn twice as large. */
const grid = (columns: number, rows: number): number[] => [
  columns * side * 2 + (columns - 1) * 2,
  rows * side * 2 + (rows - 1) * 2,
];
const network = ['--model.channels', '[4,8]', '--model.attention', '[1]', '--model.drawingSteps', '3'];
const training = ['--batchSize', '8', '--evaluationImages', '8', '--training.steps', '6'];

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-denoising-'));
  await makeHalfPictures(join(cwd, 'pictures'), side);
  const train = (name: string, ...settings: string[]): Promise<Record<string, unknown>> =>
    json('train', name, '--data', 'pictures', '--out', `runs/${name}`, ...settings, ...training);
  const trained = await train(
    'ddpm',
    ...network,
    '--model.steps',
    '20',
    '--model.conditional',
    'true',
    '--training.average.decay',
    '0.5',
  );
  expect(trained['stage']).toBe('diffusion: ddpm');
  expect(trained['bitsPerDimension']).toBeGreaterThan(0);
  await train('guided-diffusion', ...network, '--model.given', 'small', '--model.factor', '2');
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('descent, with a diffusion model', () => {
  it('draws the same image for a seed, in steps that are asked for, and shows how', async () => {
    const row = ['sample', 'runs/ddpm', '--columns', '3', '--class', 'left', '--steps', '5'];
    await json(...row, '--n', '3', '--out', 'three.png', '--strip', 'strip.png');
    await json(...row, '--n', '6', '--out', 'six.png', '--strip', 'strip.gif');
    await json(...row, '--n', '3', '--out', 'guided.png', '--guidance', '3', '--sampler', 'heun');
    const [three, six, guided] = [await picture('three.png'), await picture('six.png'), await picture('guided.png')];
    expect(six.data.slice(0, three.data.length)).toEqual(three.data);
    expect(guided.data).not.toEqual(three.data);
    const strip = await picture('strip.png');
    // What the images seem to become at each of five steps, and what they are.
    expect([strip.width, strip.height]).toEqual(grid(6, 3));
    expect((await readFile(join(cwd, 'strip.gif'))).subarray(0, 6).toString()).toBe('GIF89a');
  });

  it('draws a part of images anew', async () => {
    const data = Uint8Array.from({ length: side * side }, (_, at) => (at < side ? 255 : 0));
    await writeFile(join(cwd, 'mask.png'), encode({ width: side, height: side, channels: 1, data }));
    const masks = { centre: [2, 5], 'mask.png': [0, 0] };
    for (const [mask, [from, to]] of Object.entries(masks)) {
      await json(
        'inpaint',
        'runs/ddpm',
        'pictures',
        '--mask',
        mask,
        '--n',
        '2',
        '--samples',
        '2',
        '--times',
        '2',
        '--out',
        'inpainted.png',
      );
      const { width, height, data: pixels } = await picture('inpainted.png');
      expect([width, height]).toEqual(grid(4, 2));
      const at = (column: number, x: number, y: number) => pixels[2 * y * width + column * (2 * side + 2) + 2 * x]!;
      // Grey where it is drawn anew, and elsewhere what it was.
      expect([at(1, from!, from!), at(1, mask === 'mask.png' ? 7 : to!, to!)]).toEqual([128, 128]);
      expect(at(1, 7, 7)).toBe(at(0, 7, 7));
      expect(at(2, 7, 7)).toBe(at(0, 7, 7));
    }
    await json('complete', 'runs/ddpm', 'pictures', '--n', '2', '--samples', '1', '--steps', '4');
    expect((await picture('completions.png')).height).toBe(grid(1, 2)[1]);
  });

  it('goes from one image to another through noise, and from images to others', async () => {
    await json('interpolate', 'runs/ddpm', 'pictures', '--n', '2', '--steps', '4', '--denoising-steps', '5');
    const { width, height } = await picture('interpolations.png');
    expect([width, height]).toEqual(grid(4, 2));
    await json('sample', 'runs/ddpm', 'pictures', '--n', '3', '--strength', '0.5', '--out', 'from.png');
    expect((await picture('from.png')).width).toBe(grid(3, 2)[0]);
  });

  it('enlarges small images', async () => {
    expect(await json('upscale', 'runs/guided-diffusion', 'pictures', '--images', '2', '--n', '2')).toMatchObject({
      images: 2,
      samples: 2,
    });
    await json('sample', 'runs/guided-diffusion', '--n', '3', '--out', 'given.png');
    expect((await picture('given.png')).width).toBe(grid(3, 2)[0]);
  });

  it.each<[string, string[], RegExp]>([
    ['too many steps', ['sample', 'runs/ddpm', '--steps', '50'], /steps: 50 is no number of steps from 1 to 20/],
    [
      'a sampler that there is not',
      ['sample', 'runs/ddpm', '--sampler', 'magic'],
      /--sampler.*ddpm, ddim, euler, heun, dpm\+\+/s,
    ],
    [
      'a sampler that cannot go back',
      ['inpaint', 'runs/ddpm', '--times', '2', '--sampler', 'heun'],
      /heun: it cannot go back/,
    ],
    ['no mask', ['inpaint', 'runs/ddpm', '--mask', 'middle'], /--mask middle: there is no such picture/],
    ['images without a strength', ['sample', 'runs/ddpm', 'pictures'], /Without a strength/],
  ])('says what is wrong: %s', async (_, args, message) => {
    const { code, stderr } = await descent(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});
