import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../runtime/engine.js';
import { expandDims, logSoftmax, squeeze, takeAlongAxis } from '../../tensor/index.js';
import {
  type TinyImageModel,
  allImages,
  someImages,
  tinyImageModel,
} from '../../sampling/tiny-image-model.test-helper.js';
import { definition } from './image-gpt.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const pixels = { channels: 1, height: 2, width: 3, levels: 2, classes: 0 };

/** Weights large enough that tokens matter, and a palette: that of binary pixels. */
const binary = async (config: Record<string, unknown> = {}, data = {}, palette = [-1, 1]): Promise<TinyImageModel> => {
  const tiny = await tinyImageModel(engine, {
    definition,
    config: { palette: palette.length, layers: 2, heads: 2, width: 8, ...config },
    data: { ...pixels, ...data },
    gain: 20,
  });
  await tiny.weights.write({ palette: Float32Array.from(palette) });
  return tiny;
};

const densityOf = ({ model }: TinyImageModel) =>
  ((p: never, batch: never) => ({ y: model.density!.logProb(p, batch) })) as never;

describe('image GPT', () => {
  it.each([false, true])(
    'gives all binary images together a probability of 1 (conditional: %s)',
    async (conditional) => {
      const tiny = await binary({ conditional }, { classes: 3 });
      const labels = new Int32Array(64).fill(1);
      const { y } = await tiny.runOn(densityOf(tiny), allImages(tiny.data), { labels });
      expect(y!.reduce((sum, logProb) => sum + Math.exp(logProb), 0)).toBeCloseTo(1, 5);
      expect(Math.max(...y!) - Math.min(...y!)).toBeGreaterThan(0.5);
      expect(tiny.model.density).not.toHaveProperty('of');
    },
  );

  it('gives all images of four levels a probability of 1, with a palette of these levels', async () => {
    const tiny = await binary({}, { height: 2, width: 2, levels: 4 }, [1, -1, -1 / 3, 1 / 3]);
    const { y } = await tiny.runOn(densityOf(tiny), allImages(tiny.data));
    expect(y!.reduce((sum, logProb) => sum + Math.exp(logProb), 0)).toBeCloseTo(1, 5);
    expect(Math.max(...y!) - Math.min(...y!)).toBeGreaterThan(0.5);
    expect(tiny.model.density!.of).toMatch(/palette of 4/);
  });

  it('claims no more than a bound of binary images where entries of the palette are alike', async () => {
    const tiny = await binary({}, {}, [-1, 1, 1]);
    const { y } = await tiny.runOn(densityOf(tiny), allImages(tiny.data));
    expect(y!.reduce((sum, logProb) => sum + Math.exp(logProb), 0)).toBeLessThan(0.99);
    expect(tiny.model.density!.kind).toBe('lower-bound');
    expect(tiny.model.density).not.toHaveProperty('of');
  });

  it('draws from the distribution whose density it gives: cached token by token as all at once', async () => {
    const tiny = await binary({ conditional: true }, { classes: 3 });
    const sequential = tiny.model.sequential!;
    const images = someImages(pixels, 4);
    const labels = Int32Array.of(0, 1, 2, 1);
    const { y: expected } = await tiny.runOn(densityOf(tiny), images, { labels });
    const int32 = (...shape: number[]) => ({ shape, dtype: 'int32' as const });
    const names = Object.keys(sequential.state);
    let state = Object.fromEntries(
      names.map((name) => [name, new Float32Array(4 * sequential.state[name]!.reduce((a, b) => a * b, 1))]),
    );
    const total = [0, 0, 0, 0];
    let previous = new Int32Array(4);
    for (let index = 0; index < sequential.length; index++) {
      const value = Int32Array.from({ length: 4 }, (_, row) => images[row * 6 + index]!);
      const result = await tiny.run(
        (p, inputs) => {
          const given = {
            state: Object.fromEntries(names.map((name) => [name, inputs[name]!])),
            index: inputs['index']!,
            labels: inputs['labels']!,
            previous: inputs['previous']!,
          };
          const { logits, state: next } = sequential.next(p, given, 0);
          const logProb = takeAlongAxis(logSoftmax(logits), expandDims(inputs['value']!, 1));
          return { logProb: squeeze(logProb, 1), ...next };
        },
        {
          ...Object.fromEntries(
            names.map((name) => [
              name,
              { spec: { shape: [4, ...sequential.state[name]!], dtype: 'float32' as const }, data: state[name]! },
            ]),
          ),
          index: { spec: int32(1), data: Int32Array.of(index) },
          labels: { spec: int32(4), data: labels },
          previous: { spec: int32(4), data: previous },
          value: { spec: int32(4), data: value },
        },
      );
      const { logProb, ...next } = result;
      logProb!.forEach((x, row) => (total[row]! += x));
      state = next as typeof state;
      previous = value;
    }
    total.forEach((logProb, row) => expect(logProb).toBeCloseTo(expected![row]!, 4));
  });

  it('turns images into tokens and back: binary ones exactly', async () => {
    const tiny = await binary();
    const { toValues, toImages } = tiny.model.sequential!;
    const images = allImages(tiny.data);
    const { y } = await tiny.runOn((p, batch) => ({ y: toImages(p, toValues(p, batch.images), batch.labels) }), images);
    expect(Array.from(y!)).toEqual(Array.from(images));
  });

  it('finds the palette of patches that there are, and says what its density is of', async () => {
    const shape = { channels: 1, height: 4, width: 4, levels: 256, classes: 0 };
    const tiny = await tinyImageModel(engine, {
      definition,
      config: { patch: 2, palette: 3, layers: 1, heads: 2, width: 8 },
      data: shape,
      gain: 1,
    });
    // Two images of three kinds of patches.
    const kinds = [0, 100, 255, 100, 255, 255, 0, 0];
    const images = Float32Array.from({ length: 32 }, (_, index) => {
      const [image, y, x] = [Math.floor(index / 16), Math.floor((index % 16) / 4), index % 4];
      return kinds[image * 4 + 2 * Math.floor(y / 2) + Math.floor(x / 2)]!;
    });
    const palette = tiny.model.losses.find(({ name }) => name === 'palette')!;
    expect(palette).toMatchObject({ assigns: true, during: 'first' });
    // Half the squared distance from the zero it starts as.
    const { loss } = await tiny.runOn((p, batch) => ({ loss: palette.loss(p, batch).loss }), images);
    const squares = [0, 100, 255].map((grey) => 4 * ((2 * grey) / 255 - 1) ** 2).reduce((a, b) => a + b);
    expect(loss![0]!).toBeCloseTo(squares / 2, 4);
    expect(tiny.model.density!.of).toMatch(/palette of 3/);
  });

  it('says which key cannot be', () => {
    const data = { channels: 1, height: 4, width: 4, levels: 2, classes: 0 };
    const build = (config: object) => () => definition.build(definition.schema.parse(config), data);
    expect(build({ conditional: true })).toThrow(/model\.conditional/);
    expect(build({ patch: 3 })).toThrow(/model\.patch/);
    expect(build({ layers: 2, featureLayer: 3 })).toThrow(/model\.featureLayer/);
  });
});
