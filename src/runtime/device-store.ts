import { Tensor as OrtTensor } from 'onnxruntime-node';
import { RuntimeError } from '../errors.js';
import { FlatStore } from './flat-store.js';
import type { BufferName, LeafSpec, StoreBuffer } from './protocol.js';
import { sizeOf } from '../tensor/define.js';

/** A store as the worker sees it: tensors to feed, places to write to. */
export interface DeviceStore {
  readonly leaves: readonly LeafSpec[];
  input(buffer: StoreBuffer, leaf: number): OrtTensor;
  /** A tensor over the leaf's own memory for the runtime to write into; undefined where it has to allocate. */
  target(buffer: StoreBuffer, leaf: number): OrtTensor | undefined;
  /** Takes a result that the runtime allocated. */
  take(buffer: StoreBuffer, leaf: number, tensor: OrtTensor): void;
  write(buffer: BufferName, leaf: number, data: Float32Array): Promise<void>;
  read(buffer: BufferName, leaf: number): Promise<Float32Array>;
  copyFrom(other: DeviceStore): Promise<void>;
  /** Rows of another store's parameters over rows of these: [from, to] pairs. */
  copyRows(other: DeviceStore, rows: readonly (readonly [number, number])[]): Promise<void>;
  dispose(): void;
}

/** Leaves in the process's memory. */
export class HostStore implements DeviceStore {
  readonly leaves: readonly LeafSpec[];
  readonly flat: FlatStore;

  constructor(leaves: readonly LeafSpec[], buffers: readonly BufferName[], bankBytes?: number) {
    this.leaves = leaves;
    this.flat = new FlatStore(leaves, buffers, bankBytes);
  }

  input(buffer: StoreBuffer, leaf: number): OrtTensor {
    return new OrtTensor('float32', this.flat.view(buffer, leaf), this.leaves[leaf]!.shape);
  }

  target(buffer: StoreBuffer, leaf: number): OrtTensor {
    if (buffer === 'scratch') this.flat.addBuffer('scratch');
    return this.input(buffer, leaf);
  }

  take(buffer: StoreBuffer, leaf: number, tensor: OrtTensor): void {
    this.flat.view(buffer, leaf).set(tensor.data as Float32Array);
  }

  write(buffer: BufferName, leaf: number, data: Float32Array): Promise<void> {
    this.flat.view(buffer, leaf).set(data);
    return Promise.resolve();
  }

  read(buffer: BufferName, leaf: number): Promise<Float32Array> {
    return Promise.resolve(this.flat.view(buffer, leaf).slice());
  }

  copyFrom(other: DeviceStore): Promise<void> {
    if (!(other instanceof HostStore)) throw new RuntimeError('stores of different devices cannot be copied');
    this.leaves.forEach((_, leaf) => this.flat.view('parameters', leaf).set(other.flat.view('parameters', leaf)));
    return Promise.resolve();
  }

  copyRows(other: DeviceStore, rows: readonly (readonly [number, number])[]): Promise<void> {
    if (!(other instanceof HostStore)) throw new RuntimeError('stores of different devices cannot be copied');
    this.leaves.forEach(({ shape }, leaf) => {
      const [source, target] = [other.flat.view('parameters', leaf), this.flat.view('parameters', leaf)];
      const size = target.length / shape[0]!;
      for (const [from, to] of rows) target.set(source.subarray(from * size, (from + 1) * size), to * size);
    });
    return Promise.resolve();
  }

  dispose(): void {
    // The memory goes with the object.
  }
}

/** Moves a tensor to the device or back to the host; the original stays. */
export interface Mover {
  toDevice(tensor: OrtTensor): Promise<OrtTensor>;
  toHost(tensor: OrtTensor): Promise<OrtTensor>;
  /** On a GPU: rows of two tensors end to end, in this order. */
  rows(first: OrtTensor, second: OrtTensor, order: Int32Array): Promise<OrtTensor>;
}

/** Leaves on a GPU. A result replaces the leaf's tensor, since the runtime cannot write into an existing one there. */
export class GpuStore implements DeviceStore {
  readonly leaves: readonly LeafSpec[];
  readonly #buffers = new Map<StoreBuffer, OrtTensor[]>();
  readonly #mover: Mover;

  constructor(leaves: readonly LeafSpec[], mover: Mover) {
    this.leaves = leaves;
    this.#mover = mover;
  }

  static async create(leaves: readonly LeafSpec[], buffers: readonly BufferName[], mover: Mover): Promise<GpuStore> {
    const store = new GpuStore(leaves, mover);
    for (const buffer of buffers) {
      const tensors: OrtTensor[] = [];
      for (const { shape } of leaves) {
        const size = sizeOf(shape);
        tensors.push(await mover.toDevice(new OrtTensor('float32', new Float32Array(size), shape)));
      }
      store.#buffers.set(buffer, tensors);
    }
    return store;
  }

  input(buffer: StoreBuffer, leaf: number): OrtTensor {
    return this.#of(buffer)[leaf]!;
  }

  target(): undefined {
    return undefined;
  }

  take(buffer: StoreBuffer, leaf: number, tensor: OrtTensor): void {
    if (buffer === 'scratch' && !this.#buffers.has(buffer)) this.#buffers.set(buffer, []);
    const tensors = this.#of(buffer);
    tensors[leaf]?.dispose();
    tensors[leaf] = tensor;
  }

  async write(buffer: BufferName, leaf: number, data: Float32Array): Promise<void> {
    this.take(buffer, leaf, await this.#mover.toDevice(new OrtTensor('float32', data, this.leaves[leaf]!.shape)));
  }

  async read(buffer: BufferName, leaf: number): Promise<Float32Array> {
    const host = await this.#mover.toHost(this.input(buffer, leaf));
    return (host.data as Float32Array).slice();
  }

  async copyFrom(other: DeviceStore): Promise<void> {
    for (const leaf of this.leaves.keys()) {
      this.take('parameters', leaf, await this.#mover.toDevice(other.input('parameters', leaf)));
    }
  }

  async copyRows(other: DeviceStore, rows: readonly (readonly [number, number])[]): Promise<void> {
    for (const [leaf, { shape }] of this.leaves.entries()) {
      const order = Int32Array.from({ length: shape[0]! }, (_, row) => row);
      for (const [from, to] of rows) order[to] = shape[0]! + from;
      const moved = await this.#mover.rows(this.input('parameters', leaf), other.input('parameters', leaf), order);
      this.take('parameters', leaf, moved);
    }
  }

  dispose(): void {
    for (const tensors of this.#buffers.values()) for (const tensor of Object.values(tensors)) tensor.dispose();
    this.#buffers.clear();
  }

  #of(buffer: StoreBuffer): OrtTensor[] {
    const tensors = this.#buffers.get(buffer);
    if (tensors === undefined) throw new RuntimeError(`the store has no buffer '${buffer}'`);
    return tensors;
  }
}
