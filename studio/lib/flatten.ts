/** Dotted keys and the values of the leaves. */
export function flatten(value: unknown, prefix = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map([[prefix, value]]);
  return new Map(
    Object.entries(value).flatMap(([key, child]) => [...flatten(child, prefix === '' ? key : `${prefix}.${key}`)]),
  );
}

export interface Difference {
  readonly key: string;
  /** One for each of what was compared; undefined where it has no such key. */
  readonly values: readonly unknown[];
}

/** The keys in which values differ. */
export function differences(values: readonly unknown[]): Difference[] {
  const flat = values.map((value) => flatten(value ?? {}));
  const keys = [...new Set(flat.flatMap((each) => [...each.keys()]))].filter((key) => key !== '');
  return keys
    .map((key) => ({ key, values: flat.map((each) => each.get(key)) }))
    .filter(({ values: all }) => new Set(all.map((each) => JSON.stringify(each))).size > 1);
}
