import type { LeafSpec } from '../runtime/engine.js';
import { type Tensor, type TensorSpec, isSpec, leaves } from '../tensor/index.js';
import { counterRandom, fillNormal } from '../tensor/random.js';

/** How a parameter is filled before training. */
export type Initialiser =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  /** Gaussian with mean 0. */
  | { readonly kind: 'normal'; readonly standardDeviation: number }
  /** Uniform in [-limit, limit]. */
  | { readonly kind: 'uniform'; readonly limit: number };

/** One trainable array: its shape, how it starts, and whether weight decay applies to it. */
export interface ParameterSpec extends TensorSpec {
  readonly dtype: 'float32';
  readonly init: Initialiser;
  readonly decay: boolean;
}

/** The tensors a layer sees, given the specs it declared. */
export type TensorsOf<Specs> = Specs extends TensorSpec
  ? Tensor
  : { readonly [Key in keyof Specs]: TensorsOf<Specs[Key]> };

export interface ParameterOptions {
  init?: Initialiser;
  /** Matrices decay, vectors do not, unless said otherwise. */
  decay?: boolean;
}

/** Declares a parameter, float32; zeros unless `init` says otherwise. */
export const parameter = (shape: readonly number[], options: ParameterOptions = {}): ParameterSpec => ({
  shape,
  dtype: 'float32',
  init: options.init ?? { kind: 'zeros' },
  decay: options.decay ?? shape.length >= 2,
});

/** Drawn from a normal distribution of mean 0. */
export const normal = (standardDeviation: number): Initialiser => ({ kind: 'normal', standardDeviation });

const isParameter = (value: unknown): value is ParameterSpec => isSpec(value) && 'init' in value;

/** Every parameter with its path, in the order in which it lies in memory. */
export const parameterLeaves = (specs: unknown): { path: string; spec: ParameterSpec }[] =>
  leaves(specs, isParameter).map(({ path, leaf }) => ({ path, spec: leaf }));

/** The leaves of a store that holds them. */
export const leavesOf = (specs: unknown): LeafSpec[] =>
  parameterLeaves(specs).map(({ path, spec }) => ({ path, shape: [...spec.shape], decay: spec.decay }));

/** Number of parameters. */
export const parameterCount = (specs: unknown): number =>
  parameterLeaves(specs).reduce((total, { spec }) => total + spec.shape.reduce((a, b) => a * b, 1), 0);

/**
 * Fresh values by path. Each parameter has its own stream of the counter-based generator, so adding a layer leaves the
 * others' values as they were.
 */
export function initialise(specs: unknown, seed: number): Record<string, Float32Array> {
  const values: Record<string, Float32Array> = {};
  for (const { path, spec } of parameterLeaves(specs)) values[path] = fill(spec, seed, path);
  return values;
}

function fill({ shape, init }: ParameterSpec, seed: number, path: string): Float32Array {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  if (init.kind === 'zeros') return data;
  if (init.kind === 'ones') return data.fill(1);
  const random = counterRandom(seed, `init ${path}`, 0);
  if (init.kind === 'uniform') return data.map(() => (2 * random() - 1) * init.limit);
  fillNormal(random, data);
  for (let index = 0; index < data.length; index++) data[index] = data[index]! * init.standardDeviation;
  return data;
}
