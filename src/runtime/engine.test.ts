import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RuntimeError } from '../errors.js';
import * as t from '../tensor/index.js';
import { Engine } from './engine.js';
import { sgemmPeak } from './sgemm-peak.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);

describe('Engine', () => {
  it('returns the tree that the function returned, from host data and stores', async () => {
    const store = await engine.createStore({
      leaves: [
        { path: 'w.0', shape: [2] },
        { path: 'unused', shape: [9] },
      ],
    });
    await store.write({ 'w.0': f32(2, 3) });
    const program = await engine.compile(
      ({ p, x }) => ({ y: [t.mul(p.w[0], x.a), { sum: t.sum(x.a) }], count: t.cast(x.a, 'int32') }),
      { p: { w: [t.float32(2)] }, x: { a: t.float32(2) } },
    );
    const result = await program.run({ p: store, x: { a: f32(5, 7) } });
    expect(result).toEqual({ y: [f32(10, 21), { sum: f32(12) }], count: Int32Array.of(5, 7) });
    expect(program.compileSeconds).toBeGreaterThan(0);
    await store.dispose();
  });

  it('compiles equal structures once', async () => {
    const build = (shape: number[]) =>
      engine.compile(({ x }) => ({ y: t.exp(t.add(x, 1)) }), { x: t.float32(...shape) });
    const [a, b, c] = [await build([31]), await build([31]), await build([32])];
    expect(a.compileSeconds).toBe(b.compileSeconds);
    expect(a.compileSeconds).not.toBe(c.compileSeconds);
  });

  it('copies rows from store to store, where they are of the same size', async () => {
    const storeOf = async (rows: number, from: number, width = 3) => {
      const shapes = { a: [rows, 2, width], b: [rows] };
      const store = await engine.createStore({
        leaves: Object.entries(shapes).map(([path, shape]) => ({ path, shape })),
      });
      const values = (size: number): Float32Array => Float32Array.from({ length: size }, (_, index) => from + index);
      await store.write({ a: values(rows * 2 * width), b: values(rows) });
      return store;
    };
    const [small, large] = [await storeOf(2, 100), await storeOf(3, 0)];
    await large.copyRows(small, [
      [1, 0],
      [0, 2],
    ]);
    const { a, b } = await large.read();
    expect([...b!]).toEqual([101, 1, 100]);
    expect([...a!]).toEqual([106, 107, 108, 109, 110, 111, 6, 7, 8, 9, 10, 11, 100, 101, 102, 103, 104, 105]);
    expect([...(await small.read())['b']!]).toEqual([100, 101]);
    await expect(large.copyRows(small, [[2, 0]])).rejects.toThrow(RuntimeError);
    await expect(large.copyRows(await storeOf(2, 0, 4), [[0, 0]])).rejects.toThrow(/rows of the two stores/);
  });

  it('writes results into stores, also where the program reads what it writes', async () => {
    const store = await engine.createStore({
      leaves: [
        { path: 'a', shape: [2] },
        { path: 'b', shape: [2] },
      ],
    });
    await store.write({ a: f32(1, 2), b: f32(3, 4) });
    const swap = await engine.compile(({ s }) => ({ s: { a: t.mul(s.b, 10), b: t.mul(s.a, 10) }, n: t.sum(s.a) }), {
      s: { a: t.float32(2), b: t.float32(2) },
    });
    expect(await swap.run({ s: store }, { into: { s: store } })).toEqual({ n: f32(3) });
    expect(await store.read()).toEqual({ a: f32(30, 40), b: f32(10, 20) });
    const other = await engine.createStore({ leaves: store.leaves });
    await other.copyFrom(store);
    expect(await other.read()).toEqual(await store.read());
  });

  it('works alike when the leaves lie in several banks', async () => {
    const leaves = Array.from({ length: 6 }, (_, index) => ({ path: `w.${index}`, shape: [40] }));
    const store = await engine.createStore({ leaves, bankBytes: 1024 + 2 * 4 * 100 });
    await store.write(Object.fromEntries(leaves.map(({ path }, index) => [path, new Float32Array(40).fill(index)])));
    const program = await engine.compile(({ p }) => ({ total: t.sum(t.concat(p.w)) }), {
      p: { w: leaves.map(() => t.float32(40)) },
    });
    expect(await program.run({ p: store })).toEqual({ total: f32(40 * 15) });
  });

  it("does not hold the caller's event loop while a program runs", async () => {
    const program = await engine.compile(
      ({ x }) => {
        let y = x;
        for (let index = 0; index < 40; index++) y = t.mul(t.matmul(y, x), 1e-3);
        return { y: t.sum(y) };
      },
      { x: t.float32(768, 768) },
    );
    const x = new Float32Array(768 * 768);
    await program.run({ x });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await program.run({ x });
    // Forty products of 768³ take far longer than five turns of the loop.
    expect(ticks).toBeGreaterThanOrEqual(5);
    clearInterval(timer);
  });

  it('names the operation and the program when a run fails', async () => {
    const pick = await engine.compile(
      ({ x, i }) => ({ y: t.gather(x, i) }),
      { x: t.float32(3), i: { shape: [1], dtype: 'int32' as const } },
      { name: 'picker' },
    );
    await expect(pick.run({ x: f32(1, 2, 3), i: Int32Array.of(7) })).rejects.toThrow(/'picker' failed.*gather#/);
  });

  it('says which argument is missing or does not fit', async () => {
    const program = await engine.compile(({ x }) => ({ y: t.neg(x.a) }), { x: { a: t.float32(3) } });
    await expect(program.run({})).rejects.toThrow(/needs the argument 'x'/);
    await expect(program.run({ x: { a: f32(1, 2) } })).rejects.toThrow(
      /'x\.a' is a Float32Array of 2, not float32\[3\]/,
    );
    await expect(program.run({ x: { a: Int32Array.of(1, 2, 3) } })).rejects.toThrow(RuntimeError);
    const store = await engine.createStore({ leaves: [{ path: 'a', shape: [4] }] });
    await expect(program.run({ x: store })).rejects.toThrow(/in the store float32\[4\]/);
  });

  it('gives up at an abort signal', async () => {
    const program = await engine.compile(({ x }) => ({ y: t.neg(x) }), { x: t.float32(3) });
    await expect(program.run({ x: f32(1, 2, 3) }, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    const controller = new AbortController();
    const running = program.run({ x: f32(1, 2, 3) }, { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toThrow(/abort/i);
    expect(await program.run({ x: f32(1, 2, 3) })).toEqual({ y: f32(-1, -2, -3) });
  });

  it('rejects what is pending and what comes later once it is disposed', async () => {
    const own = await Engine.create({ threads: 1 });
    const program = await own.compile(({ x }) => ({ y: t.neg(x) }), { x: t.float32(3) });
    const pending = program.run({ x: f32(1, 2, 3) });
    const rejected = expect(pending).rejects.toThrow(/disposed/);
    await own.dispose();
    await rejected;
    await expect(program.run({ x: f32(1, 2, 3) })).rejects.toThrow(/disposed/);
  });

  it('keeps recomputed values apart: a checkpointed function gives the gradients of the plain one', async () => {
    const block = (x: t.Tensor, w: t.Tensor): t.Tensor => t.tanh(t.matmul(t.tanh(t.matmul(x, w)), w));
    const specs = { x: t.float32(3, 4), w: t.float32(4, 4) };
    const gradientsOf = async (fn: typeof block) => {
      const program = await engine.compile(({ x, w }) => t.gradients(t.sum(fn(x, w)), [x, w]), specs);
      const data = { x: f32(...Array.from({ length: 12 }, (_, i) => Math.sin(i))), w: f32(...Array.from({ length: 16 }, (_, i) => Math.cos(i))) }; // prettier-ignore
      return (await program.run(data)) as Float32Array[];
    };
    const [plain, recomputed] = [await gradientsOf(block), await gradientsOf(t.checkpoint(block))];
    plain.forEach((values, index) => {
      values.forEach((value, place) => expect(recomputed[index]![place]).toBeCloseTo(value, 5));
    });
  });

  it('measures a matrix rate', async () => {
    expect(await sgemmPeak(engine, { runs: 1 })).toBeGreaterThan(0);
  });

  it('lets the process end though an engine is open and idle', async () => {
    const script = fileURLToPath(new URL('./idle-engine.test-helper.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { timeout: 30_000 });
    expect(stdout.trim()).toBe('2');
  });
});
