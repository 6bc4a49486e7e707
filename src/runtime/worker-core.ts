import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { TensorSpec } from '../tensor/primitives.js';
import { RuntimeError } from '../errors.js';
import type { Device } from './device.js';
import { type DeviceStore, GpuStore, HostStore, type Mover } from './device-store.js';
import type { FlatStore } from './flat-store.js';
import { doneOutput, identityModel, rowsModel } from './onnx/emitter.js';
import { optimize } from './optimize.js';
import type { HostData, InputBinding, Method, OutputBinding, RequestOf, ResultOf, StoreBuffer } from './protocol.js';
import { sizeOf } from '../tensor/define.js';

type Awaitable<T> = T | Promise<T>;
type Handlers = { [Name in Method]: (request: RequestOf<Name>) => Awaitable<ResultOf<Name>> };

interface CompiledProgram {
  readonly name: string;
  readonly threads: number;
  readonly model: Uint8Array;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** One session, or on a GPU one for each choice of outputs that stay there. */
  readonly sessions: Map<string, InferenceSession>;
}

const onGpu = 'gpu-buffer';

/** What runs in the worker thread: owns ONNX Runtime, the stores and the compiled programs. */
export class WorkerCore implements Handlers {
  #device: Device = 'cpu';
  #threads = 1;
  readonly #stores = new Map<number, DeviceStore>();
  readonly #programs = new Map<number, CompiledProgram>();
  #mover: Mover | undefined;

  async open({ device, threads }: RequestOf<'open'>): Promise<void> {
    this.#device = device;
    this.#threads = threads;
    if (device !== 'cpu') this.#mover = await this.#createMover();
  }

  async createStore({ id, leaves, buffers, bankBytes }: RequestOf<'createStore'>): Promise<void> {
    const store =
      this.#device === 'webgpu'
        ? await GpuStore.create(leaves, buffers, this.#mover!)
        : new HostStore(leaves, buffers, bankBytes);
    this.#stores.set(id, store);
  }

  async writeStore({ id, buffer, values }: RequestOf<'writeStore'>): Promise<void> {
    const store = this.#store(id);
    for (const { leaf, data } of values) await store.write(buffer, leaf, data);
  }

  async readStore({ id, buffer }: RequestOf<'readStore'>): Promise<Float32Array[]> {
    const store = this.#store(id);
    const values: Float32Array[] = [];
    for (const leaf of store.leaves.keys()) values.push(await store.read(buffer, leaf));
    return values;
  }

  putLeaves({ id, buffer, leaves, memory }: RequestOf<'putLeaves'>): void {
    const { flat } = this.#hostStore(id);
    eachShared(flat, buffer, leaves, memory, (leaf, shared) => shared.set(leaf));
  }

  takeLeaves({ id, buffer, leaves, memory }: RequestOf<'takeLeaves'>): void {
    const { flat } = this.#hostStore(id);
    if (buffer === 'scratch') flat.addBuffer('scratch');
    eachShared(flat, buffer, leaves, memory, (leaf, shared) => leaf.set(shared));
  }

  copyStore({ from, to }: RequestOf<'copyStore'>): Promise<void> {
    return this.#store(to).copyFrom(this.#store(from));
  }

  copyRows({ from, to, rows }: RequestOf<'copyRows'>): Promise<void> {
    return this.#store(to).copyRows(this.#store(from), rows);
  }

  disposeStore({ id }: RequestOf<'disposeStore'>): void {
    this.#store(id).dispose();
    this.#stores.delete(id);
  }

  async compile({ id, ...request }: RequestOf<'compile'>): Promise<ResultOf<'compile'>> {
    const program: CompiledProgram = { threads: this.#threads, ...request, sessions: new Map() };
    const start = performance.now();
    // On a GPU the session depends on what stays there, which only a run tells.
    if (this.#device !== 'webgpu') await this.#session(program, '', []);
    this.#programs.set(id, program);
    return { seconds: (performance.now() - start) / 1000 };
  }

  async run({ program: id, inputs, outputs }: RequestOf<'run'>): Promise<ResultOf<'run'>> {
    const program = this.#programs.get(id)!;
    const gpu = this.#device === 'webgpu';
    const resident = gpu ? outputs.flatMap((binding, index) => (binding === 'host' ? [] : [`o${index}`])) : [];
    const session = await this.#session(program, resident.join(), resident);

    // Targets first: making room for one may move the memory under the inputs.
    const fetches = gpu ? undefined : this.#fetches(program, outputs);
    const feeds = Object.fromEntries(
      inputs.map((binding, index) => [`i${index}`, this.#feed(binding, program.inputs[index]!)]),
    );
    const results = await (fetches === undefined ? session.run(feeds) : runInPlace(session, feeds, fetches)).catch(
      (cause: unknown) => {
        throw new RuntimeError(`'${program.name}' failed: ${message(cause)}`, { cause });
      },
    );

    return outputs.map((binding, index) => {
      const result = results[`o${index}`]!;
      if (binding === 'host') return ownCopy(result.data as HostData);
      if (gpu || binding.staged) this.#store(binding.store).take(binding.buffer, binding.leaf, result);
      return null;
    });
  }

  async disposeProgram({ id }: RequestOf<'disposeProgram'>): Promise<void> {
    const program = this.#programs.get(id);
    this.#programs.delete(id);
    for (const session of program?.sessions.values() ?? []) await session.release();
  }

  addScratch({ store, leaves }: RequestOf<'addScratch'>): void {
    for (const { segment } of this.#hostStore(store).flat.segments(leaves)) {
      segment.kernels.accumulate(segment.address('gradients'), segment.address('scratch'), segment.count, 1);
    }
  }

  optimize(request: RequestOf<'optimize'>): ResultOf<'optimize'> {
    return optimize(this.#hostStore(request.store).flat, request);
  }

  average({ store, leaves, decay }: RequestOf<'average'>): void {
    for (const { segment } of this.#hostStore(store).flat.segments(leaves)) {
      segment.kernels.average(segment.address('average'), segment.address('parameters'), segment.count, decay);
    }
  }

  #store(id: number): DeviceStore {
    const store = this.#stores.get(id);
    if (store === undefined) throw new RuntimeError('the store was disposed');
    return store;
  }

  #hostStore(id: number): HostStore {
    const store = this.#store(id);
    if (!(store instanceof HostStore)) throw new RuntimeError('the optimizer kernels work on host memory only');
    return store;
  }

  #feed(binding: InputBinding, { dtype, shape }: TensorSpec): OrtTensor {
    if ('store' in binding) return this.#store(binding.store).input(binding.buffer, binding.leaf);
    return new OrtTensor(dtype as 'float32', binding as Float32Array, shape);
  }

  /** Where every output is to be written: into its store, or into a fresh array that then leaves by transfer. */
  #fetches(program: CompiledProgram, outputs: readonly OutputBinding[]): Record<string, OrtTensor> {
    const target = (binding: OutputBinding): OrtTensor | undefined =>
      binding === 'host' || binding.staged
        ? undefined
        : this.#store(binding.store).target(binding.buffer, binding.leaf);
    // A first pass adds the buffers that are missing, the second one takes views that stay valid.
    for (const binding of outputs) if (binding !== 'host' && binding.buffer === 'scratch') target(binding);
    return Object.fromEntries(
      outputs.map((binding, index) => [`o${index}`, target(binding) ?? emptyTensor(program.outputs[index]!)]),
    );
  }

  async #session(program: CompiledProgram, signature: string, resident: readonly string[]): Promise<InferenceSession> {
    const known = program.sessions.get(signature);
    if (known !== undefined) return known;
    try {
      const options = this.#options(resident, program.outputs.length, program.threads);
      const session = await InferenceSession.create(program.model, options);
      program.sessions.set(signature, session);
      return session;
    } catch (cause) {
      throw new RuntimeError(`'${program.name}' does not compile on ${this.#device}: ${message(cause)}`, { cause });
    }
  }

  #options(resident: readonly string[], outputs: number, threads: number): InferenceSession.SessionOptions {
    const locations = Array.from({ length: outputs }, (_, index) => {
      const name = `o${index}`;
      return [name, resident.includes(name) ? onGpu : 'cpu'] as const;
    });
    return {
      executionProviders: this.#device === 'cpu' ? ['cpu'] : [this.#device, 'cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableCpuMemArena: true,
      enableMemPattern: true,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      // Every session has threads of its own. Those of one that has just run would spin, and take the cores from the next.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      ...(resident.length > 0 && { preferredOutputLocation: Object.fromEntries(locations) }),
    };
  }

