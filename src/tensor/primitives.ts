/**
 * The primitive operations: the whole vocabulary between the tensor language and the runtime. Everything else is
 * composed of these. Each has a shape rule and a gradient rule in this folder, and a lowering in `runtime/lowering`.
 * The value of each key is the type of the operation's attributes.
 */

/** No attributes. */
export type None = Readonly<Record<string, never>>;

export interface ConvolutionAttributes {
  /** One per spatial axis. */
  readonly strides: readonly number[];
  /** [before, after] per spatial axis. */
  readonly padding: readonly (readonly [number, number])[];
  readonly dilations: readonly number[];
  readonly groups: number;
}

export interface WindowAttributes {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
}

export interface ReductionAttributes {
  /** Sorted, non-negative. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export interface Primitives {
  // Leaves (no inputs).
  /** A program's argument; `name` is its path in the argument trees. */
  input: { readonly name: string };
  /** Row-major data of the output's shape. bool as Uint8Array. */
  constant: { readonly data: Float32Array | Int32Array | Uint8Array };
  /** Every element is `value`. */
  full: { readonly value: number };
  /** 0, 1, 2, … along `axis`, repeated along the others. */
  iota: { readonly axis: number };

  // Elementwise, one input.
  neg: None;
  abs: None;
  /** -1, 0 or 1. No gradient. */
  sign: None;
  exp: None;
  log: None;
  sqrt: None;
  reciprocal: None;
  tanh: None;
  sigmoid: None;
  erf: None;
  sin: None;
  cos: None;
  floor: None;
  ceil: None;
  /** Half to even. */
  round: None;
  relu: None;
  /** x·σ(x). */
  silu: None;
  /** Gaussian error linear unit, tanh form. */
  geluTanh: None;
  /** Gaussian error linear unit, exact form. */
  geluErf: None;
  /** log(1 + exp(x)), stable. */
  softplus: None;
  not: None;
  isNaN: None;
  cast: { readonly dtype: DType };
  clip: { readonly min: number; readonly max: number };

  // Elementwise, two inputs of equal dtype, numpy broadcasting.
  add: None;
  sub: None;
  mul: None;
  div: None;
  pow: None;
  maximum: None;
  minimum: None;
  /** Integers: sign of the divisor (Python's %). */
  mod: None;
  equal: None;
  less: None;
  lessEqual: None;
  and: None;
  or: None;
  /** (condition: bool, a, b), broadcasting. */
  where: None;

  // Shape.
  reshape: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  /** Numpy broadcasting to `shape`. */
  broadcast: { readonly shape: Shape };
  /** Per axis: start, limit (exclusive), stride (positive). Already within bounds. */
  slice: {
    readonly starts: readonly number[];
    readonly limits: readonly number[];
    readonly strides: readonly number[];
  };
  /** Reversed along the axes. */
  reverse: { readonly axes: readonly number[] };
  /** Constant padding, non-negative counts. */
  pad: { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number };
  concat: { readonly axis: number };

  // Indexing. Indices are int32 and must be in range, 0 ≤ i < size.
  /** (x, indices) → x.shape[:axis] + indices.shape + x.shape[axis+1:]. */
  gather: { readonly axis: number };
  /** (base, indices, updates) → base with base[indices[i]] += updates[i], along axis 0; updates: indices.shape + base.shape[1:]. */
  scatterAdd: None;
  /** (x, indices) → numpy.take_along_axis; indices and x agree on every other axis. */
  takeAlongAxis: { readonly axis: number };
  /** (base, indices, updates) → base with updates added at indices along the axis; updates and indices have one shape. */
  scatterAddAlongAxis: { readonly axis: number };
  cumsum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };
  /** Two outputs: values, int32 indices; sorted, greatest first. */
  topK: { readonly k: number; readonly axis: number };

  // Reductions.
  sum: ReductionAttributes;
  mean: ReductionAttributes;
  max: ReductionAttributes;
  min: ReductionAttributes;
  logSumExp: ReductionAttributes;
  /** int32; the first of equals. */
  argMax: { readonly axis: number; readonly keepDims: boolean };

  // Products.
  /** alpha · A B, the last two axes optionally transposed; leading axes broadcast. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean; readonly alpha: number };
  /** (x [N, C, …], w [O, C/groups, …]) → [N, O, …]. One or two spatial axes. */
  conv: ConvolutionAttributes;
  /** Gradient of conv with respect to x: (gradient [N, O, …], w) → [N, C, …inputSpatial]; also transposed convolution. */
  convInput: ConvolutionAttributes & { readonly inputSpatial: readonly number[] };
  /** Gradient of conv with respect to w: (x, gradient) → [O, C/groups, …kernel]. */
  convWeight: ConvolutionAttributes & { readonly kernel: readonly number[] };
  /** [N, C, …] → maximum over windows; padding counts as -infinity. */
  maxPool: WindowAttributes;
  /** [N, C, …] → mean over windows; padding counts as zero and is counted. */
  avgPool: WindowAttributes;
  /** [N, C, …] each spatial axis repeated `scales` times. */
  resizeNearest: { readonly scales: readonly number[] };

  // Normalisation over the last axis.
  softmax: { readonly axis: number };
  /** (x, scale, bias) → y, mean, 1/standard deviation; the latter two keep the last axis at size 1. Biased variance. */
  layerNorm: { readonly epsilon: number };
  /** (x, scale) → x · rsqrt(mean(x²) + epsilon) · scale. */
  rmsNorm: { readonly epsilon: number };

  /**
   * Decoding with a key-value cache. (query [B, S, H·D], key [B, S, K·D], value [B, S, K·D], pastKey [B, K, M, D],
   * pastValue [B, K, M, D], lengths int32 [B]) → output [B, S, H·D], key cache, value cache. `lengths` is the number of
   * tokens per row after this call. With S > 1 the cache is empty and rows are padded at the right; with S = 1 the new
   * token of row b goes to position lengths[b] - 1. With `continues`, of a single row, the S tokens go to the positions
   * before lengths[0]. `window` > 0 limits attention to that many latest positions, itself included. The runtime may
   * update the caches in place.
   */
  cachedAttention: {
    readonly heads: number;
    readonly keyValueHeads: number;
    readonly window: number;
    readonly scale: number;
    readonly continues?: boolean;
  };

  // Randomness: a counter-based generator; equal key, equal numbers.
  /** (key int32 [2]) → float32 in [0, 1) of `shape`; `stream` separates draws in one program. */
  randomUniform: { readonly shape: Shape; readonly stream: number };

  // Gradient control. All are the identity on their first input when run.
  stopGradient: None;
  /** (result, …arguments): the gradient rule is `backward`. */
  customGradient: { readonly backward: (gradient: never) => unknown };
  /** (x, after?): an identity that is neither merged nor folded, and that is computed after `after`. */
  barrier: { readonly id: number };
}

export type PrimitiveName = keyof Primitives;
export type DType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'bool';
export type Shape = readonly number[];

export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}
