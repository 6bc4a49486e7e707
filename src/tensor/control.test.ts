import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.test-helper.js';
import { difference } from './golden-cases.test-helper.js';
import { ancestors } from './grad.js';
import * as t from './index.js';
import type { Tensor, TensorSpec } from './index.js';
import { simplify } from './simplify.js';

const ramp = (length: number): Float64Array => Float64Array.from({ length }, (_, index) => Math.sin(index + 1));
const count = (graph: t.Graph, op: string): number =>
  ancestors(graph.outputs.map(({ tensor }) => tensor)).filter((node) => node.op === op).length;

interface Golden {
  readonly inputs: Record<string, { readonly shape: number[]; readonly data: number[] }>;
  readonly gradientPenalty: Penalty;
  readonly r1: Penalty;
}
interface Penalty {
  readonly value: number;
  readonly gradients: Record<string, number[]>;
}

describe('gradient of gradient', () => {
  const golden = JSON.parse(readFileSync(new URL('golden/penalties.json', import.meta.url), 'utf8')) as Golden;
  const spec = (path: string): TensorSpec => t.float32(...golden.inputs[path]!.shape);
  const weights = {
    first: spec('weights.first'),
    scale: spec('weights.scale'),
    bias: spec('weights.bias'),
    second: spec('weights.second'),
    head: spec('weights.head'),
  };
  type Weights = t.Traced<typeof weights>;

  const critic = (w: Weights, x: Tensor): Tensor => {
    const first = t.groupNorm(t.conv(x, w.first, { stride: 2, padding: 1 }), 2, w.scale, w.bias);
    const pooled = t.avgPool(t.leakyRelu(first, 0.2), 2);
    const second = t.silu(t.conv(pooled, t.concat([w.second, w.second], 1), { padding: [[1, 0], [1, 0]] })); // prettier-ignore
    return t.squeeze(t.matmul(t.reshape(second, [3, -1]), w.head), 1);
  };
  const slopes = (w: Weights, x: Tensor): Tensor =>
    t.reshape(t.grad((image: Tensor) => t.sum(critic(w, image)))(x), [3, -1]);
  type Images = Record<'real' | 'fake' | 'mix', Tensor>;
  const losses = {
    gradientPenalty: (w: Weights, { real, fake, mix }: Images) => {
      const between = t.add(t.mul(mix, real), t.mul(t.sub(1, mix), fake));
      const norms = t.sqrt(t.sum(t.square(slopes(w, between)), { axes: 1 }));
      const critics = t.sub(t.mean(critic(w, fake)), t.mean(critic(w, real)));
      return t.add(critics, t.mul(10, t.mean(t.square(t.sub(norms, 1)))));
    },
    r1: (w: Weights, { real }: Images) => t.mul(0.5 * 2.5, t.mean(t.sum(t.square(slopes(w, real)), { axes: 1 }))),
  };

  it.each(['gradientPenalty', 'r1'] as const)('%s of a convolutional critic is PyTorch’s', (name) => {
    const graph = t.trace(
      ({ weights: w, ...images }) => t.valueAndGrad((parameters: Weights) => losses[name](parameters, images))(w),
      { weights, real: spec('real'), fake: spec('fake'), mix: spec('mix') },
    );
    const inputs = Object.fromEntries(Object.entries(golden.inputs).map(([path, { data }]) => [path, data]));
    for (const form of [graph, simplify(graph)]) {
      const result = evaluate(form, inputs);
      expect(difference(result['value']!, [golden[name].value])).toBeLessThan(1e-9);
      for (const [path, gradient] of Object.entries(golden[name].gradients)) {
        expect(difference(result[`gradients.${path}`]!, gradient)).toBeLessThan(1e-9);
      }
    }
  });

  it('the third derivative of x⁴ is 24x', () => {
    const derive = (fn: (x: Tensor) => Tensor) => (x: Tensor) => t.grad(fn)(x);
    const third = derive(derive(derive((x) => t.pow(x, 4))));
    const graph = simplify(t.trace(({ x }) => ({ y: third(x) }), { x: t.float32() }));
    expect(evaluate(graph, { x: [1.5] })['y']![0]).toBeCloseTo(36, 10);
  });
});

