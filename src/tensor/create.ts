import { type Rule, type Tensor, apply } from './graph.js';
import type { DType, Primitives, PrimitiveName, Shape, TensorSpec } from './primitives.js';
import { mismatch, sizeOf } from './define.js';

/** A leaf has no inputs to take its shape from, so each use carries its own rule. */
function leaf<Name extends PrimitiveName>(name: Name, spec: TensorSpec, attributes: Primitives[Name]): Tensor {
  const rule: Rule<Name> = { name, shape: () => [spec] };
  return apply(rule, [], attributes)[0]!;
}

/** Every element is `value`. */
export const full = (shape: Shape, value: number, dtype: DType = 'float32'): Tensor =>
  leaf('full', { shape, dtype }, { value });

export const zeros = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 0, dtype);
export const ones = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 1, dtype);
export const scalar = (value: number, dtype: DType = 'float32'): Tensor => full([], value, dtype);

/** 0, 1, 2, … along `axis` of `shape`, repeated along the other axes. */
export const iota = (shape: Shape, axis = 0, dtype: DType = 'int32'): Tensor =>
  leaf('iota', { shape, dtype }, { axis });

/** Data known when the program is traced. Float32Array → float32, Int32Array → int32, Uint8Array → bool. */
export function constant(data: Float32Array | Int32Array | Uint8Array | readonly number[], shape?: Shape): Tensor {
  const array = Array.isArray(data) ? Float32Array.from(data) : (data as Float32Array | Int32Array | Uint8Array);
  const dtype: DType = array instanceof Float32Array ? 'float32' : array instanceof Int32Array ? 'int32' : 'bool';
  const size = shape ?? [array.length];
  if (sizeOf(size) !== array.length) {
    mismatch('constant', [], `${array.length} values do not fill the shape [${size.join(', ')}]`);
  }
  return leaf('constant', { shape: size, dtype }, { data: array });
}

const tables = new Map<string, WeakRef<Float32Array>>();
/** A constant that many places of a program need, and that `key` describes in full: made once, so that all share it. */
export function table(key: string, make: () => Float32Array, shape: Shape): Tensor {
  let data = tables.get(key)?.deref();
  if (data === undefined) {
    data = make();
    tables.set(key, new WeakRef(data));
  }
  return constant(data, shape);
}

/**
 * Uniform numbers in [0, 1) from a counter-based generator: the same key (int32 [2]) and stream give the same numbers
 * on every run. Feed a key made of (seed, step); give each draw of one program its own stream.
 */
export function randomUniform(key: Tensor, shape: Shape, stream: number): Tensor {
  if (key.dtype !== 'int32' || key.size !== 2) mismatch('randomUniform', [key], 'the key must be int32[2]');
  const rule: Rule<'randomUniform'> = { name: 'randomUniform', shape: () => [{ shape, dtype: 'float32' }] };
  return apply(rule, [key], { shape, stream })[0]!;
}
