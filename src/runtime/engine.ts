import { createHash } from 'node:crypto';
import { RuntimeError } from '../errors.js';
import { simplify } from '../tensor/simplify.js';
import { type Traced, trace } from '../tensor/trace.js';
import type { Device } from './device.js';
import { lower } from './lowering/lower.js';
import { Program } from './program.js';
import type { BufferName, LeafSpec } from './protocol.js';
import { Remote } from './remote.js';
import { Store } from './store.js';
import { physicalCores } from './threads.js';

export type { Device } from './device.js';
export type { HostTree, Program, StoreReference } from './program.js';
export type { HostData, LeafSpec } from './protocol.js';
export type { Store } from './store.js';

export interface EngineOptions {
  /** `cpu` by default. */
  device?: Device;
  /** Of the matrix products on the CPU; the number of physical cores by default. */
  threads?: number;
}

export interface StoreOptions {
  leaves: readonly LeafSpec[];
  /** What the parameters begin as; 0 where nothing is given. */
  values?: Readonly<Record<string, Float32Array>>;
  /** Also keep gradients and two moments. */
  trainable?: boolean;
  /** Also keep gradients, which something else than this store's optimizer step uses. */
  gradients?: boolean;
  /** Also keep a moving average of the parameters. */
  average?: boolean;
  /** Programs read the leaves that this store does not have from there. It must outlive this store. */
  over?: Store;
  /** Most bytes of one memory bank; 4 GiB by default, which is also the limit. */
  bankBytes?: number;
}

/** Compiles traced functions and runs them on a device, in a worker thread: the caller's event loop is never blocked. */
export class Engine {
  readonly device: Device;
  readonly threads: number;
  readonly #remote = new Remote();
  readonly #compiled = new Map<string, Promise<{ id: number; seconds: number }>>();
  readonly #helpers: Promise<Engine>[] = [];
  #nextId = 0;

  private constructor(device: Device, threads: number) {
    this.device = device;
    this.threads = threads;
  }

  /** Starts an engine. @throws RuntimeError when the device is not there. */
  static async create(options: EngineOptions = {}): Promise<Engine> {
    const { device = 'cpu', threads = physicalCores() } = options;
    if (!Number.isInteger(threads) || threads < 1)
      throw new RuntimeError(`threads: ${threads} is not a positive integer`);
    const engine = new Engine(device, threads);
    try {
      await engine.#remote.call('open', { device, threads });
    } catch (cause) {
      await engine.dispose();
      throw new RuntimeError(cause instanceof Error ? cause.message : String(cause), {
        cause,
        advice: 'use the device cpu, or install the driver that the message names',
      });
    }
    return engine;
  }

  /** Makes a store. @throws RuntimeError for a value that is of no leaf or does not fill its leaf */
  async createStore(options: StoreOptions): Promise<Store> {
    const { leaves, values, trainable = false, gradients = trainable, average = false, over, bankBytes } = options;
    const buffers: BufferName[] = ['parameters'];
    if (gradients) buffers.push('gradients');
    if (trainable) buffers.push('firstMoment', 'secondMoment');
    if (average) buffers.push('average');
    const id = this.#nextId++;
    await this.#remote.call('createStore', { id, leaves, buffers, bankBytes });
    const store = new Store(this.#remote, id, leaves, over);
    if (values === undefined) return store;
    try {
      await store.write(values);
      return store;
    } catch (error) {
      await store.dispose();
      throw error;
    }
  }

  /**
   * Traces a function and compiles it for the shapes of `specs`. Programs of equal structure are compiled once.
   *
   * @param fn a pure function of one record of tensor trees; its result is a tree of tensors
   * @param specs shapes and dtypes of the argument; its top-level keys are what run() takes
   * @throws ShapeError from tracing; RuntimeError, naming the operation, when the device cannot run it
   */
  async compile<const Specs>(
    fn: (args: Traced<Specs>) => unknown,
    specs: Specs,
    options: { name?: string; threads?: number } = {},
  ): Promise<Program> {
    const { threads = this.threads } = options;
    const name = options.name ?? (fn.name === '' ? 'program' : fn.name);
    let result: unknown;
    const traced = trace((args: Traced<Specs>) => (result = fn(args)), specs);
    if (traced.outputs.length === 0) throw new RuntimeError(`'${name}' returns no tensor`);
    const graph = simplify(traced);
    const { model } = lower(graph, this.device);
    const key = createHash('sha256').update(model).update(`${threads}`).digest('hex');
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      const id = this.#nextId++;
      const specOf = ({ tensor: { shape, dtype } }: (typeof graph.inputs)[number]) => ({ shape, dtype });
      const request = {
        id,
        name,
        model,
        inputs: graph.inputs.map(specOf),
        outputs: graph.outputs.map(specOf),
        threads,
      };
      compiled = this.#remote.call('compile', request, [model.buffer]).then(({ seconds }) => ({ id, seconds }));
      this.#compiled.set(key, compiled);
      compiled.catch(() => this.#compiled.delete(key));
    }
    const { id, seconds } = await compiled;
    return new Program({ name, compileSeconds: seconds, remote: this.#remote, id, graph, result });
  }

  /** Further engines on the same device, with an equal share of the threads each; they end with this one. */
  helpers(count: number): Promise<readonly Engine[]> {
    const threads = Math.max(1, Math.floor(this.threads / (count + 1)));
    while (this.#helpers.length < count) this.#helpers.push(Engine.create({ device: this.device, threads }));
    return Promise.all(this.#helpers.slice(0, count));
  }

  /** Ends the worker and frees what it holds. */
  async dispose(): Promise<void> {
    for (const helper of this.#helpers.splice(0)) await (await helper).dispose();
    await this.#remote.close();
  }
}
