import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageTensors } from '../../nn/image-model.js';
import { Engine } from '../../runtime/engine.js';
import { createTrainStep } from '../../runtime/train-step.js';
import { sequentialLaws } from '../../sampling/sequential.test-helper.js';
import { type Tensor, grad, sum } from '../../tensor/index.js';
import { type TinyImageModel, someImages, tinyImageModel } from '../../sampling/tiny-image-model.test-helper.js';
import { codebookSpec, entriesOf, perplexity, updateCodebook } from './codebook.js';
import { definition } from './vq-vae.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const config = { width: 4, codes: 5, codeSize: 3, prior: { width: 4, layers: 2, hidden: 8 } };
const shape = { channels: 1, height: 8, width: 8, levels: 256, classes: 0 };
const images = someImages(shape, 6);

/** A model after the step that starts its codebook. */
async function started(changes: Record<string, unknown> = {}): Promise<TinyImageModel> {
  const tiny = await tinyImageModel(engine, { definition, config: { ...config, ...changes }, data: shape, gain: 1 });
  await step(tiny, 'first codebook');
  return tiny;
}

/** One step of a loss, plain descent with rate 1 as the trainer's assignments are, or of another rate. */
async function step({ model, weights }: TinyImageModel, name: string, learningRate = 1): Promise<number> {
  const loss = model.losses.find((each) => each.name === name)!;
  const train = await createTrainStep(engine, {
    store: weights,
    parameters: model.parameters,
    batch: {
      images: { shape: [6, 1, 8, 8], dtype: 'float32' },
      labels: { shape: [6], dtype: 'int32' },
      key: { shape: [2], dtype: 'int32' },
    } as const,
    loss: loss.loss as never,
    optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 } as never,
    ...(loss.trainable && { trainable: loss.trainable }),
    name,
  });
  const { loss: value } = await train.accumulate({ images, labels: new Int32Array(6), key: Int32Array.of(1, 1) }, 1);
  await train.apply({ learningRate, step: 1 });
  return value;
}

const book = (values: Record<string, Float32Array>): number[] =>
  Array.from(values['codebook.sums']!, (sum, index) => sum / values['codebook.counts']![Math.floor(index / 3)]!);

describe('codebook', () => {
  const vectors = Float32Array.of(0, 0, 1, 1, 1, 1, 9, 9);
  const run = async (counts: number[], sums: number[], options: { decay: number; restartBelow: number }) => {
    const specs = {
      book: codebookSpec(2, 2),
      vectors: { shape: [4, 2], dtype: 'float32' as const },
      key: { shape: [2], dtype: 'int32' as const },
    };
    const program = await engine.compile(
      ({ book, vectors, key }: { book: { counts: Tensor; sums: Tensor }; vectors: Tensor; key: Tensor }) => {
        const { restarted } = updateCodebook(book, vectors, key, options);
        const moved = grad((p: typeof book) => updateCodebook(p, vectors, key, options).loss)(book);
        return { entries: entriesOf(book), restarted, ...moved };
      },
      specs,
    );
    const given = { counts: Float32Array.from(counts), sums: Float32Array.from(sums) };
    const result = (await program.run({ book: given, vectors, key: Int32Array.of(3, 4) })) as Record<
      'counts' | 'sums' | 'restarted' | 'entries',
      Float32Array
    >;
    return {
      ...result,
      newCounts: Array.from(result.counts, (g, index) => counts[index]! - g),
      newSums: Array.from(result.sums, (g, index) => sums[index]! - g),
    };
  };

  it('moves its averages by the share that a step does not keep', async () => {
    // The first three vectors are nearest to (0.5, 0.5), the last to (10, 10).
    const { newCounts, newSums, entries, restarted } = await run([2, 4], [1, 1, 40, 40], {
      decay: 0.75,
      restartBelow: 0,
    });
    expect(Array.from(entries)).toEqual([0.5, 0.5, 10, 10]);
    expect(newCounts).toEqual([0.75 * 2 + 0.25 * 3, 0.75 * 4 + 0.25]);
    expect(newSums).toEqual([0.75 + 0.25 * 2, 0.75 + 0.25 * 2, 30 + 0.25 * 9, 30 + 0.25 * 9]);
    expect(restarted[0]).toBe(0);
  });

  it('begins a dead entry again at a vector of the batch, with the weight of even use', async () => {
    const { newCounts, newSums, restarted } = await run([4, 0.02], [2, 2, 10, 10], { decay: 0.9, restartBelow: 0.1 });
    expect(restarted[0]).toBe(1);
    expect(newCounts[1]).toBeCloseTo(2, 5);
    const entry = [newSums[2]! / 2, newSums[3]! / 2];
    expect(
      [
        [0, 0],
        [1, 1],
        [9, 9],
      ].some(([x, y]) => Math.abs(entry[0]! - x!) + Math.abs(entry[1]! - y!) < 1e-4),
    ).toBe(true);
  });

  it('counts the codes in use by their entropy', async () => {
    const program = await engine.compile(({ members }) => ({ y: perplexity(members, 8) }), {
      members: { shape: [4], dtype: 'int32' },
    });
    const of = async (...members: number[]) =>
      ((await program.run({ members: Int32Array.from(members) })) as { y: Float32Array }).y[0]!;
    expect(await of(3, 3, 3, 3)).toBeCloseTo(1, 5);
    expect(await of(0, 1, 2, 7)).toBeCloseTo(4, 4);
    expect(await of(1, 1, 5, 5)).toBeCloseTo(2, 4);
  });
});