  /** Reading a GPU tensor's data directly ends the process, so both ways lead through a session. */
  async #createMover(): Promise<Mover> {
    const create = (resident: readonly string[], model = identityModel()) =>
      InferenceSession.create(model, this.#options(resident, 1, this.#threads)).catch((cause: unknown) => {
        throw new RuntimeError(`the device ${this.#device} is not there: ${message(cause)}`, { cause });
      });
    const up = await create(this.#device === 'webgpu' ? ['o0'] : []);
    const down = await create([]);
    const rows = this.#device === 'webgpu' ? await create(['o0'], rowsModel()) : undefined;
    const through = (session: InferenceSession) => async (tensor: OrtTensor) =>
      (await session.run({ i0: tensor }))['o0']!;
    return {
      toDevice: through(up),
      toHost: through(down),
      rows: async (first, second, order) => {
        const indices = new OrtTensor('int32', order, [order.length]);
        return (await rows!.run({ i0: first, i1: second, i2: indices }))['o0']!;
      },
    };
  }
}

/** Leaves of a store, each beside its place in memory where all lie one after the other. */
function eachShared(
  flat: FlatStore,
  buffer: StoreBuffer,
  leaves: readonly number[],
  memory: SharedArrayBuffer,
  copy: (leaf: Float32Array, shared: Float32Array<SharedArrayBuffer>) => void,
): void {
  let offset = 0;
  for (const leaf of leaves) {
    const view = flat.view(buffer, leaf);
    copy(view, new Float32Array(memory, offset, view.length));
    offset += view.byteLength;
  }
}

/** What the binding says of an output that it cannot convert. */
const notATensor = 'Non tensor type is temporarily not supported';

/**
 * Runs a session whose outputs have all got their place. The binding would copy each output into a new array all the
 * same, which can cost more than the run itself; but it converts outputs in order, and gives up at `doneOutput`, the
 * first one, which is no tensor. By then everything is computed and lies where it should.
 */
async function runInPlace(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
  fetches: Record<string, OrtTensor>,
): Promise<Record<string, OrtTensor>> {
  try {
    await session.run(feeds, { [doneOutput]: null, ...fetches });
  } catch (error) {
    if (!message(error).includes(notATensor)) throw error;
  }
  return fetches;
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function emptyTensor({ dtype, shape }: TensorSpec): OrtTensor {
  if (dtype === 'float16' || dtype === 'bfloat16')
    throw new RuntimeError(`a program cannot return ${dtype}`, { advice: 'cast it to float32 first' });
  const size = sizeOf(shape);
  return new OrtTensor(dtype as 'float32', new arrays[dtype](size) as Float32Array, shape);
}

const message = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Results leave by transfer: an array that does not own all of its buffer is copied. */
const ownCopy = (data: HostData): HostData => (data.byteLength === data.buffer.byteLength ? data : data.slice());
