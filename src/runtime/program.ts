import { describe } from '../tensor/define.js';
import type { TensorSpec } from '../tensor/primitives.js';
import { type Graph, isTensor } from '../tensor/trace.js';
import { mapTree } from '../tensor/tree.js';
import { RuntimeError } from '../errors.js';
import type { HostData, InputBinding, OutputBinding, StoreBuffer, StoreLeaf } from './protocol.js';
import type { Remote } from './remote.js';
import { Store } from './store.js';
import { sizeOf } from '../tensor/define.js';

/** Nested objects and arrays of host data; a scalar is an array of one element. */
export type HostTree = HostData | readonly HostTree[] | { readonly [key: string]: HostTree };
/** A store, or one of its other buffers. */
export type StoreReference = Store | { readonly store: Store; readonly buffer: StoreBuffer };

export interface RunOptions {
  /** Top-level keys of the result that are written into a store in place of being returned. */
  into?: Readonly<Record<string, StoreReference>>;
  /** Gives up waiting; what has been started on the device still runs to its end. */
  signal?: AbortSignal;
}

interface Port {
  readonly path: string;
  readonly spec: TensorSpec;
  /** First segment of the path, and the rest. */
  readonly key: string;
  readonly rest: string;
}
interface OutputPort extends Port {
  /** The input whose memory this output may take over: a key-value cache that grows in place. */
  readonly updates: number | undefined;
}

const port = (path: string, { shape, dtype }: TensorSpec): Port => {
  const dot = path.indexOf('.');
  return {
    path,
    spec: { shape, dtype },
    key: dot < 0 ? path : path.slice(0, dot),
    rest: dot < 0 ? '' : path.slice(dot + 1),
  };
};

/** The input that a cache output continues, when nothing else reads it. */
function updatedInput(graph: Graph, output: Graph['outputs'][number]): number | undefined {
  const { node, index } = output.tensor;
  if (node.op !== 'cachedAttention' || index === 0) return undefined;
  const past = node.inputs[index + 2]!;
  const found = graph.inputs.findIndex(({ tensor }) => tensor === past);
  return found < 0 || past.node.op !== 'input' ? undefined : found;
}

const isStoreReference = (value: unknown): value is StoreReference =>
  value instanceof Store ||
  (typeof value === 'object' && value !== null && 'store' in value && value.store instanceof Store);

const resolve = (reference: StoreReference): { store: Store; buffer: StoreBuffer } =>
  reference instanceof Store ? { store: reference, buffer: 'parameters' } : reference;

const hostTypes = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  float16: undefined,
  bfloat16: undefined,
};

/** A traced function compiled for fixed shapes and one device. */
export class Program {
  readonly name: string;
  /** How long the runtime took to prepare it. */
  readonly compileSeconds: number;
  readonly #remote: Remote;
  readonly #id: number;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly OutputPort[];
  readonly #result: unknown;

  /** Made by Engine.compile. `result` is the traced function's result, the pattern of what run() returns. */
  constructor(made: {
    name: string;
    compileSeconds: number;
    remote: Remote;
    id: number;
    graph: Graph;
    result: unknown;
  }) {
    this.name = made.name;
    this.compileSeconds = made.compileSeconds;
    this.#remote = made.remote;
    this.#id = made.id;
    this.#inputs = made.graph.inputs.map(({ path, tensor }) => port(path, tensor));
    this.#outputs = made.graph.outputs.map((output) => ({
      ...port(output.path, output.tensor),
      updates: updatedInput(made.graph, output),
    }));
    this.#result = made.result;
  }

  /**
   * Runs the program. Each top-level key of the arguments is a store or host data.
   *
   * @returns the result's tree with host data as leaves, without the keys that went into stores
   * @throws RuntimeError when an argument is missing or does not have its shape or dtype
   */
  async run(args: Readonly<Record<string, StoreReference | HostTree>>, options: RunOptions = {}): Promise<HostTree> {
    options.signal?.throwIfAborted();
    const inputs = this.#inputs.map((input) => this.#bind(input, args));
    const outputs = this.#outputs.map((output) => this.#place(output, inputs, options.into ?? {}));
    for (const { store, buffer } of Object.values(options.into ?? {}).map(resolve)) {
      if (buffer === 'parameters') store.version++;
    }
    const data = await abortable(this.#remote.call('run', { program: this.#id, inputs, outputs }), options.signal);
    return this.#resultOf(data, options.into ?? {});
  }

  #bind(input: Port, args: Readonly<Record<string, StoreReference | HostTree>>): InputBinding {
    const argument = args[input.key];
    if (argument === undefined) throw new RuntimeError(`'${this.name}' needs the argument '${input.key}'`);
    if (isStoreReference(argument)) return leafOf(argument, input, this.name);
    let value: unknown = argument;
    for (const key of input.rest === '' ? [] : input.rest.split('.')) {
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    }
    const { dtype } = input.spec;
    const expected = hostTypes[dtype];
    const size = sizeOf(input.spec.shape);
    if (expected === undefined || !(value instanceof expected) || value.length !== size) {
      const got = ArrayBuffer.isView(value)
        ? `${value.constructor.name} of ${(value as HostData).length}`
        : typeof value;
      throw new RuntimeError(`'${this.name}': the argument '${input.path}' is a ${got}, not ${describe(input.spec)}`, {
        advice: `pass a ${expected?.name ?? 'store'} of ${size} elements`,
      });
    }
    return value;
  }

  #place(
    output: OutputPort,
    inputs: readonly InputBinding[],
    into: Readonly<Record<string, StoreReference>>,
  ): OutputBinding {
    const reference = into[output.key];
    if (reference === undefined) return 'host';
    const leaf = leafOf(reference, output, this.name);
    const staged = inputs.some((input, index) => index !== output.updates && isSame(input, leaf));
    return { ...leaf, staged };
  }

  #resultOf(data: readonly (HostData | null)[], into: Readonly<Record<string, StoreReference>>): HostTree {
    const byPath = new Map(this.#outputs.map(({ path }, index) => [path, data[index]]));
    let result = this.#result;
    if (typeof result === 'object' && result !== null && !isTensor(result) && Object.keys(into).length > 0) {
      result = Object.fromEntries(Object.entries(result).filter(([key]) => !(key in into)));
    }
    return mapTree(result, isTensor, (_, path) => byPath.get(path)!);
  }
}

function leafOf(reference: StoreReference, port: Port, program: string): StoreLeaf {
  const { rest, path, spec } = port;
  const { store, buffer } = resolve(reference);
  const leaf = store.indexOf(rest);
  if (leaf === undefined && store.over !== undefined) return leafOf(store.over, port, program);
  const found = leaf === undefined ? undefined : store.leaves[leaf]!;
  if (leaf === undefined || found === undefined)
    throw new RuntimeError(`'${program}': the store has no leaf '${rest}'`);
  if (spec.dtype !== 'float32' || found.shape.join() !== spec.shape.join()) {
    throw new RuntimeError(
      `'${program}': '${path}' is ${describe(spec)}, in the store float32[${found.shape.join(', ')}]`,
    );
  }
  return { store: store.id, buffer, leaf };
}

const isSame = (input: InputBinding, leaf: StoreLeaf): boolean =>
  'store' in input && input.store === leaf.store && input.buffer === leaf.buffer && input.leaf === leaf.leaf;

/** The promise, or the signal's reason, whichever comes first. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolvePromise, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolvePromise, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
