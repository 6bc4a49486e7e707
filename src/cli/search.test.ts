import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { counterRandom } from '../tensor/random.js';
import { commandIn } from './descent.test-helper.js';

/** The real commands on captioned pictures that are made here: a colour, above or below. */

let cwd: string;
const { descent, json } = commandIn(() => cwd);

const side = 8;
const colours = { red: [220, 20, 20], green: [20, 200, 20], blue: [20, 20, 230] } as const;
const places = { above: (y: number) => y < side / 2, below: (y: number) => y >= side / 2 };

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-search-'));
  const random = counterRandom(1, 'pictures', 0);
  const lines: string[] = [];
  for (const [colour, rgb] of Object.entries(colours)) {
    await mkdir(join(cwd, 'pictures', colour), { recursive: true });
    for (const [place, isIn] of Object.entries(places)) {
      for (let index = 0; index < 8; index++) {
        const data = Uint8Array.from({ length: 3 * side * side }, (_, at) =>
          isIn(Math.floor(at / 3 / side)) ? rgb[at % 3]! + 20 * random() : 20 * random(),
        );
        const name = `${colour}/${place}-${index}.png`;
        await writeFile(join(cwd, 'pictures', name), encode({ width: side, height: side, channels: 3, data }));
        lines.push(JSON.stringify({ file_name: name, caption: [`${colour} ${place}`, colour] }));
      }
    }
  }
  await writeFile(join(cwd, 'pictures', 'captions.jsonl'), lines.join('\n'));
  const trained = await json(
    ...['train', 'clip', '--data', 'pictures', '--out', 'runs/clip', '--batchSize', '16', '--evaluationImages', '12'],
    ...['--model.channels', '[8, 16]', '--model.imageWidth', '32', '--model.textWidth', '32', '--model.textHeads', '2'],
    ...['--model.embedding', '16', '--vocabulary', '280', '--shift', '1', '--jitter', '0.1'],
    ...['--training.steps', '60', '--training.schedule.learningRate', '0.003'],
  );
  expect(trained['stage']).toBe('contrastive: clip');
  expect(trained['imageToText']).toBeGreaterThan(0.9);
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('descent, with captions', () => {
  it('keeps the tokenizer of captions with the model', async () => {
    const config = JSON.parse(await readFile(join(cwd, 'runs/clip/model/config.json'), 'utf8')) as {
      images: { text: { length: number } };
    };
    expect(config.images.text.length).toBeGreaterThan(2);
    expect(JSON.parse(await readFile(join(cwd, 'runs/clip/model/tokenizer.json'), 'utf8'))).toHaveProperty('model');
  });

  it('finds the images that fit some words', async () => {
    const { found } = await json<{ found: { caption: string; similarity: number }[] }>(
      ...['search', 'runs/clip', 'blue above', 'pictures', '--n', '4', '--out', 'found.png'],
    );
    expect(found.map(({ caption }) => caption)).toEqual(Array.from({ length: 4 }, () => 'blue above'));
    const { data, width } = decode(await readFile(join(cwd, 'found.png')));
    expect(width).toBe(2 * side * 2 + 2);
    expect(data[2]).toBeGreaterThan(200);
    expect((await descent('search', 'runs/clip', ' ', 'pictures')).stderr).toContain('nothing to search for');
  });

  it('measures retrieval and zero-shot classification', async () => {
    const { code, stdout } = await descent('evaluate', 'runs/clip', '--prompt', '{}', '{} above');
    expect(code).toBe(0);
    expect(stdout).toMatch(/image to text .* by chance 83\.3%/);
    expect(stdout).toMatch(/zero-shot +\d+\.\d% .* by chance 33\.3% \(prompts: \{\} · \{\} above\)/);
  });

  it('says what is missing where images have no captions', async () => {
    await mkdir(join(cwd, 'bare'), { recursive: true });
    for (const index of [1, 2, 3, 4]) {
      const data = new Uint8Array(side * side).fill(index);
      await writeFile(join(cwd, 'bare', `${index}.png`), encode({ width: side, height: side, channels: 1, data }));
    }
    const { code, stderr } = await descent('train', 'clip', '--data', 'bare', '--out', 'runs/bare');
    expect(code).toBe(1);
    expect(stderr).toContain('bare: the images have no captions');
    expect(stderr).toContain('captions.jsonl');
  });
});
