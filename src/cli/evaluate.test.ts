import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageAt } from '../data/images/image-set.js';
import { readImages } from '../data/images/sources.js';
import { findImageModel } from '../formats/image-models.js';
import type { Generative } from '../nn/image-model.js';
import { Engine } from '../runtime/engine.js';
import { imageSampler } from '../sampling/images.js';
import { add, constant, gather, mul, reshape } from '../tensor/index.js';
import { barSide as side, writeBars } from './bars.test-helper.js';
import { start } from './descent.test-helper.js';
import { evaluateImageModel, figureTerms, modelExtractor } from './image-evaluation.js';
import { openImageModel } from './open-image-model.js';
import { imageTrainingSchema, trainImages } from './stages/images.js';
import { modelFolderOf } from './stages/stage.js';

/** descent evaluate, on a small data set of bars across, bars down, and blank images. */

let cwd: string;
let engine: Engine;

/** Trains a model on the bars, for a few steps. @returns its run folder */
async function trained(name: string, run: string, settings: Record<string, unknown>, steps: number): Promise<string> {
  const found = await findImageModel(name);
  const training = { steps, evaluateEvery: 1000, schedule: { learningRate: 3e-3 } };
  const config = imageTrainingSchema(found).parse({ batchSize: 20, evaluationImages: 30, ...settings, training });
  const source = await readImages({ source: join(cwd, 'bars') });
  const out = join(cwd, run);
  await trainImages({ engine }, { out, found, config, source });
  return out;
}

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-evaluate-'));
  await writeBars(join(cwd, 'bars'));
  engine = await Engine.create();
});
afterAll(async () => {
  await engine.dispose();
  await rm(cwd, { recursive: true, force: true });
});

const descent = async (args: readonly string[]) => start(args, { cwd }).answer;

describe('descent evaluate', () => {
  it('measures whatever a model can do, and leaves out what it cannot', async () => {
    const vae = await trained('vae', 'vae', { pixels: 'bytes', model: { width: 32, latents: 4 } }, 30);
    const classifier = await trained('classifier', 'judge', { model: { width: 8, features: 16 } }, 60);

    const args = ['evaluate', vae, '--classifier', classifier, '--samples', '60', '--json'];
    const { code, stdout, stderr } = await descent(args);
    expect(code, stderr).toBe(0);
    const figures = JSON.parse(stdout) as Record<string, never>;
    expect(figures).toMatchObject({
      model: 'vae',
      density: { kind: 'lower-bound', pixels: 'bytes', images: 90, shape: [1, side, side] },
      samples: [{ extractor: { name: 'classifier', features: 16 }, images: 60, pixels: 'bytes', neighbours: 3 }],
      classes: { coverage: { classes: 3 }, onTestImages: { images: 90 } },
      reconstruction: { images: 60, pixels: 'bytes' },
    });
    // A VAE that knows no classes is not asked for them; it gives no logits.
    expect(figures['classes']).not.toHaveProperty('asAsked');
    expect(figures).not.toHaveProperty('accuracy');

    const judge = await descent(['evaluate', classifier, '--json']);
    const { accuracy, ...rest } = JSON.parse(judge.stdout) as { accuracy: { accuracy: number } };
    expect(accuracy.accuracy).toBeGreaterThan(0.9);
    expect(Object.keys(rest).sort()).toEqual(['data', 'folder', 'id', 'model']);
  });

  it('gives training images the floor’s figures, and the same again for the same seed', async () => {
    const open = await openImageModel(
      engine,
      modelFolderOf(await trained('vae', 'again', { model: { width: 16 } }, 5)),
    );
    const judge = await openImageModel(engine, modelFolderOf(join(cwd, 'judge')));
    const { train, test } = await readImages({ source: join(cwd, 'bars') });
    const options = { open, train, test: test!, extractors: [modelExtractor(judge)], samples: 50, seed: 3 };
    const [one, two] = [await evaluateImageModel(options), await evaluateImageModel(options)];
    expect(two).toEqual(one);
    // What was known before anything was measured.
    expect(one).toMatchObject(figureTerms(options));
    expect(Object.keys(figureTerms(options))).toEqual(['density', 'samples']);
    const { floor, ...made } = one.samples![0]!;
    expect(made.pixels).toBe('dynamic');
    expect(made.frechet).toBeGreaterThan(floor.frechet);
    expect(floor.precision).toBeGreaterThan(0.5);
  });

  it('asks whether samples are of their class only of a model that heeds classes', async () => {
    const open = await openImageModel(engine, modelFolderOf(join(cwd, 'vae')));
    const classifier = await openImageModel(engine, modelFolderOf(join(cwd, 'judge')));
    const { train, test } = await readImages({ source: join(cwd, 'bars') });
    // One training image of each class, in turn; the last class is never drawn as asked.
    const shown = Float32Array.from([0, 80, 80].flatMap((index) => [...imageAt(train, index)]));
    const generative: Generative = {
      noise: { unused: [1] },
      sample: (_, { noise, labels }) =>
        add(gather(constant(shown, [3, 1, side, side]), labels), mul(reshape(noise['unused']!, [-1, 1, 1, 1]), 0)),
    };
    const { model, data, weights } = open;
    const painter = { ...model, generative, conditional: true };
    const sampler = () => imageSampler({ engine, model: painter, data, weights });
    const options = { train, test: test!, classifier, samples: 60 };
    const { classes } = await evaluateImageModel({ ...options, open: { ...open, model: painter, sampler } });
    expect(classes).toMatchObject({
      asAsked: { accuracy: expect.closeTo(2 / 3, 9) as number, images: 60 },
      coverage: { covered: 2, shares: [expect.closeTo(1 / 3, 9), expect.closeTo(2 / 3, 9), 0] as number[] },
    });
  });

  it('trains a classifier of its own where none is given, once', async () => {
    const first = await descent(['evaluate', 'vae', '--samples', '20']);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toMatch(/judged by a classifier of this data/);
    expect(first.stdout).toMatch(/coverage +\d of 3 classes/);
    expect(first.stderr).toContain('Training: convolutional classifier');
    const second = await descent(['evaluate', 'vae', '--samples', '20']);
    expect(second.stderr).not.toContain('Training');
    expect(second.stdout.split('\n').slice(-10)).toEqual(first.stdout.split('\n').slice(-10));
  });

  it('refuses a table of figures that were measured differently, unless each may say how', async () => {
    const args = ['evaluate', 'again', 'vae', '--samples', '20', '--classifier', 'judge'];
    const refused = await descent(args);
    expect(refused.code).toBe(1);
    // Before anything is measured, and before a judge is trained.
    expect(`${refused.stdout}${refused.stderr}`).not.toMatch(/Drawing|Measuring|judged/);
    expect(refused.stderr).toMatch(/density cannot stand in one table: pixels is dynamic for .*again.*, and bytes for/);
    const mixed = await descent([...args, '--mixed']);
    expect(mixed.code, mixed.stderr).toBe(0);
    expect(mixed.stdout).toMatch(/kind lower-bound, images 90, pixels dynamic/);
  });
});
