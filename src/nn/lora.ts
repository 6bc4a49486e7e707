import { isSpec } from '../tensor/index.js';
import { type LinearSpec, type LoraSpec, scaledNormal } from './layers.js';
import { type ParameterSpec, parameter, parameterLeaves } from './parameters.js';

/**
 * Low-rank adaptation (Hu et al. 2021): beside a weight W [in, out] that stays as it is, a product of two thin matrices
 * is learnt, and a layer computes x W + (x A) B. The paper's factor α / rank is 1 here: the paper sets α once to a rank
 * and leaves it there, since it does what the learning rate does.
 */

/** A goes down to the rank and starts at random, B comes up from it and starts at 0: a new adapter changes nothing. */
const loraSpec = (from: number, to: number, rank: number): LoraSpec => ({
  down: parameter([from, rank], { init: scaledNormal(from) }),
  up: parameter([rank, to]),
});

const isLinear = (value: object): value is LinearSpec =>
  'weight' in value && isSpec(value.weight) && value.weight.shape.length === 2;

/** Declared parameters with an adapter in every linear layer of their blocks; embeddings and heads get none. */
export function withAdapters<Specs>(specs: Specs, rank: number): Specs {
  const visit = (value: unknown, inBlocks: boolean): unknown => {
    if (typeof value !== 'object' || value === null || isSpec(value)) return value;
    if (Array.isArray(value)) return value.map((each) => visit(each, inBlocks));
    if (inBlocks && isLinear(value)) {
      const [from, to] = value.weight.shape as [number, number];
      return { ...value, lora: loraSpec(from, to, rank) };
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, visit(each, inBlocks || key === 'blocks')]),
    );
  };
  return visit(specs, false) as Specs;
}

const down = '.lora.down';
const up = '.lora.up';

/** Whether a path is that of an adapter's matrix. */
export const isAdapterPath = (path: string): boolean => path.endsWith(down) || path.endsWith(up);

/** The paths of the weights that have an adapter among these parameters: `blocks.0.query`, without `.weight`. */
export const adaptedLayers = (paths: readonly string[]): string[] =>
  paths.filter((path) => path.endsWith(down)).map((path) => path.slice(0, -down.length));

/**
 * The weights that compute what the adapted ones do: W + scale · A B, under W's path and without the adapters.
 *
 * @param specs declared parameters with adapters
 * @param values of all of them, by path
 */
export function mergeAdapters(
  specs: unknown,
  values: Readonly<Record<string, Float32Array>>,
  scale = 1,
): Record<string, Float32Array> {
  const shapes = new Map(parameterLeaves(specs).map(({ path, spec }): [string, ParameterSpec] => [path, spec]));
  const merged: Record<string, Float32Array> = {};
  for (const path of shapes.keys()) if (!isAdapterPath(path)) merged[path] = values[path]!;
  for (const layer of adaptedLayers([...shapes.keys()])) {
    const path = `${layer}.weight`;
    const [from, rank] = shapes.get(layer + down)!.shape as [number, number];
    const to = shapes.get(path)!.shape[1]!;
    const [a, b] = [values[layer + down]!, values[layer + up]!];
    const weight = Float32Array.from(merged[path]!);
    for (let row = 0; row < from; row++) {
      for (let between = 0; between < rank; between++) {
        const factor = scale * a[row * rank + between]!;
        for (let column = 0; column < to; column++) weight[row * to + column]! += factor * b[between * to + column]!;
      }
    }
    merged[path] = weight;
  }
  return merged;
}
