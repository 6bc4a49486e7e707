import type { Shape, TensorSpec } from '../tensor/primitives.js';
import type { Device } from './device.js';

/** What the engine and its worker thread say to each other. */

/** The parts of a store: each is as long as the parameters. */
export type BufferName = 'parameters' | 'gradients' | 'firstMoment' | 'secondMoment' | 'average';
/** `scratch` takes the gradients of one micro-batch on their way to the sum. */
export type StoreBuffer = BufferName | 'scratch';

export interface LeafSpec {
  readonly path: string;
  readonly shape: Shape;
  /** Whether weight decay applies; true by default. */
  readonly decay?: boolean;
}

/** One element of host data: float32, int32, or bool as 0 and 1. */
export type HostData = Float32Array | Int32Array | Uint8Array;

/** A leaf of a store. */
export interface StoreLeaf {
  readonly store: number;
  readonly buffer: StoreBuffer;
  readonly leaf: number;
}

export type InputBinding = StoreLeaf | HostData;
/** Where an output goes. `staged`: the leaf is also read by this run, so it is written only afterwards. */
export type OutputBinding = 'host' | (StoreLeaf & { readonly staged: boolean });

/** The numbers of one optimizer pass; see kernels/optimizer.as. */
export type OptimizerPass =
  | {
      readonly kind: 'adam';
      readonly rate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly rootScale: number;
      readonly epsilon: number;
    }
  | { readonly kind: 'sgd'; readonly rate: number; readonly momentum: number };

export interface OptimizeRequest {
  readonly store: number;
  /** The leaves to change. */
  readonly leaves: readonly number[];
  readonly pass: OptimizerPass;
  /** Weight decay where a leaf has it: `keep` scales the parameter (decoupled), `l2` adds to the gradient. */
  readonly keep: number;
  readonly l2: number;
  /** The gradient's norm is limited to this. */
  readonly clipNorm?: number;
}

export interface SharedLeaves {
  readonly id: number;
  readonly buffer: StoreBuffer;
  readonly leaves: readonly number[];
  readonly memory: SharedArrayBuffer;
}

/** The worker's side, as methods. Every result and error comes back as a message. */
export interface WorkerApi {
  open(request: { device: Device; threads: number }): void;
  createStore(request: {
    id: number;
    leaves: readonly LeafSpec[];
    buffers: readonly BufferName[];
    bankBytes?: number;
  }): void;
  writeStore(request: {
    id: number;
    buffer: BufferName;
    values: readonly { leaf: number; data: Float32Array }[];
  }): void;
  readStore(request: { id: number; buffer: BufferName }): Float32Array[];
  /** Leaves one after the other into shared memory, and from there. */
  putLeaves(request: SharedLeaves): void;
  takeLeaves(request: SharedLeaves): void;
  /** Copies the parameters. */
  copyStore(request: { from: number; to: number }): void;
  /** Copies rows of the parameters: [from, to] pairs of places along the first axis of every leaf. */
  copyRows(request: { from: number; to: number; rows: readonly (readonly [from: number, to: number])[] }): void;
  disposeStore(request: { id: number }): void;
  compile(request: {
    id: number;
    name: string;
    model: Uint8Array;
    inputs: readonly TensorSpec[];
    outputs: readonly TensorSpec[];
    /** Default: the engine's. */
    threads?: number;
  }): {
    seconds: number;
  };
  run(request: {
    program: number;
    inputs: readonly InputBinding[];
    outputs: readonly OutputBinding[];
  }): (HostData | null)[];
  disposeProgram(request: { id: number }): void;
  /** Adds the scratch gradients to the sum. */
  addScratch(request: { store: number; leaves: readonly number[] }): void;
  /** One optimizer step. Nothing is changed when the gradients' norm is not finite. */
  optimize(request: OptimizeRequest): { gradientNorm: number };
  /** average += (1 - decay) · (parameters - average) */
  average(request: { store: number; leaves: readonly number[]; decay: number }): void;
}

export type Method = keyof WorkerApi;
export type RequestOf<Name extends Method> = Parameters<WorkerApi[Name]>[0];
export type ResultOf<Name extends Method> = ReturnType<WorkerApi[Name]>;

export interface RequestMessage {
  readonly id: number;
  readonly method: Method;
  readonly request: unknown;
}
export type ReplyMessage = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });
