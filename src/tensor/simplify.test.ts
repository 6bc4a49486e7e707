import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.test-helper.js';
import { difference } from './golden-cases.test-helper.js';
import { ancestors } from './grad.js';
import * as t from './index.js';
import type { Tensor } from './index.js';
import { simplify } from './simplify.js';

/** The operations of a simplified function of x [2, 3] and y [3], without its inputs. */
function operations(fn: (args: { x: Tensor; y: Tensor }) => unknown): string[] {
  const { outputs } = simplify(t.trace(fn, { x: t.float32(2, 3), y: t.float32(3) }));
  return ancestors(outputs.map(({ tensor }) => tensor)).flatMap(({ op }) => (op === 'input' ? [] : [op])).sort(); // prettier-ignore
}

describe('simplify', () => {
  it('keeps only what the outputs need', () => {
    const fn = ({ x, y }: { x: Tensor; y: Tensor }): Tensor => {
      t.exp(x);
      return t.topK(t.sin(y), 2).values;
    };
    expect(operations(fn)).toEqual(['sin', 'topK']);
  });

  it('makes equal applications one, through any depth', () => {
    const twice = ({ x }: { x: Tensor }): Tensor[] => [0, 1].map(() => t.softmax(t.mul(t.tanh(x), 3)));
    expect(operations(twice)).toEqual(['full', 'mul', 'softmax', 'tanh']);
    expect(operations(({ x }) => [t.sum(x, { axes: 0 }), t.sum(x, { axes: 1 }), t.sum(x, { axes: -1 })])).toEqual([
      'sum',
      'sum',
    ]);
  });

  it('tells constants apart by content and shape, attributes by value', () => {
    const constants = ({ y }: { y: Tensor }): Tensor[] => [
      t.add(y, t.constant([1, 2, 3])),
      t.add(y, t.constant([1, 2, 3])),
      t.add(y, t.constant([1, 2, 4])),
      t.add(y, t.constant([1, 2, 3], [3, 1])),
    ];
    expect(operations(constants)).toEqual(['add', 'add', 'add', 'constant', 'constant', 'constant']);
    expect(operations(({ y }) => [t.clip(y, -Infinity, 1), t.clip(y, 0, 1)])).toEqual(['clip', 'clip']);
    expect(operations(({ y }) => [t.iota([3]), t.iota([4]), t.cast(t.iota([3]), 'float32'), y])).toEqual([
      'cast',
      'iota',
      'iota',
    ]);
    expect(operations(() => [t.scalar(0), t.scalar(-0), t.scalar(0, 'int32')])).toEqual(['full', 'full', 'full']);
  });

  it('shares the tables that every layer makes', () => {
    const layers = ({ x }: { x: Tensor }): Tensor[] =>
      [1, 2].map((scale) =>
        t.rotaryEmbedding(t.mul(t.reshape(x, [1, 1, 3, 2]), scale), t.iota([3]), { context: 2000 }),
      );
    expect(operations(layers).filter((op) => op === 'constant')).toHaveLength(2);
    const masks = ({ x }: { x: Tensor }): Tensor[] =>
      [1, 2].map((scale) => t.mul(t.causalMask(64), t.mul(t.sum(x), scale)));
    expect(operations(masks).filter((op) => op === 'constant')).toHaveLength(1);
  });

  it('draws of different streams stay apart, those of one stream are one', () => {
    const draws = (streams: number[]) => (): Tensor[] =>
      streams.map((stream) => t.randomUniform(t.constant(Int32Array.of(1, 2)), [4], stream));
    expect(operations(draws([0, 1, 0]))).toEqual(['constant', 'randomUniform', 'randomUniform']);
  });

  it('computes what is known', () => {
    expect(operations(() => t.exp(t.neg(t.mul(t.add(t.ones([2]), 3), 2))))).toEqual(['full']);
    expect(operations(() => t.sum(t.transpose(t.broadcastTo(t.scalar(2), [4, 5]))))).toEqual(['full']);
    const sum = simplify(t.trace(() => t.sum(t.full([4, 5], 2), { axes: 0 }), {}));
    expect([...evaluate(sum, {})['']!]).toEqual([8, 8, 8, 8, 8]);
  });

  it.each<[string, (args: { x: Tensor; y: Tensor }) => Tensor]>([
    ['x + 0', ({ x }) => t.add(x, 0)],
    ['0 + x', ({ x }) => t.add(0, x)],
    ['x − 0', ({ x }) => t.sub(x, t.zeros([3]))],
    ['1 · x', ({ x }) => t.mul(t.ones([2, 1]), x)],
    ['x / 1', ({ x }) => t.div(x, 1)],
    ['x¹', ({ x }) => t.pow(x, 1)],
    ['− − x', ({ x }) => t.neg(t.neg(x))],
    ['reshaped and back', ({ x }) => t.reshape(t.reshape(t.reshape(x, [6]), [3, 2]), [2, 3])],
    ['transposed and back', ({ x }) => t.transpose(t.transpose(x))],
    ['stopGradient', ({ x }) => t.stopGradient(x)],
  ])('drops what changes nothing: %s', (_name, fn) => {
    expect(operations(fn)).toEqual([]);
  });

  it('joins factors, and lets operations broadcast by themselves', () => {
    expect(operations(({ x }) => t.mul(2, t.mul(t.mul(x, 3), 5)))).toEqual(['full', 'mul']);
    expect(operations(({ x, y }) => t.mul(x, t.broadcastTo(t.broadcastTo(y, [1, 3]), [2, 3])))).toEqual(['mul']);
    const joined = operations(({ x }) => [t.mul(t.mul(x, 2), 3), t.mul(x, 6)]);
    expect(joined).toEqual(['full', 'mul']);
  });

  it('refuses no integers: factors of int32 stay whole and in range', () => {
    const graph = t.trace(({ i }) => [t.mul(t.mul(i, 2 ** 20), 2 ** 11), t.div(t.scalar(7, 'int32'), 2)], {
      i: { shape: [1], dtype: 'int32' as const },
    });
    const [plain, simple] = [graph, simplify(graph)].map((form) => evaluate(form, { i: [0] }));
    expect(simple).toEqual(plain);
    expect([...simple!['1']!]).toEqual([3]);
  });

  it('changes no result: random programs with their gradients', () => {
    const shapes: [Tensor['shape'], Tensor['shape']] = [[2, 3], [3]]; // prettier-ignore
    type Step = (a: Tensor, b: Tensor) => Tensor;
    const steps: Step[] = [
      t.add,
      t.sub,
      t.mul,
      t.maximum,
      (a, b) => t.div(a, t.add(t.square(b), 1)),
      (a) => t.neg(a),
      (a) => t.tanh(a),
      (a) => t.mul(a, 1),
      (a) => t.mul(t.mul(a, 3), 0.5),
      (a) => t.add(t.pow(a, 2), t.zeros(a.shape)),
      (a) => (a.rank === 0 ? a : t.sum(a, { axes: 0, keepDims: true })),
      (a) => t.mean(a),
      (a) => t.broadcastTo(a, t.add(a, t.zeros([2, 3])).shape),
      (a) => t.reshape(t.reshape(a, [-1]), a.shape),
      (a) => (a.rank < 2 ? a : t.transpose(t.softmax(t.transpose(a)))),
      (a, b) => t.where(t.less(a, b), a, t.ones([])),
      (a) => t.stopGradient(a),
      (a) => t.checkpoint((inner: Tensor) => t.sin(t.sin(inner)))(a),
      () => t.full([2, 1], 0.5),
      () => t.constant([0.5, -1, 2]),
    ];
    const step = fc.tuple(fc.nat(steps.length - 1), fc.nat(20), fc.nat(20));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (program) => {
        const graph = t.trace(
          ({ x, y }) => {
            const pool = [x, y];
            for (const [op, a, b] of program) pool.push(steps[op]!(pool[a % pool.length]!, pool[b % pool.length]!));
            const value = t.sum(pool.at(-1)!);
            return { value, gradients: t.gradients(value, [x, y]), all: pool };
          },
          { x: t.float32(...shapes[0]), y: t.float32(...shapes[1]) },
        );
        const at = { x: [0.5, -1.25, 2, -0.75, 1.5, 0.25], y: [1.1, -0.4, 0.3] };
        const simple = simplify(graph);
        expect(simple.outputs.map(({ path, tensor }) => [path, tensor.shape, tensor.dtype])).toEqual(
          graph.outputs.map(({ path, tensor }) => [path, tensor.shape, tensor.dtype]),
        );
        const [before, after] = [evaluate(graph, at), evaluate(simple, at)];
        for (const [path, list] of Object.entries(before)) {
          expect(difference(after[path]!, [...list]), path).toBeLessThan(1e-12);
        }
        const again = simplify(simple);
        expect(again.outputs.map(({ tensor }) => tensor)).toEqual(simple.outputs.map(({ tensor }) => tensor));
      }),
      { numRuns: 150 },
    );
  });
});
