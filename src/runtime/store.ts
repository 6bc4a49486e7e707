import { RuntimeError } from '../errors.js';
import { sizeOf } from '../tensor/define.js';
import type { BufferName, LeafSpec, OptimizeRequest, StoreBuffer } from './protocol.js';
import type { Remote } from './remote.js';

/** Named float32 tensors that stay on the device: parameters with their gradients and moments, or a key-value cache. */
export class Store {
  readonly id: number;
  readonly leaves: readonly LeafSpec[];
  /** Where programs find the leaves that this store does not have: weights that stay as they are beneath adapters. */
  readonly over: Store | undefined;
  readonly #remote: Remote;
  readonly #index: ReadonlyMap<string, number>;
  readonly #ends: (() => Promise<void>)[] = [];
  /** Counts the changes of the parameters and of their average. */
  version = 0;

  /** Made by Engine.createStore. */
  constructor(remote: Remote, id: number, leaves: readonly LeafSpec[], over?: Store) {
    this.#remote = remote;
    this.id = id;
    this.leaves = leaves;
    this.over = over;
    this.#index = new Map(leaves.map(({ path }, index) => [path, index]));
  }

  /** The place of a leaf in `leaves`. */
  indexOf(path: string): number | undefined {
    return this.#index.get(path);
  }

  /** Overwrites the leaves that `values` names. */
  async write(values: Readonly<Record<string, Float32Array>>, buffer: BufferName = 'parameters'): Promise<void> {
    const list = Object.entries(values).map(([path, data]) => {
      const leaf = this.#index.get(path);
      if (leaf === undefined) throw new RuntimeError(`the store has no leaf '${path}'`);
      const { shape } = this.leaves[leaf]!;
      if (data.length !== sizeOf(shape)) {
        throw new RuntimeError(`'${path}' is [${shape.join(', ')}]: ${data.length} values do not fill it`);
      }
      return { leaf, data };
    });
    this.version++;
    await this.#remote.call('writeStore', { id: this.id, buffer, values: list });
  }

  /** A copy of every leaf, by path. */
  async read(buffer: BufferName = 'parameters'): Promise<Record<string, Float32Array>> {
    const values = await this.#remote.call('readStore', { id: this.id, buffer });
    return Object.fromEntries(this.leaves.map(({ path }, index) => [path, values[index]!]));
  }

  /** Takes over the parameters of a store with the same leaves. */
  async copyFrom(other: Store): Promise<void> {
    const differs = this.leaves.some(({ path, shape }, index) => {
      const leaf = other.leaves[index];
      return leaf?.path !== path || leaf.shape.join() !== shape.join();
    });
    if (differs || this.leaves.length !== other.leaves.length) {
      throw new RuntimeError('copyFrom: the two stores do not have the same leaves');
    }
    this.version++;
    await this.#remote.call('copyStore', { from: other.id, to: this.id });
  }

  /**
   * Copies rows of another store's parameters over rows of this one's: [from, to] pairs of places along the first axis of
   * every leaf. The leaves are the same ones, but for the number of their rows.
   */
  async copyRows(other: Store, rows: readonly (readonly [from: number, to: number])[]): Promise<void> {
    const rowOf = ({ path, shape }: LeafSpec): string => `${path} ${shape.slice(1).join()}`;
    if (other.leaves.map(rowOf).join() !== this.leaves.map(rowOf).join()) {
      throw new RuntimeError('copyRows: the rows of the two stores are not the same');
    }
    for (const { path, shape } of this.leaves) {
      const count = other.leaves[this.#index.get(path)!]!.shape[0]!;
      const beyond = rows.find(([from, to]) => from >= count || to >= shape[0]!);
      if (beyond)
        throw new RuntimeError(`copyRows: ${count} and ${shape[0]} rows of '${path}' have no ${beyond.join(' and ')}`);
    }
    if (rows.length === 0) return;
    this.version++;
    await this.#remote.call('copyRows', { from: other.id, to: this.id, rows });
  }

  /** Copies leaves into memory that another engine's worker takes them from, one after the other. On host memory only. */
  async put(buffer: StoreBuffer, leaves: readonly number[], memory: SharedArrayBuffer): Promise<void> {
    await this.#remote.call('putLeaves', { id: this.id, buffer, leaves, memory });
  }

  /** Overwrites leaves with what `put` left in the memory. On host memory only. */
  async take(buffer: StoreBuffer, leaves: readonly number[], memory: SharedArrayBuffer): Promise<void> {
    if (buffer === 'parameters') this.version++;
    await this.#remote.call('takeLeaves', { id: this.id, buffer, leaves, memory });
  }

  /** Adds the scratch gradients of these leaves to their gradients. On host memory only. */
  async addScratch(leaves: readonly number[]): Promise<void> {
    await this.#remote.call('addScratch', { store: this.id, leaves });
  }

  /** One optimizer step on host memory; resolves to the gradients' norm before clipping. */
  async optimize(request: Omit<OptimizeRequest, 'store'>): Promise<number> {
    this.version++;
    return (await this.#remote.call('optimize', { store: this.id, ...request })).gradientNorm;
  }

  /** Moves the average of these leaves towards the parameters by 1 - decay. On host memory only. */
  async updateAverage(leaves: readonly number[], decay: number): Promise<void> {
    this.version++;
    await this.#remote.call('average', { store: this.id, leaves, decay });
  }

  /** Something that lives as long as the store. */
  onDispose(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  /** Frees the memory. */
  async dispose(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
    await this.#remote.call('disposeStore', { id: this.id });
  }
}
