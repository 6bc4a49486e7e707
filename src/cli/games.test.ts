import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSet } from '../data/images/image-set.js';
import type { ImageSource } from '../data/images/sources.js';
import { readWeights } from '../formats/folder.js';
import { findImageModel } from '../formats/image-models.js';
import { Engine } from '../runtime/engine.js';
import { counterRandom } from '../tensor/random.js';
import { readJsonLines } from '../training/json-lines.js';
import { InterruptedError } from './interrupted.js';
import { start } from './descent.test-helper.js';
import { imageTrainingSchema, trainImages } from './stages/images.js';
import { modelFolderOf } from './stages/stage.js';

/** Games as they are trained and drawn from: on bars across and bars down. */

const side = 8;
let cwd: string;
let engine: Engine;

function bars(count: number): ImageSet {
  const random = counterRandom(1, 'bars', 0);
  const labels = Int32Array.from({ length: count }, (_, index) => index % 2);
  const pixels = new Uint8Array(count * side * side);
  labels.forEach((label, image) => {
    const place = Math.floor(random() * side);
    for (let at = 0; at < side * side; at++) {
      const line = label === 0 ? Math.floor(at / side) : at % side;
      pixels[image * side * side + at] = (line === place ? 200 : 0) + Math.floor(random() * 40);
    }
  });
  return {
    name: 'bars',
    count,
    channels: 1,
    height: side,
    width: side,
    pixels,
    labels,
    labelNames: ['across', 'down'],
  };
}

const source: ImageSource = {
  name: 'bars',
  id: 'bars',
  train: bars(64),
  reading: { fit: 'crop', filter: 'bicubic', skipBad: false, colours: false },
};

/** Trains a model in a folder, stopping after some steps if told to. @returns its warnings */
async function trained(
  name: string,
  run: string,
  settings: { model: object; batchSize?: number; training: object },
  stopAfter?: number,
): Promise<string[]> {
  const found = await findImageModel(name);
  const config = imageTrainingSchema(found).parse({ batchSize: 8, evaluationImages: 8, ...settings });
  const controller = new AbortController();
  const warnings: string[] = [];
  const progress = () => ({
    step: ({ step }: { step: number }) => {
      if (step === stopAfter) controller.abort();
    },
    warning: ({ message }: { message: string }) => {
      warnings.push(message);
    },
  });
  await trainImages({ engine, progress, signal: controller.signal }, { out: join(cwd, run), found, config, source });
  return warnings;
}

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-games-'));
  engine = await Engine.create({ threads: 1 });
});
afterAll(async () => {
  await engine.dispose();
  await rm(cwd, { recursive: true, force: true });
});

describe('a game that is stopped and taken up again', () => {
  const tiny = { latents: 4, width: 2 };
  it.each<[string, string, object]>([
    [
      'style-gan',
      'its augmentation, mean style and path length',
      {
        ...tiny,
        style: 4,
        mappingLayers: 2,
        conditional: true,
        realPenaltyEvery: 4,
        pathLengthEvery: 3,
        augmentation: { target: 0.01, images: 100 },
      },
    ],
    ['spectral-gan', 'its vectors', { ...tiny, condition: 'projection' }],
    ['dcgan', 'its running moments', tiny],
    ['wgan-gp', "the critic's turns", tiny],
  ])('%s ends where an unbroken one does, bit for bit: %s', { timeout: 120_000 }, async (name, _, model) => {
    const training = { steps: 14, average: { decay: 0.9 }, schedule: { learningRate: 1e-3 } };
    await trained(name, `${name}/whole`, { model, training });
    for (const stop of [4, 9])
      await expect(trained(name, `${name}/broken`, { model, training }, stop)).rejects.toBeInstanceOf(InterruptedError);
    await trained(name, `${name}/broken`, { model, training });
    const found = await findImageModel(name);
    const specs = found.definition.build(found.definition.schema.parse(model), {
      channels: 1,
      height: side,
      width: side,
      levels: 256,
      classes: 2,
    }).parameters;
    const [whole, broken] = await Promise.all(
      ['whole', 'broken'].map((run) => readWeights(modelFolderOf(join(cwd, name, run)), specs)),
    );
    expect(broken).toEqual(whole);
    const logs = await Promise.all(
      ['whole', 'broken'].map(async (run) => {
        const lines = await readJsonLines(join(cwd, name, run, 'metrics.jsonl'));
        return lines.map((line) => ({ ...line, seconds: 0, tokensPerSecond: 0 }));
      }),
    );
    expect(logs[1]).toEqual(logs[0]);
    const moved = Object.entries(whole!).filter(([path]) => /^(state|vectors|moments)/.test(path));
    for (const [path, values] of moved)
      expect(
        values.some((value) => value !== 0),
        path,
      ).toBe(true);
  });
});

