import { initialise, parameterLeaves } from './parameters.js';

/**
 * Values of a model for one like it whose vocabulary is larger: what both have is copied, new rows and columns are fresh
 * from the seed.
 */
export function growValues(
  from: { readonly specs: unknown; readonly values: Readonly<Record<string, Float32Array>> },
  to: unknown,
  seed: number,
): Record<string, Float32Array> {
  const before = new Map(parameterLeaves(from.specs).map(({ path, spec }) => [path, spec.shape]));
  const grown = initialise(to, seed);
  for (const { path, spec } of parameterLeaves(to)) {
    const [old, values, fresh] = [before.get(path), from.values[path], grown[path]!];
    if (old === undefined || values === undefined) continue;
    const [columns, oldColumns] = [spec.shape.at(-1) ?? 1, old.at(-1) ?? 1];
    if (columns === oldColumns) fresh.set(values);
    else
      for (let at = 0; at * oldColumns < values.length; at++)
        fresh.set(values.subarray(at * oldColumns, (at + 1) * oldColumns), at * columns);
  }
  return grown;
}
