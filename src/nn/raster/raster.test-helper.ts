import { Engine, type Store } from '../../runtime/engine.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomWeights, someImages } from '../../sampling/tiny-image-model.test-helper.js';
import { uniformAt } from '../../sampling/samplers.js';
import { sequentialSampler } from '../../sampling/sequential.js';
import { sampleInGraph } from '../../sampling/programs.js';
import {
  type Tensor,
  cast,
  equal,
  grad,
  iota,
  mul,
  ones,
  randomUniform,
  reshape,
  sliceAxis,
  sum,
  transpose,
  zeros,
} from '../../tensor/index.js';
import { type Grid, type Raster, type RasterContext, imagesOfValues, valuesOfImages } from './raster.js';

/** What a raster must do: see nothing of what comes later, and draw as if it computed everything anew each time. */
export function rasterLaws<Specs extends object>(name: string, of: Raster<Specs>, grid: Grid, conditionSize = 0): void {
  const made = of as unknown as Raster<object>;
  const { channels, height, width, levels } = grid;
  const length = channels * height * width;
  const images = (batch: number) => ({ shape: [batch, channels, height, width], dtype: 'float32' }) as const;
  const contextOf = (batch: number): RasterContext =>
    conditionSize > 0 ? { condition: ones([batch, conditionSize]) } : {};

  describe(`${name}: ${channels} x ${height} x ${width} values of ${levels} levels`, () => {
    let engine: Engine;
    let weights: Store;
    beforeAll(async () => {
      engine = await Engine.create({ threads: 1 });
      weights = await randomWeights(engine, made.parameters);
    });
    afterAll(() => engine.dispose());

    it('is causal, by gradient: a value depends on values before it and on no other', async () => {
      const influence = await influenceOf(engine, weights, made, grid, contextOf(length));
      for (let value = 0; value < length; value++) {
        for (let other = value; other < length; other++) expect(influence[value]![other]).toBe(0);
      }
      // Every channel sees the value just before it, and the same channel above, but where a ReLU is shut.
      for (let channel = 0; channel < channels; channel++) {
        const shareOf = (distance: number, least: number): number => {
          const values = Array.from({ length }, (_, value) => value).filter(
            (value) => value % channels === channel && value % (width * channels) >= least && value >= distance,
          );
          return values.filter((value) => influence[value]![value - distance] !== 0).length / values.length;
        };
        expect(shareOf(1, 1)).toBeGreaterThan(0.5);
        expect(shareOf(width * channels, 0)).toBeGreaterThan(0.5);
      }
    });

    it('draws from memory what it draws when everything is computed anew', async () => {
      const batch = 2;
      const seed = 5;
      const sequential = made.sequential({
        at: (tree) => tree,
        ...(conditionSize > 0 && { condition: () => contextOf(batch).condition! }),
      });
      const model = {
        parameters: made.parameters,
        losses: [],
        sequential: {
          ...sequential,
          toValues: (_: never, x: Tensor) => valuesOfImages(x),
          toImages: (_: never, values: Tensor) => imagesOfValues(values, grid),
        },
      };
      const data = { ...grid, classes: 0 };
      const sample = await sequentialSampler({ engine, model, data, weights, batchSize: batch }, model.sequential);
      const cached = await sample({ count: batch, seed, temperature: 0.9 });

      const program = await engine.compile(
        ({ parameters, values, index, temperature, uniform }) => {
          const logits = made.logits(parameters, imagesOfValues(values, grid), contextOf(batch));
          const isHere = cast(equal(reshape(iota([length]), [1, length, 1]), index), 'float32');
          return { value: sampleInGraph(sum(mul(logits, isHere), { axes: 1 }), temperature, uniform).ids };
        },
        {
          parameters: made.parameters,
          values: { shape: [batch, length], dtype: 'int32' },
          index: { shape: [1], dtype: 'int32' },
          temperature: { shape: [batch], dtype: 'float32' },
          uniform: { shape: [batch], dtype: 'float32' },
        } as const,
      );
      const values = new Int32Array(batch * length);
      for (let index = 0; index < length; index++) {
        const { value } = (await program.run({
          parameters: weights,
          values,
          index: Int32Array.of(index),
          temperature: new Float32Array(batch).fill(0.9),
          uniform: Float32Array.from({ length: batch }, (_, row) => uniformAt({ seed, row, sample: 0 }, index)),
        })) as { value: Int32Array };
        value.forEach((drawn, row) => (values[row * length + index] = drawn));
      }
      expect(cached.values).toEqual(values);
    });

    it('has the logits in sampling that it has in training', async () => {
      const batch = 2;
      const sequential = made.sequential({
        at: (tree) => tree,
        ...(conditionSize > 0 && { condition: () => contextOf(batch).condition! }),
      });
      const pixels = someImages({ ...grid, classes: 0 }, batch);
      const whole = await engine.compile(
        ({ parameters, x }) => ({
          logits: made.logits(parameters as never, x, contextOf(batch)),
          values: valuesOfImages(x),
        }),
        { parameters: made.parameters, x: images(batch) },
      );
      const { logits, values } = (await whole.run({ parameters: weights, x: pixels })) as {
        logits: Float32Array;
        values: Int32Array;
      };
      const rowLength = channels * width;
      // All in one program: the state goes from value to value inside it.
      const stepwise = await engine.compile(
        ({ parameters, values: given }) => {
          const labels = zeros([batch], 'int32');
          let state: Record<string, Tensor> = Object.fromEntries(
            Object.entries(sequential.state).map(([key, shape]) => [key, zeros([batch, ...shape])]),
          );
          const part = (from: number, to: number): Tensor =>
            from < 0 ? zeros([batch, to - from], 'int32') : sliceColumns(given, from, to);
          const result: Tensor[] = [];
          for (let at = 0; at < length; at++) {
            const index = reshape(cast(mul(ones([1]), at), 'int32'), [1]);
            const common = { index, labels };
            if (at % rowLength === 0) {
              const previousRow = part(at - rowLength, at);
              state = { ...state, ...sequential.row!.start(parameters as never, { ...common, state, previousRow }) };
            }
            const previous = reshape(part(at - 1, at), [batch]);
            const next = sequential.next(parameters as never, { ...common, state, previous }, at % channels);
            state = { ...state, ...next.state };
            result.push(next.logits);
          }
          return { logits: result };
        },
        { parameters: made.parameters, values: { shape: [batch, length], dtype: 'int32' } } as const,
      );
      const { logits: each } = (await stepwise.run({ parameters: weights, values })) as { logits: Float32Array[] };
      const scale = Math.max(...logits.map(Math.abs));
      each.forEach((ofValue, index) => {
        for (let row = 0; row < batch; row++) {
          for (let level = 0; level < levels; level++) {
            const expected = logits[(row * length + index) * levels + level]!;
            expect(Math.abs(ofValue[row * levels + level]! - expected)).toBeLessThan(1e-4 + 1e-5 * scale);
          }
        }
      });
    });
  });
}

