import {
  type Tensor,
  add,
  gather,
  layerNorm,
  matmul,
  mul,
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
}

export interface LinearOptions {
  bias?: boolean;
  init?: Initialiser;
}

export const linearSpec = (from: number, to: number, options: LinearOptions = {}): LinearSpec => ({
  weight: parameter([from, to], { init: options.init ?? normal(0.02) }),
  ...((options.bias ?? true) && { bias: parameter([to]) }),
});

/** x [..., in] → [..., out] */
export function linear(parameters: TensorsOf<LinearSpec>, x: Tensor): Tensor {
  const product = matmul(x, parameters.weight);
  return parameters.bias ? add(product, parameters.bias) : product;
}

export interface EmbeddingSpec {
  /** [entries, width] */
  readonly weight: ParameterSpec;
}

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

export const normSpec = (kind: 'layer' | 'rms', width: number, options: { bias?: boolean } = {}): NormSpec => ({
  scale: parameter([width], { init: { kind: 'ones' } }),
  ...(kind === 'layer' && (options.bias ?? true) && { bias: parameter([width]) }),
});

export const norm = (kind: 'layer' | 'rms', parameters: TensorsOf<NormSpec>, x: Tensor, epsilon = 1e-5): Tensor =>
  kind === 'rms' ? rmsNorm(x, parameters.scale, epsilon) : layerNorm(x, parameters.scale, parameters.bias, epsilon);

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
