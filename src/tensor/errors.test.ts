import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.js';
import { input } from './trace.js';
import * as t from './index.js';

const lines = readFileSync(new URL(import.meta.url), 'utf8').split('\n');
const float = (...shape: number[]) => input('x', { shape, dtype: 'float32' });
const int = (...shape: number[]) => input('i', { shape, dtype: 'int32' });
const bool = (...shape: number[]) => input('b', { shape, dtype: 'bool' });
const key = { query: float(2, 1, 4), key: float(2, 1, 4), value: float(2, 1, 4) };

/** Each names the operation, what it was given, and why not; the line of the error is the line of the call below. */
const mistakes: readonly (readonly [RegExp, () => unknown])[] = [
  [/^add\(float32\[2, 3\], float32\[4\]\): the shapes do not broadcast/, () => t.add(float(2, 3), float(4))],
  [/^mul\(float32\[2\], int32\[2\]\): the dtypes differ/, () => t.mul(float(2), int(2))],
  [/^mod\(float32\[2\], float32\[\]\): does not take float32/, () => t.mod(float(2), 3)],
  [/^less\(bool\[2\], bool\[2\]\)/, () => t.less(bool(2), bool(2))],
  [/^and\(int32\[2\], int32\[2\]\)/, () => t.and(int(2), int(2))],
  [/^exp\(int32\[2\]\): does not take int32/, () => t.exp(int(2))],
  [/^clip\(float32\[2\]\): 3 is not at most 1/, () => t.clip(float(2), 3, 1)],
  [/^where\(float32\[2\], .*the condition must be bool/, () => t.where(float(2), 1, 2)],
  [/^where\(bool\[2\], float32\[3\], float32\[\]\)/, () => t.where(bool(2), float(3), 0)],
  [/^reshape\(float32\[2, 3\]\): does not fit \[4, -1\]/, () => t.reshape(float(2, 3), [4, -1])],
  [/^reshape\(float32\[2, 3\]\): does not have the 8 elements of \[2, 4\]/, () => t.reshape(float(2, 3), [2, 4])],
  [/^transpose\(float32\[2, 3\]\): \[0, 0\] is not an order/, () => t.transpose(float(2, 3), [0, 0])],
  [/^broadcastTo\(float32\[2\]\): cannot be repeated to \[3\]/, () => t.broadcastTo(float(2), [3])],
  [/^slice\(float32\[4\]\): the stride must be a positive/, () => t.slice(float(4), [[0, 4, 0]])],
  [/^slice\(float32\[4\]\): there is no axis 2/, () => t.sliceAxis(float(4), { axis: 2 })],
  [/^pad\(float32\[4\]\): .* is not a non-negative/, () => t.pad(float(4), [[-1, 0]])],
  [/^concat\(float32\[2, 3\], float32\[2, 4\]\): the shapes differ/, () => t.concat([float(2, 3), float(2, 4)])],
  [/^split\(float32\[5\]\): axis 0 does not divide/, () => t.split(float(5), 2)],
  [/^expandDims\(float32\[5\]\): there is no place 3/, () => t.expandDims(float(5), 3)],
  [/^squeeze\(float32\[2, 3\]\): axis 1 has length 3, not 1/, () => t.squeeze(float(2, 3), 1)],
  [/^gather\(float32\[3\], float32\[2\]\): the indices must be int32/, () => t.gather(float(3), float(2))],
  [/^scatterAdd\(float32\[3, 2\], int32\[2\], float32\[2\]\)/, () => t.scatterAdd(float(3, 2), int(2), float(2))],
  [/^takeAlongAxis\(float32\[3, 2\], int32\[2, 2\]\)/, () => t.takeAlongAxis(float(3, 2), int(2, 2))],
  [/^topK\(float32\[3\]\): k = 4/, () => t.topK(float(3), 4)],
  [/^cumsum\(bool\[3\]\)/, () => t.cumsum(bool(3))],
  [/^sum\(float32\[3\]\): there is no axis 1/, () => t.sum(float(3), { axes: 1 })],
  [/^mean\(int32\[3\]\): does not take int32/, () => t.mean(int(3))],
  [/^max\(float32\[0\]\): cannot reduce an axis of length 0/, () => t.max(float(0))],
  [/^matmul\(float32\[2, 3\], float32\[4, 5\]\): the inner lengths 3 and 4/, () => t.matmul(float(2, 3), float(4, 5))],
  [/^matmul\(float32\[3\], float32\[3, 5\]\): both operands need two/, () => t.matmul(float(3), float(3, 5))],
  [/^einsum 'ab,bc->d'\(.*'d' is in no operand/, () => t.einsum('ab,bc->d', float(2, 3), float(3, 2))],
  [/^einsum 'ab'\(float32\[2, 3\]\): write the result/, () => t.einsum('ab', float(2, 3))],
  [/^einsum 'ab,b->a'\(.*'b' has two lengths/, () => t.einsum('ab,b->a', float(2, 3), float(4))],
  [/^conv\(float32\[1, 3, 5, 5\], .*: the channels/, () => t.conv(float(1, 3, 5, 5), float(4, 2, 3, 3))],
  [/^conv\(.*the kernel is larger than the padded image/, () => t.conv(float(1, 1, 2, 2), float(1, 1, 3, 3))],
  [/^conv\(.*stride, dilation and groups are whole/, () => t.conv(float(1, 1, 5), float(1, 1, 3), { stride: 0 })],
  [/^convTranspose\(.*the channels do not fit 1 group/, () => t.convTranspose(float(1, 3, 5), float(2, 3, 3))],
  [/^maxPool\(float32\[1, 1, 2, 2\]\): the window is larger/, () => t.maxPool(float(1, 1, 2, 2), 3)],
  [/^avgPool\(.*the padding is as wide as the window/, () => t.avgPool(float(1, 1, 4), 2, { padding: 2 })],
  [/^resize\(float32\[1, 1, 4\]\): needs 1 positive sizes/, () => t.resize(float(1, 1, 4), [2, 2])],
  [/^softmax\(int32\[3\]\): takes floats/, () => t.softmax(int(3))],
  [/^layerNorm\(.*scale and bias must have the 3 elements/, () => t.layerNorm(float(2, 3), float(2))],
  [/^groupNorm\(float32\[1, 3, 2\]\): 3 channels do not divide/, () => t.groupNorm(float(1, 3, 2), 2)],
  [/^attention\(.*3 query heads do/, () => t.attention(float(1, 3, 2, 4), float(1, 2, 2, 4), float(1, 2, 2, 4))],
  [/^attention\(.*do not agree/, () => t.attention(float(2, 2, 2, 4), float(1, 2, 2, 4), float(1, 2, 2, 4))],
  [/^cachedAttention\(.*needs int32 lengths/, () => t.cachedAttention({ ...key, pastKey: float(2, 1, 8, 4), pastValue: float(2, 1, 8, 4), lengths: int(3) }, { heads: 1, keyValueHeads: 1, window: 0, scale: 1 })], // prettier-ignore
  [/^rotaryEmbedding\(.*must be even/, () => t.rotaryEmbedding(float(1, 1, 2, 3), int(2))],
  [/^crossEntropy\(float32\[2, 3\], int32\[3\]\)/, () => t.crossEntropy(float(2, 3), int(3))],
  [/^constant\(\): 3 values do not fill the shape \[2\]/, () => t.constant([1, 2, 3], [2])],
  [/^randomUniform\(float32\[2\]\): the key must be int32/, () => t.randomUniform(float(2), [3], 0)],
  [/^grad\(float32\[3\]\): only a float scalar/, () => t.gradients(float(3), [])],
  [/^cachedAttention\(.*has no gradient/, () => t.grad((x: t.Tensor) => t.sum(t.cachedAttention({ ...key, query: x, pastKey: float(2, 1, 8, 4), pastValue: float(2, 1, 8, 4), lengths: int(2) }, { heads: 1, keyValueHeads: 1, window: 0, scale: 1 }).output))(float(2, 1, 4))], // prettier-ignore
];

describe('a mistake is named: operation, shapes, and the line of the call', () => {
  it.each(mistakes)('%s', (message, mistake) => {
    let caught: unknown;
    try {
      mistake();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ShapeError);
    const text = (caught as ShapeError).message;
    expect(text).toMatch(message);
    const [, line] = /errors\.test\.ts:(\d+):\d+\)*$/.exec(text) ?? [];
    expect(lines[Number(line) - 1]).toContain(String(message));
  });

  it('the layers between the user and the operation do not hide the line, however many', () => {
    const deep = (level: number): t.Tensor => (level === 0 ? t.add(float(2), float(3)) : deep(level - 1));
    expect(() => deep(30)).toThrow(/errors\.test\.ts:\d+/);
  });
});