describe('a game that collapses', () => {
  it('says so while it runs and in its log, and one that does not says nothing', { timeout: 60_000 }, async () => {
    const settings = (generator: number, discriminator: number, steps: number) => ({
      model: { latents: 8, width: 32, layers: 1, rates: { generator, discriminator } },
      batchSize: 16,
      training: { steps, schedule: { kind: 'constant', learningRate: 1e-3 } },
    });
    // The discriminator stands still: the generator draws what it likes best.
    const warnings = await trained('gan', 'collapsing', settings(10, 0.001, 800));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/mode collapse.*model\.rates\.generator/);
    const lines = await readJsonLines(join(cwd, 'collapsing', 'metrics.jsonl'));
    expect(lines.filter((line) => 'warning' in line).map((line) => line['warning'])).toEqual(warnings);
    expect(await trained('gan', 'healthy', settings(0.5, 0.5, 500))).toEqual([]);
  });
});

describe('descent, with games', () => {
  const descent = (...args: string[]) => start(args, { cwd }).answer;
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await descent(...args, '--json');
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const picture = async (path: string) => decode(await readFile(join(cwd, path)));
  const cell = 2 * side + 2;

  beforeAll(async () => {
    await mkdir(join(cwd, 'pictures'));
    const { pixels, count } = source.train;
    for (let index = 0; index < count; index++) {
      const data = pixels.slice(index * side * side, (index + 1) * side * side);
      await writeFile(join(cwd, 'pictures', `${index}.png`), encode({ width: side, height: side, channels: 1, data }));
    }
    for (const [name, extra] of [
      ['dcgan', []],
      ['style-gan', ['--model.mappingLayers', '2']],
    ] as const) {
      const settings = ['--model.width', '2', '--batchSize', '8', '--evaluationImages', '8', '--training.steps', '8'];
      const trainedModel = await json(
        'train',
        name,
        '--data',
        'pictures',
        '--out',
        `runs/${name}`,
        ...settings,
        ...extra,
      );
      expect(trainedModel['stage']).toBe(`adversarial: ${name}`);
    }
  }, 60_000);

  it('draws, walks from noise to noise, and mixes styles', { timeout: 60_000 }, async () => {
    await json('sample', 'runs/dcgan', '--n', '4', '--columns', '4', '--out', 'four.png');
    await json('interpolate', 'runs/dcgan', '--n', '2', '--steps', '5', '--out', 'walk.png', '--animate', 'walk.gif');
    const walk = await picture('walk.png');
    expect([walk.width, walk.height]).toEqual([5 * cell - 2, 2 * cell - 2]);
    expect((await readFile(join(cwd, 'walk.gif'))).subarray(0, 6).toString()).toBe('GIF89a');
    // Its ends are the images of the seed themselves, two by two.
    const four = await picture('four.png');
    const at = (image: typeof four, column: number, row: number): number[] =>
      Array.from({ length: 2 * side }, (_, x) => image.data[row * cell * image.width + column * cell + x]!);
    [0, 1, 2, 3].forEach((index) => {
      expect(at(walk, index % 2 === 0 ? 0 : 4, index >> 1)).toEqual(at(four, index, 0));
    });

    await json('sample', 'runs/style-gan', '--mix', '3', '--out', 'mixed.png');
    const mixed = await picture('mixed.png');
    expect([mixed.width, mixed.height]).toEqual([4 * cell - 2, 4 * cell - 2]);
    expect(Array.from(mixed.data.slice(0, 2 * side)).every((value) => value === 255)).toBe(true);
    expect(await json('sample', 'runs/style-gan', '--truncation', '0.5')).toMatchObject({ truncation: 0.5 });
  });

  it.each([
    [['sample', 'runs/dcgan', '--truncation', '0.5'], /truncation: this model has no such setting/],
    [['sample', 'runs/dcgan', '--mix', '3'], /A dcgan does not tell coarse features from fine ones/],
    [['interpolate', 'runs/dcgan', 'pictures'], /no code that an image could be made again from/],
    [['sample', 'runs/style-gan', '--truncation', 'less'], /should be a number of at least 0/],
  ] as const)('says what is wrong: %j', async (args, message) => {
    const { code, stderr } = await descent(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});
