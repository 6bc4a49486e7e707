import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as t from '../../tensor/index.js';
import { counterRandom, fillNormal } from '../../tensor/random.js';
import { Engine, type Store } from '../engine.js';

const capacity = 7;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const random = counterRandom(1, 'cache', 0);
const normal = (size: number): Float32Array => fillNormal(random, new Float32Array(size));

interface Layout {
  width: number;
  heads: number;
  keyValueHeads: number;
  window: number;
  scale: number;
}

/** A program that attends to `rows` new tokens per row of the batch and writes the cache where it lies. */
const compileStep = (rows: number, layout: Layout, { batch = 2, continues = false } = {}) => {
  const { heads, keyValueHeads, width } = layout;
  const cache = t.float32(batch, keyValueHeads, capacity, width);
  const side = t.float32(batch, rows, keyValueHeads * width);
  return engine.compile(
    ({ query, key, value, cache: past, lengths }) => {
      const inputs = { query, key, value, pastKey: past.key, pastValue: past.value, lengths };
      const { output, keyCache, valueCache } = t.cachedAttention(inputs, {
        heads,
        keyValueHeads,
        window: layout.window,
        scale: layout.scale,
        continues,
      });
      return { output, cache: { key: keyCache, value: valueCache } };
    },
    {
      query: t.float32(batch, rows, heads * width),
      key: side,
      value: side,
      cache: { key: cache, value: cache },
      lengths: { shape: [batch], dtype: 'int32' as const },
    },
  );
};

const cacheOf = (rows: number, { keyValueHeads, width }: Layout): Promise<Store> => {
  const shape = [rows, keyValueHeads, capacity, width];
  return engine.createStore({ leaves: ['key', 'value'].map((path) => ({ path, shape })) });
};

/** Attention of one query, in plain loops. tokens[j] are the key and value rows of position j. */
function attend(query: Float32Array, tokens: { key: Float32Array; value: Float32Array }[], layout: Layout): number[] {
  const { heads, keyValueHeads, window, scale, width } = layout;
  const seen = window > 0 ? tokens.slice(-window) : tokens;
  return Array.from({ length: heads }, (_, head) => head).flatMap((head) => {
    const from = Math.floor((head * keyValueHeads) / heads) * width;
    const scores = seen.map(({ key }) => {
      let score = 0;
      for (let d = 0; d < width; d++) score += query[head * width + d]! * key[from + d]!;
      return Math.exp(score * scale);
    });
    const total = scores.reduce((a, b) => a + b, 0);
    return Array.from({ length: width }, (__, d) =>
      seen.reduce((sum, { value }, index) => sum + (scores[index]! / total) * value[from + d]!, 0),
    );
  });
}

describe('cachedAttention', () => {
  const layouts: [string, Layout][] = [
    ['one key head per query head', { heads: 2, keyValueHeads: 2, window: 0, scale: 0.5, width: 8 }],
    ['grouped queries', { heads: 4, keyValueHeads: 2, window: 0, scale: 0.3, width: 8 }],
    ['a window', { heads: 2, keyValueHeads: 1, window: 3, scale: 0.5, width: 8 }],
    ['a width that the operator does not take', { heads: 4, keyValueHeads: 2, window: 0, scale: 0.5, width: 5 }],
    ['a window and such a width', { heads: 2, keyValueHeads: 2, window: 3, scale: 0.5, width: 5 }],
  ];
  it.each(layouts)('with %s equals attention over all tokens, row by row', async (_name, layout) => {
    const { heads, keyValueHeads, width } = layout;
    const store = await cacheOf(2, layout);
    const prefill = await compileStep(4, layout);
    const decode = await compileStep(1, layout);
    const history: { key: Float32Array; value: Float32Array }[][] = [[], []];
    const sideWidth = keyValueHeads * width;

    const step = async (rows: number, counts: readonly number[], program: typeof prefill): Promise<void> => {
      const query = normal(2 * rows * heads * width);
      const key = normal(2 * rows * sideWidth);
      const value = normal(2 * rows * sideWidth);
      const rowOf = (data: Float32Array, row: number, index: number, size: number): Float32Array =>
        data.slice((row * rows + index) * size, (row * rows + index + 1) * size);
      const expected = counts.map((count, row) =>
        Array.from({ length: count }, (__, index) => {
          history[row]!.push({ key: rowOf(key, row, index, sideWidth), value: rowOf(value, row, index, sideWidth) });
          return attend(rowOf(query, row, index, heads * width), history[row]!, layout);
        }),
      );
      const lengths = Int32Array.from(history, (tokens) => tokens.length);
      const result = await program.run({ query, key, value, cache: store, lengths }, { into: { cache: store } });
      const { output } = result as { output: Float32Array };
      expected.forEach((list, row) =>
        list.forEach((wanted, index) => {
          const found = [...rowOf(output, row, index, heads * width)];
          found.forEach((number, place) => expect(number).toBeCloseTo(wanted[place]!, 5));
        }),
      );
    };
    await step(4, [4, 2], prefill);
    await step(1, [1, 1], decode);
    await step(1, [1, 1], decode);
    await step(1, [1, 1], decode);
    // The cache itself: row 1 has 5 tokens, then what nobody has written.
    const { key } = await store.read();
    history[1]!.forEach((token, position) => {
      for (let head = 0; head < keyValueHeads; head++) {
        const start = ((keyValueHeads + head) * capacity + position) * width;
        expect([...key!.slice(start, start + width)]).toEqual([...token.key.slice(head * width, (head + 1) * width)]);
      }
    });
    await store.dispose();
  });

  it.each(layouts)('with %s reads several tokens on top of others as if all came at once', async (_name, layout) => {
    const { heads, keyValueHeads, width } = layout;
    const [query, key, value] = [heads, keyValueHeads, keyValueHeads].map((count) => normal(6 * count * width));
    const part = (from: number, to: number) => ({
      query: query!.slice(from * heads * width, to * heads * width),
      key: key!.slice(from * keyValueHeads * width, to * keyValueHeads * width),
      value: value!.slice(from * keyValueHeads * width, to * keyValueHeads * width),
    });
    const read = async (store: Store, from: number, to: number): Promise<number[]> => {
      const program = await compileStep(to - from, layout, { batch: 1, continues: from > 0 });
      const feeds = { ...part(from, to), cache: store, lengths: Int32Array.of(to) };
      return [...((await program.run(feeds, { into: { cache: store } })) as { output: Float32Array }).output];
    };
    const [whole, parts] = [await cacheOf(1, layout), await cacheOf(1, layout)];
    const wanted = await read(whole, 0, 6);
    const found = [...(await read(parts, 0, 2)), ...(await read(parts, 2, 6))];
    found.forEach((number, place) => expect(number).toBeCloseTo(wanted[place]!, 5));
    const [once, twice] = [await whole.read(), await parts.read()];
    for (const path of ['key', 'value']) expect([...twice[path]!]).toEqual([...once[path]!]);
    await whole.dispose();
    await parts.dispose();
  });
});
