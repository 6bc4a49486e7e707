import { describe, expect, it } from 'vitest';
import { DescentError } from '../errors.js';
import * as t from './index.js';
import type { TensorSpec } from './index.js';

const model = {
  blocks: [{ weight: t.float32(2, 3), bias: t.float32(3) }, { weight: t.float32(3, 3) }],
  head: undefined,
};

describe('trees', () => {
  it('names leaves by path, in the order of the keys, and leaves out what is undefined', () => {
    const paths = ['blocks.0.weight', 'blocks.0.bias', 'blocks.1.weight'];
    expect(t.leaves(model, t.isSpec).map(({ path }) => path)).toEqual(paths);
    expect(t.leaves(t.float32(2), t.isSpec, 'alone')).toEqual([{ path: 'alone', leaf: t.float32(2) }]);
  });

  it('maps leaves and keeps the structure', () => {
    const mapped = t.mapTree(model, t.isSpec, (spec: TensorSpec, path) => `${path}: ${spec.shape.join('×')}`);
    expect(mapped).toEqual({
      blocks: [{ weight: 'blocks.0.weight: 2×3', bias: 'blocks.0.bias: 3' }, { weight: 'blocks.1.weight: 3×3' }],
      head: undefined,
    });
  });

  it('says where something does not belong, and what it is', () => {
    const bad = { a: [1, new Map()] };
    expect(() => t.leaves(bad, t.isSpec)).toThrow("the tree has a number at 'a.0'");
    expect(() => t.mapTree({ a: new Map() }, t.isSpec, () => 0)).toThrow("the tree has a Map at 'a'");
    expect(() => t.leaves({ a: null }, t.isSpec)).toThrow(DescentError);
  });
});

describe('trace', () => {
  it('records inputs and outputs by path', () => {
    const graph = t.trace(
      ({ parameters, x }) => {
        const [first, second] = parameters.blocks as [{ weight: t.Tensor; bias: t.Tensor }, { weight: t.Tensor }];
        const hidden = t.add(t.matmul(x, first.weight), first.bias);
        return { y: t.matmul(hidden, second.weight), inner: { hidden } };
      },
      { parameters: model, x: t.float32(4, 2) },
    );
    const inputs = ['parameters.blocks.0.weight', 'parameters.blocks.0.bias', 'parameters.blocks.1.weight', 'x'];
    expect(graph.inputs.map(({ path }) => path)).toEqual(inputs);
    expect(graph.outputs.map(({ path, tensor }) => [path, tensor.shape])).toEqual([['y', [4, 3]], ['inner.hidden', [4, 3]]]); // prettier-ignore
  });

  it('one tensor is a tree of its own, under the empty path', () => {
    const { outputs } = t.trace(({ x }) => t.exp(x), { x: t.float32(2) });
    expect(outputs.map(({ path }) => path)).toEqual(['']);
  });

  it('valueAndGrad gives gradients in the structure of the parameters, zeros for what is not used', () => {
    const graph = t.trace(
      ({ parameters, x }) =>
        t.valueAndGrad((p: t.Traced<typeof model>, image: t.Tensor) => t.mean(t.matmul(image, p.blocks[0]!.weight)))(
          parameters,
          x,
        ),
      { parameters: model, x: t.float32(4, 2) },
    );
    expect(graph.outputs.map(({ path, tensor }) => [path, tensor.shape])).toEqual([
      ['value', []],
      ['gradients.blocks.0.weight', [2, 3]],
      ['gradients.blocks.0.bias', [3]],
      ['gradients.blocks.1.weight', [3, 3]],
    ]);
    expect(graph.outputs[2]!.tensor.node.op).toBe('full');
  });

  it('a tensor knows its rank and size, and takes its shape from its rule', () => {
    const x = t.zeros([2, 3, 4]);
    expect([x.rank, x.size, t.scalar(1).size]).toEqual([3, 24, 1]);
    expect(t.broadcastTogether(x, t.ones([3, 1]), t.scalar(2)).map(({ shape }) => shape)).toEqual([
      x.shape,
      x.shape,
      x.shape,
    ]);
    const cache = {
      pastKey: t.zeros([2, 1, 8, 4]),
      pastValue: t.zeros([2, 1, 8, 4]),
      lengths: t.constant(Int32Array.of(3, 1)),
    };
    const token = t.zeros([2, 1, 4]);
    const { output, keyCache } = t.cachedAttention(
      { query: token, key: token, value: token, ...cache },
      { heads: 1, keyValueHeads: 1, window: 0, scale: 1 },
    );
    expect([output.shape, keyCache.shape]).toEqual([token.shape, cache.pastKey.shape]);
  });
});