const sliceColumns = (x: Tensor, start: number, limit: number): Tensor => sliceAxis(x, { axis: 1, start, limit });

/** How the logits of each value move with each value, in the order of drawing: [value][other]. */
async function influenceOf<Specs extends object>(
  engine: Engine,
  weights: Store,
  made: Raster<Specs>,
  { channels, height, width, levels }: Grid,
  context: RasterContext = {},
): Promise<Float32Array[]> {
  const length = channels * height * width;
  const program = await engine.compile(
    ({ parameters, x, key }) => {
      // Row n of the batch asks for value n alone.
      const gradientOf = grad((image: Tensor) => {
        const logits = made.logits(parameters as never, image, context);
        const own = cast(equal(iota([length, length, 1], 0), iota([length, length, 1], 1)), 'float32');
        return sum(mul(mul(logits, own), randomUniform(key, [1, 1, levels], 0)));
      });
      return { gradient: reshape(transpose(gradientOf(x), [0, 2, 3, 1]), [length, length]) };
    },
    {
      parameters: made.parameters,
      x: { shape: [length, channels, height, width], dtype: 'float32' },
      key: { shape: [2], dtype: 'int32' },
    } as const,
  );
  const one = someImages({ channels, height, width, levels, classes: 0 }, 1);
  const x = Float32Array.from({ length: length * length }, (_, at) => one[at % length]! + 0.25);
  const { gradient } = (await program.run({ parameters: weights, x, key: Int32Array.of(1, 2) })) as {
    gradient: Float32Array;
  };
  return Array.from({ length }, (_, row) => gradient.subarray(row * length, (row + 1) * length));
}

/** Whether the first value of the last row sees every value above; of one channel. */
export async function seesAllAbove<Specs extends object>(made: Raster<Specs>, grid: Grid): Promise<boolean> {
  const engine = await Engine.create({ threads: 1 });
  try {
    const influence = await influenceOf(engine, await randomWeights(engine, made.parameters), made, grid);
    const first = (grid.height - 1) * grid.width;
    return influence[first]!.subarray(0, first).every((gradient) => gradient !== 0);
  } finally {
    await engine.dispose();
  }
}
