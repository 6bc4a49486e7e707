import {
  type Tensor,
  type ConvolutionOptions,
  add,
  conv,
  convTranspose,
  gather,
  groupNorm,
  layerNorm,
  matmul,
  mul,
  reshape,
  rmsNorm,
  where,
  lessEqual,
  randomUniform,
} from '../tensor/index.js';
import { type Initialiser, type ParameterSpec, type TensorsOf, normal, parameter } from './parameters.js';

/** Layers are two things: the specs of their parameters, and a function (parameters, x) → y. */

export interface LinearSpec {
  /** [in, out] */
  readonly weight: ParameterSpec;
  /** [out] */
  readonly bias?: ParameterSpec;
  /** A change of the weight of low rank, learnt beside it; see `withAdapters`. */
  readonly lora?: LoraSpec;
}

export interface LoraSpec {
  /** [in, rank] */
  readonly down: ParameterSpec;
  /** [rank, out] */
  readonly up: ParameterSpec;
}

export interface LinearOptions {
  bias?: boolean;
  init?: Initialiser;
}

/** Weights N(0, 0.02²) and a bias of 0, unless said otherwise. */
export const linearSpec = (from: number, to: number, options: LinearOptions = {}): LinearSpec => ({
  weight: parameter([from, to], { init: options.init ?? normal(0.02) }),
  ...((options.bias ?? true) && { bias: parameter([to]) }),
});

/** x [..., in] → [..., out] */
export function linear(parameters: TensorsOf<LinearSpec>, x: Tensor): Tensor {
  const { weight, bias, lora } = parameters;
  const product = matmul(x, weight);
  const adapted = lora ? add(product, matmul(matmul(x, lora.down), lora.up)) : product;
  return bias ? add(adapted, bias) : adapted;
}

/** Gaussian of deviation gain / √inputs, which keeps the size of activations: √2 before a ReLU (He et al. 2015). */
export const scaledNormal = (inputs: number, gain = 1): Initialiser => normal(gain / Math.sqrt(inputs));

export interface ConvolutionSpec {
  /** [out, in / groups, height, width]; of a transposed convolution [in, out, height, width]. */
  readonly weight: ParameterSpec;
  /** [out] */
  readonly bias?: ParameterSpec;
}

export interface ConvolutionSpecOptions {
  /** Side of the kernel, or [height, width]. Default 3. */
  kernel?: number | readonly [number, number];
  bias?: boolean;
  gain?: number;
  init?: Initialiser;
}

const kernelOf = ({ kernel = 3 }: ConvolutionSpecOptions): readonly [number, number] =>
  typeof kernel === 'number' ? [kernel, kernel] : kernel;

/** Weights of `scaledNormal` for the inputs of a place, and a bias of 0, unless said otherwise. */
export function convolutionSpec(from: number, to: number, options: ConvolutionSpecOptions = {}): ConvolutionSpec {
  const [height, width] = kernelOf(options);
  const init = options.init ?? scaledNormal(from * height * width, options.gain);
  return {
    weight: parameter([to, from, height, width], { init }),
    ...((options.bias ?? true) && { bias: parameter([to]) }),
  };
}

const addChannels = (x: Tensor, bias: Tensor | undefined): Tensor =>
  bias === undefined ? x : add(x, reshape(bias, [1, bias.size, 1, 1]));

/** x [B, in, H, W] → [B, out, H', W']; `same` padding unless told otherwise. */
export const convolve = (p: TensorsOf<ConvolutionSpec>, x: Tensor, options: ConvolutionOptions = {}): Tensor =>
  addChannels(conv(x, p.weight, { padding: 'same', ...options }), p.bias);

/** The same for `convolveTransposed`. */
export function transposedConvolutionSpec(
  from: number,
  to: number,
  options: ConvolutionSpecOptions & { stride?: number } = {},
): ConvolutionSpec {
  const [height, width] = kernelOf(options);
  // Each output pixel is reached by kernel / stride² of the inputs.
  const init = options.init ?? scaledNormal((from * height * width) / (options.stride ?? 2) ** 2, options.gain);
  return { weight: parameter([from, to, height, width], { init }), bias: parameter([to]) };
}

/** x [B, in, H, W] → [B, out, stride · H, stride · W], for a kernel of twice the stride. */
export const convolveTransposed = (p: TensorsOf<ConvolutionSpec>, x: Tensor, stride = 2): Tensor =>
  addChannels(convTranspose(x, p.weight, { stride, padding: (p.weight.shape[2]! - stride) / 2 }), p.bias);

export interface EmbeddingSpec {
  /** [entries, width] */
  readonly weight: ParameterSpec;
}

/** A vector of `width` numbers for each entry. */
export const embeddingSpec = (entries: number, width: number, init: Initialiser = normal(0.02)): EmbeddingSpec => ({
  weight: parameter([entries, width], { init }),
});

/** int32 [...] → [..., width] */
export const embedding = (parameters: TensorsOf<EmbeddingSpec>, indices: Tensor): Tensor =>
  gather(parameters.weight, indices);

export interface NormSpec {
  readonly scale: ParameterSpec;
  /** Layer normalisation has one, root-mean-square normalisation does not. */
  readonly bias?: ParameterSpec;
}

/** A scale of 1 and, of layer normalisation, a bias of 0. */
export const normSpec = (kind: 'layer' | 'rms', width: number, options: { bias?: boolean } = {}): NormSpec => ({
  scale: parameter([width], { init: { kind: 'ones' } }),
  ...(kind === 'layer' && (options.bias ?? true) && { bias: parameter([width]) }),
});

/** Normalises the last axis of x [..., width]. */
export const norm = (kind: 'layer' | 'rms', parameters: TensorsOf<NormSpec>, x: Tensor, epsilon = 1e-5): Tensor =>
  kind === 'rms' ? rmsNorm(x, parameters.scale, epsilon) : layerNorm(x, parameters.scale, parameters.bias, epsilon);

/** Scale and bias of each channel, for `normaliseGroups`. */
export const groupNormSpec = (channels: number): Required<NormSpec> => ({
  scale: parameter([channels], { init: { kind: 'ones' } }),
  bias: parameter([channels]),
});

/** The most groups, up to `most`, that so many channels divide into. */
export function groupsOf(channels: number, most: number): number {
  let groups = Math.min(channels, most);
  while (channels % groups > 0) groups--;
  return groups;
}

/** Group normalisation of x [B, C, H, W]; into at most `most` groups. */
export const normaliseGroups = (p: TensorsOf<Required<NormSpec>>, x: Tensor, most: number): Tensor =>
  groupNorm(x, groupsOf(x.shape[1]!, most), p.scale, p.bias);

/** Draws the dropout masks of one program: each call its own stream of the step's key. */
export class Dropout {
  readonly #rate: number;
  readonly #key: Tensor | undefined;
  #stream = 0;

  /** @param key int32 [2], fed anew each step; without one, or at rate 0, dropout is off. */
  constructor(rate: number, key?: Tensor) {
    this.#rate = rate;
    this.#key = key;
  }

  get active(): boolean {
    return this.#rate > 0 && this.#key !== undefined;
  }

  /** Zeroes each element with probability `rate` and scales the others to keep the mean (Srivastava et al. 2014). */
  apply(x: Tensor): Tensor {
    if (!this.active) return x;
    const kept = lessEqual(this.#rate, randomUniform(this.#key!, x.shape, this.#stream++));
    return mul(x, where(kept, 1 / (1 - this.#rate), 0));
  }
}
