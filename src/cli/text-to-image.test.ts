import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandIn } from './descent.test-helper.js';

/** The real commands on captioned pictures: "dark" and "bright", which a model of a minute can tell apart. */

let cwd: string;
const { descent, json } = commandIn(() => cwd);

const side = 8;
const greys = { dark: 30, bright: 225 };

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-text-'));
  await mkdir(join(cwd, 'pictures'));
  for (const [name, grey] of Object.entries(greys)) {
    for (let index = 0; index < 16; index++) {
      const data = Uint8Array.from({ length: side * side }, (_, at) => grey + ((7 * at + 3 * index) % 20) - 10);
      const path = join(cwd, 'pictures', `${name}-${index}`);
      await writeFile(`${path}.png`, encode({ width: side, height: side, channels: 1, data }));
      await writeFile(`${path}.txt`, name);
    }
  }
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const common = ['--data', 'pictures', '--batchSize', '16', '--evaluationImages', '8', '--model.drawingSteps', '8'];

/** The mean grey of a picture of one image, without the white around it. */
async function meanGrey(file: string): Promise<number> {
  const data = Array.from(decode(await readFile(join(cwd, file))).data);
  return data.reduce((sum, value) => sum + value, 0) / data.length;
}

describe.each([
  [
    'stable-diffusion',
    [
      ...['--model.channels', '[16]', '--model.blocks', '1', '--model.codec.width', '8', '--model.textLayers', '1'],
      ...['--model.textWidth', '16', '--model.textHeads', '2'],
    ],
  ],
  [
    'dalle2',
    [
      ...[
        '--model.patch',
        '4',
        '--model.channels',
        '[24]',
        '--model.attention',
        '[]',
        '--model.clip.channels',
        '[8, 8]',
      ],
      ...['--model.clip.imageWidth', '16', '--model.clip.textLayers', '1', '--model.clip.textWidth', '16'],
      ...[
        '--model.clip.embedding',
        '8',
        '--model.prior.layers',
        '1',
        '--model.prior.width',
        '16',
        '--model.clip.dropout',
        '0',
      ],
    ],
  ],
] as const)('descent, drawing from text with %s', (name, model) => {
  it('trains, and draws what the text says', async () => {
    const trained = await json(
      ...['train', name, ...common, ...model, '--out', `runs/${name}`],
      ...['--training.steps', '250', '--training.schedule.learningRate', '0.004', '--training.clipNorm', '1'],
    );
    expect(trained['stage']).toBe(`diffusion: ${name}`);
    for (const text of ['dark', 'bright'])
      await json(
        'sample',
        `runs/${name}`,
        '--text',
        text,
        '--n',
        '4',
        '--columns',
        '1',
        '--out',
        `${name}-${text}.png`,
      );
    expect(await meanGrey(`${name}-dark.png`)).toBeLessThan((await meanGrey(`${name}-bright.png`)) - 40);
  });
});

describe('descent, drawing from text', () => {
  it('shows the way there, begins from images, and refuses text where none is read', async () => {
    await json('sample', 'runs/stable-diffusion', '--text', 'dark', '--n', '1', '--strip', 'strip.png');
    expect(decode(await readFile(join(cwd, 'strip.png'))).width).toBeGreaterThan(5 * side);
    const changed = ['--strength', '0.5', '--text', 'bright', '--n', '2', '--out', 'changed.png'];
    expect(await json('sample', 'runs/stable-diffusion', 'pictures', ...changed)).toMatchObject({ images: 2 });
    await json('train', 'vae', ...common.slice(0, 6), '--out', 'runs/vae', '--training.steps', '2');
    const { code, stderr } = await descent('sample', 'runs/vae', '--text', 'dark');
    expect(code).toBe(1);
    expect(stderr).toContain('--text dark: this model reads no captions');
  });
});