describe('checkpoint', () => {
  const layer = (x: Tensor, w: Tensor): Tensor => t.tanh(t.matmul(t.gelu(t.matmul(x, w)), w));
  const traced = (fn: typeof layer, second = false): t.Graph =>
    t.trace(
      ({ x, w }) => {
        const loss = (p: Tensor): Tensor => t.sum(t.square(fn(fn(x, p), p)));
        return second ? t.grad((p: Tensor) => t.sum(t.square(t.grad(loss)(p))))(w) : t.valueAndGrad(loss)(w);
      },
      { x: t.float32(3, 4), w: t.float32(4, 4) },
    );
  const inputs = { x: ramp(12), w: ramp(16) };

  it.each([false, true])('changes no gradient (of a gradient: %s)', (second) => {
    const expected = evaluate(traced(layer, second), inputs);
    const found = evaluate(simplify(traced(t.checkpoint(layer), second)), inputs);
    for (const [path, list] of Object.entries(expected)) {
      expect(difference(found[path]!, [...list])).toBeLessThan(1e-12);
    }
  });

  it('computes the forward pass again in the backward pass, behind the gradient that arrives', () => {
    const [plain, saving] = [simplify(traced(layer)), simplify(traced(t.checkpoint(layer)))];
    expect([count(plain, 'geluTanh'), count(saving, 'geluTanh')]).toEqual([2, 4]);
    // Nothing inside a layer is used by both passes: what the gradient reads of it comes from behind a barrier.
    const nodes = ancestors(saving.outputs.map(({ tensor }) => tensor));
    const forward = new Set(ancestors([saving.outputs.find(({ path }) => path === 'value')!.tensor]));
    const inside = nodes
      .filter((node) => node.op === 'geluTanh' && forward.has(node))
      .flatMap(({ outputs }) => outputs);
    const readers = nodes.filter((node) => !forward.has(node) && node.inputs.some((input) => inside.includes(input)));
    expect(inside).toHaveLength(2);
    expect(readers).toEqual([]);
  });

  it('draws the same random numbers again', () => {
    const noisy = (x: Tensor, key: Tensor): Tensor => t.mul(t.exp(x), t.randomUniform(key, [4], 0));
    const graph = (fn: typeof noisy): t.Graph =>
      t.trace(({ x, key }) => ({ g: t.grad((p: Tensor) => t.sum(fn(p, key)))(x) }), {
        x: t.float32(4),
        key: { shape: [2], dtype: 'int32' as const },
      });
    const at = { x: ramp(4), key: [3, 5] };
    expect(evaluate(simplify(graph(t.checkpoint(noisy))), at)['g']).toEqual(evaluate(graph(noisy), at)['g']);
  });

  it('refuses a parameter that comes in behind the arguments, by its path', () => {
    const captured = (): t.Graph =>
      t.trace(({ x, model }) => t.checkpoint((y: Tensor) => t.matmul(y, t.square(model.weight)))(x), {
        x: t.float32(2, 3),
        model: { weight: t.float32(3, 3) },
      });
    expect(captured).toThrow(/checkpoint\(float32\[2, 3\]\): the function uses 'model\.weight'.*control\.test\.ts:\d+/);
  });
});

describe('gradient control', () => {
  it('customGradient: the result as ever, the gradient as told, and that differentiable again', () => {
    // Clipping, through which the gradient passes as the cube of x.
    const odd = (x: Tensor): Tensor => t.customGradient(t.clip(x, 0, 1), [x], (g) => [t.mul(g, t.pow(x, 3))]);
    const graph = t.trace(
      ({ x }) => ({
        y: odd(x),
        first: t.grad((p: Tensor) => t.sum(odd(p)))(x),
        second: t.grad((p: Tensor) => t.sum(t.grad((q: Tensor) => t.sum(odd(q)))(p)))(x),
      }),
      { x: t.float32(2) },
    );
    for (const form of [graph, simplify(graph)]) {
      const { y, first, second } = evaluate(form, { x: [2, -1] });
      expect([y, first, second].map((list) => [...list!])).toEqual([[1, 0], [8, -1], [12, 3]]); // prettier-ignore
    }
    expect(count(simplify(graph), 'customGradient')).toBe(0);
  });

  it('customGradient says which inputs need one', () => {
    const asked: (readonly boolean[])[] = [];
    t.trace(
      ({ a, b }) => {
        const y = t.customGradient(t.mul(a, b), [a, b], (g, needed) => {
          asked.push(needed);
          return [t.mul(g, b), undefined];
        });
        return t.gradients(t.sum(y), [a]);
      },
      { a: t.float32(2), b: t.float32(2) },
    );
    expect(asked).toEqual([[true, false]]);
  });

  it('stopGradient ends it, and leaves zeros where nothing else arrives', () => {
    const graph = t.trace(({ x, z }) => t.gradients(t.sum(t.mul(x, t.stopGradient(t.add(t.exp(x), z)))), [x, z]), {
      x: t.float32(1),
      z: t.float32(1),
    });
    const result = evaluate(graph, { x: [1], z: [0] });
    expect(result['0']![0]).toBeCloseTo(Math.E, 12);
    expect([...result['1']!]).toEqual([0]);
    expect(count(simplify(graph), 'stopGradient')).toBe(0);
  });

  it('a source is independent of the other sources, also as one of two results of an operation', () => {
    const graph = t.trace(
      ({ x }) => {
        const y = t.square(x);
        const { values } = t.topK(y, 1);
        return t.gradients(t.sum(t.mul(t.mul(values, y), x)), [x, y, values]);
      },
      { x: t.float32(1) },
    );
    const { 0: toX, 1: toY, 2: toValues } = evaluate(graph, { x: [3] });
    expect([toX![0], toY![0], toValues![0]]).toEqual([81, 27, 27]);
  });

  it('dropout through randomUniform: kept elements scaled, the gradient through the same mask', () => {
    const dropout = (x: Tensor, key: Tensor): Tensor =>
      t.where(t.less(t.randomUniform(key, x.shape, 7), 0.25), 0, t.mul(x, 1 / 0.75));
    const graph = t.trace(
      ({ x, key }) => ({ y: dropout(x, key), g: t.grad((p: Tensor) => t.sum(dropout(p, key)))(x) }),
      { x: t.float32(4000), key: { shape: [2], dtype: 'int32' as const } },
    );
    const { y, g } = evaluate(simplify(graph), { x: new Float64Array(4000).fill(3), key: [1, 2] });
    expect([...y!]).toEqual([...g!.map((slope) => 3 * slope)]);
    expect(new Set(g)).toEqual(new Set([0, 1 / 0.75]));
    expect(y!.reduce((a, b) => a + b, 0) / 4000).toBeCloseTo(3, 0);
  });
});