describe('VQ-VAE', () => {
  it('starts its codebook among the vectors of the first batch, and each code is in use', async () => {
    const tiny = await started();
    const { model, runOn } = tiny;
    const { codes } = await runOn((p, batch) => ({ codes: model.sequential!.toValues(p, batch.images) }), images);
    expect(new Set(codes).size).toBe(5);
    expect(Math.max(...codes!)).toBe(4);
  });

  it('passes the gradient of the decoder straight through to the encoder, and none to codebook or prior', async () => {
    const tiny = await started({ commitment: 0 });
    const before = await tiny.weights.read();
    await step(tiny, 'vq-vae', 1e-5);
    const after = await tiny.weights.read();
    const moved = Object.keys(before).filter((path) =>
      before[path]!.some((value, index) => value !== after[path]![index]),
    );
    expect(moved).toEqual(Object.keys(before).filter((path) => !/^(codebook|prior)\./.test(path)));
  });

  it('moves the codebook alone, then the prior alone', async () => {
    const tiny = await started();
    const parts = { codebook: /^codebook\./, prior: /^prior\./ };
    for (const [name, part] of Object.entries(parts)) {
      const before = await tiny.weights.read();
      await step(tiny, name, name === 'prior' ? 1e-3 : 1);
      const after = await tiny.weights.read();
      for (const path of Object.keys(before)) if (!part.test(path)) expect(after[path], path).toEqual(before[path]);
      expect(
        Object.keys(before).some((path) => part.test(path) && before[path]!.some((x, i) => x !== after[path]![i])),
      ).toBe(true);
      if (name === 'codebook') expect(book(after)).not.toEqual(book(before));
    }
    const during = Object.fromEntries(tiny.model.losses.map((loss) => [loss.name, loss.during]));
    expect(during).toEqual({ 'first codebook': 'first', 'vq-vae': [0, 0.5], codebook: [0, 0.5], prior: [0.5, 1] });
  });

  it("bounds log p(x) by the pixels given the image's codes and the codes' own probability", async () => {
    const tiny = await started();
    const { model, runOn } = tiny;
    const density = model.density!;
    expect(density.kind).toBe('lower-bound');
    const loss = (name: string) => model.losses.find((each) => each.name === name)!;
    const of = (p: never, batch: ImageTensors) => ({
      bound: sum(density.logProb(p, batch)),
      pixels: loss('vq-vae').loss(p, batch).metrics!['reconstruction']!,
      codes: loss('prior').loss(p, batch).loss,
    });
    const { bound, pixels, codes } = await runOn(of, images);
    expect(bound![0]! / (-6 * (pixels![0]! + codes![0]!))).toBeCloseTo(1, 4);
    // A row of a batch is what it would be alone, whatever the key.
    const alone = await runOn((p, batch) => ({ y: density.logProb(p, batch) }), images.slice(64, 128), { key: 9 });
    const all = await runOn((p, batch) => ({ y: density.logProb(p, batch) }), images);
    expect(alone['y']![0]! / all['y']![1]!).toBeCloseTo(1, 5);
  });

  it('draws codes and decodes them as it decodes those of an image', async () => {
    const tiny = await started();
    const { model, runOn } = tiny;
    const { sequential, codec } = model;
    const { one, other } = await runOn(
      (p, batch) => ({
        one: sequential!.toImages(p, sequential!.toValues(p, batch.images), batch.labels),
        other: codec!.decode(p, codec!.encode(p, batch), batch.labels),
      }),
      images,
    );
    expect(one).toEqual(other);
    // A code is the entries themselves, between which there is something.
    const { code, values } = await runOn(
      (p, batch) => ({ code: codec!.encode(p, batch), values: sequential!.toValues(p, batch.images) }),
      images,
    );
    const entries = book(await tiny.weights.read());
    values!.forEach((value, at) => {
      const [image, place] = [Math.floor(at / 4), at % 4];
      for (let i = 0; i < 3; i++) expect(code![(3 * image + i) * 4 + place]).toBeCloseTo(entries[3 * value + i]!, 5);
    });
    expect(sequential!.length).toBe(4);
  });

  it('says which images cannot be', () => {
    const build = () =>
      definition.build(definition.schema.parse(config), { channels: 1, height: 10, width: 8, levels: 2, classes: 0 });
    expect(build).toThrow(/blocks of side 4 do not divide images of 10 x 8/);
  });
});

sequentialLaws({
  definition,
  config: { ...config, prior: { ...config.prior, conditional: true } },
  data: { channels: 1, height: 12, width: 8, levels: 2, classes: 2 },
});
