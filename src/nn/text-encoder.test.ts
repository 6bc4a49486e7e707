import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../runtime/engine.js';
import { randomWeights } from '../sampling/tiny-image-model.test-helper.js';
import { type Tensor, mul, sum, valueAndGrad } from '../tensor/index.js';
import { contrastiveLoss } from './contrastive.js';
import { type TextParameters, sameCaptions, textEncoder } from './text-encoder.js';

interface Golden {
  readonly similarity: number[];
  readonly distinct: { readonly loss: number; readonly gradient: number[] };
  readonly shared: { readonly same: number[]; readonly loss: number; readonly gradient: number[] };
}
const golden = JSON.parse(readFileSync(new URL('./golden/contrastive.json', import.meta.url), 'utf8')) as Golden;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

describe('the contrastive loss', () => {
  const eye = Array.from({ length: 25 }, (_, at) => (at % 6 === 0 ? 1 : 0));
  it.each([
    ['where all captions differ', { same: eye, ...golden.distinct }],
    ['where two are the same', golden.shared],
  ])("is PyTorch's, %s", async (_, { same, loss, gradient }) => {
    const square = { shape: [5, 5], dtype: 'float32' } as const;
    const program = await engine.compile(
      ({ similarity, same: known }: { similarity: Tensor; same: Tensor }) =>
        valueAndGrad((scores: Tensor) => contrastiveLoss(scores, known))(similarity),
      { similarity: square, same: square },
    );
    const given = { similarity: Float32Array.from(golden.similarity), same: Float32Array.from(same) };
    const found = Object.values((await program.run(given)) as Record<string, Float32Array>);
    expect(found.find(({ length }) => length === 1)![0]).toBeCloseTo(loss, 5);
    found
      .find(({ length }) => length === 25)!
      .forEach((value, at) => {
        expect(value).toBeCloseTo(gradient[at]!, 5);
      });
  });
});

describe('the encoder of captions', () => {
  const vocabulary = 12;
  const end = vocabulary - 1;
  const settings = { textLayers: 2, textWidth: 8, textHeads: 2 };

  /** The summaries of captions. */
  async function summaries(rows: readonly (readonly number[])[]): Promise<number[][]> {
    const length = rows[0]!.length;
    const encoder = textEncoder(settings, { vocabulary, length: 6 });
    const weights = await randomWeights(engine, encoder.parameters);
    const program = await engine.compile(
      ({ p, tokens }: { p: TextParameters; tokens: Tensor }) => ({
        summary: encoder.summary(encoder.sequence(p, tokens), tokens),
      }),
      { p: encoder.parameters, tokens: { shape: [rows.length, length], dtype: 'int32' } },
    );
    const { summary } = (await program.run({ p: weights, tokens: Int32Array.from(rows.flat()) })) as {
      summary: Float32Array;
    };
    return rows.map((_, row) => [...summary.subarray(8 * row, 8 * row + 8)]);
  }

  it('sees every token of a caption and their order, and each caption by itself', async () => {
    const [first, other, swapped, empty] = (await summaries([
      [3, 4, 5, end, 0, 0],
      [2, 4, 5, end, 0, 0],
      [4, 3, 5, end, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ])) as [number[], number[], number[], number[]];
    const [alone] = await summaries([[3, 4, 5, end, 0, 0]]);
    alone!.forEach((value, at) => {
      expect(value).toBeCloseTo(first[at]!, 5);
    });
    for (const changed of [other, swapped, empty])
      expect(Math.max(...changed.map((value, at) => Math.abs(value - first[at]!)))).toBeGreaterThan(0.01);
    expect(empty.every(Number.isFinite)).toBe(true);
  });

  it('is told by its gradient that it does not look at what fills a caption up', async () => {
    const encoder = textEncoder(settings, { vocabulary, length: 6 });
    const weights = await randomWeights(engine, encoder.parameters);
    const program = await engine.compile(
      ({ p, tokens }: { p: TextParameters; tokens: Tensor }) =>
        valueAndGrad((positions: Tensor) => {
          const summary = encoder.summary(encoder.sequence({ ...p, positions }, tokens), tokens);
          return sum(mul(summary, summary));
        })(p.positions),
      { p: encoder.parameters, tokens: { shape: [1, 6], dtype: 'int32' } },
    );
    const found = Object.values(
      (await program.run({ p: weights, tokens: Int32Array.of(3, 4, end, 0, 0, 0) })) as Record<string, Float32Array>,
    );
    const gradient = found.find(({ length }) => length === 48)!;
    expect(gradient.subarray(24).every((value) => value === 0)).toBe(true);
    for (const at of [0, 1, 2]) expect(gradient.subarray(8 * at, 8 * at + 8).some((value) => value !== 0)).toBe(true);
  });

  it('says which captions are the same', async () => {
    const program = await engine.compile(({ tokens }: { tokens: Tensor }) => ({ same: sameCaptions(tokens) }), {
      tokens: { shape: [3, 2], dtype: 'int32' },
    });
    const { same } = (await program.run({ tokens: Int32Array.of(1, 2, 1, 3, 1, 2) })) as { same: Float32Array };
    expect([...same]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1]);
  });

  it('wants captions, and heads that fit', () => {
    expect(() => textEncoder(settings, undefined)).toThrow(/reads captions, and these images have none/);
    expect(() => textEncoder({ ...settings, textHeads: 3 }, { vocabulary, length: 2 })).toThrow(/textHeads/);
  });
});
