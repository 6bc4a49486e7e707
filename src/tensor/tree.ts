import { DescentError } from '../errors.js';

/** Nested plain objects and arrays with leaves of one type: parameters, batches, gradients. */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> };

/** The tree type `T` with every leaf replaced. */
export type MapTree<T, From, To> = T extends From ? To : { [K in keyof T]: MapTree<T[K], From, To> };

export interface PathLeaf<Leaf> {
  readonly path: string;
  readonly leaf: Leaf;
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> | readonly unknown[] {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const unexpected = (value: unknown, path: string): DescentError => {
  const what = typeof value === 'object' && value !== null ? `a ${value.constructor.name}` : `a ${typeof value}`;
  return new DescentError(`the tree has ${what} at '${path}', which is neither a leaf nor a branch`);
};

const join = (prefix: string, key: string): string => (prefix === '' ? key : `${prefix}.${key}`);

/**
 * Leaves in a fixed order with their paths, e.g. `blocks.0.attention.query.weight`. Keys whose value is undefined are
 * left out. Anything that `isLeaf` accepts is a leaf; of the rest, arrays and plain objects are branches.
 */
export function leaves<Leaf>(tree: unknown, isLeaf: (value: unknown) => value is Leaf, prefix = ''): PathLeaf<Leaf>[] {
  if (tree === undefined) return [];
  if (isLeaf(tree)) return [{ path: prefix, leaf: tree }];
  if (!isBranch(tree)) throw unexpected(tree, prefix);
  return Object.entries(tree).flatMap(([key, child]) => leaves(child, isLeaf, join(prefix, key)));
}

/** A tree of the same structure, each leaf replaced by `fn(leaf, path)`. */
export function mapTree<From, To, T>(
  tree: T,
  isLeaf: (value: unknown) => value is From,
  fn: (leaf: From, path: string) => To,
  prefix = '',
): MapTree<T, From, To> {
  const visit = (value: unknown, path: string): unknown => {
    if (value === undefined) return undefined;
    if (isLeaf(value)) return fn(value, path);
    if (Array.isArray(value)) return value.map((child, index) => visit(child, join(path, String(index))));
    if (!isBranch(value)) throw unexpected(value, path);
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child, join(path, key))]));
  };
  return visit(tree, prefix) as MapTree<T, From, To>;
}
