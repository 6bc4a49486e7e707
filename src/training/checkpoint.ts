import { FormatError } from '../errors.js';
import type { FileSystem } from '../runtime/atomic-file.js';
import { SafetensorsFile, writeSafetensors, type TensorToWrite } from '../runtime/safetensors.js';
import type { StateBuffer, TrainableStore } from './backend.js';
import type { Json } from '../data/json.js';

/** A store and the buffers of it that a checkpoint holds. */
export interface StoredState {
  readonly store: TrainableStore;
  readonly buffers: readonly StateBuffer[];
}

const metadataKey = 'descent.checkpoint';

/**
 * Writes a checkpoint: one safetensors file with tensors named `store/buffer/path` and everything else as JSON in its
 * metadata. One file takes its name in one rename, so a kill at any instant leaves the previous checkpoint or this one.
 */
export async function saveCheckpoint(options: {
  readonly path: string;
  readonly stores: Readonly<Record<string, StoredState>>;
  readonly state: Json;
  readonly fileSystem?: FileSystem;
}): Promise<void> {
  const { path, stores, state, fileSystem } = options;
  const tensors: TensorToWrite[] = [];
  for (const [name, { store, buffers }] of Object.entries(stores)) {
    for (const buffer of buffers) {
      // One buffer is in memory at a time: read when its first tensor is due, let go with its last.
      let values: Record<string, Float32Array> | undefined;
      store.leaves.forEach(({ path: leafPath, shape }, index) => {
        tensors.push({
          name: tensorName(name, buffer, leafPath),
          type: 'F32',
          shape,
          data: async () => {
            values ??= await store.read(buffer);
            const data = values[leafPath];
            if (data === undefined) throw new FormatError(`The ${buffer} of store "${name}" lack "${leafPath}".`);
            if (index === store.leaves.length - 1) values = undefined;
            return data;
          },
        });
      });
    }
  }
  await writeSafetensors({ path, tensors, metadata: { [metadataKey]: JSON.stringify(state) }, fileSystem });
}

/**
 * Reads a checkpoint back into the stores and returns its state.
 *
 * @throws FormatError when the file is damaged, is no checkpoint, or is one of another model; nothing is changed then
 */
export async function loadCheckpoint(options: {
  readonly path: string;
  readonly stores: Readonly<Record<string, StoredState>>;
}): Promise<Json> {
  const { path, stores } = options;
  const file = await SafetensorsFile.open(path);
  try {
    const state = parseState(file);
    for (const [name, { store, buffers }] of Object.entries(stores)) {
      for (const buffer of buffers) checkTensors(file, name, buffer, store);
    }
    for (const [name, { store, buffers }] of Object.entries(stores)) {
      for (const buffer of buffers) await fill(file, name, buffer, store, buffer);
    }
    return state;
  } finally {
    await file.close();
  }
}

/**
 * Reads the parameters of a checkpoint into stores, to use the model or to train it anew.
 *
 * @param from 'average' takes the moving average of the parameters instead
 * @throws FormatError when the file is damaged or of another model
 */
export async function loadWeights(options: {
  readonly path: string;
  readonly stores: Readonly<Record<string, TrainableStore>>;
  readonly from?: 'parameters' | 'average';
}): Promise<void> {
  const { path, stores, from = 'parameters' } = options;
  const file = await SafetensorsFile.open(path);
  try {
    for (const [name, store] of Object.entries(stores)) checkTensors(file, name, from, store);
    for (const [name, store] of Object.entries(stores)) await fill(file, name, from, store, 'parameters');
  } finally {
    await file.close();
  }
}

/** Reads only the state of a checkpoint: cheap, whatever the model's size. */
export async function readCheckpointState(path: string): Promise<Json> {
  const file = await SafetensorsFile.open(path);
  try {
    return parseState(file);
  } finally {
    await file.close();
  }
}

const tensorName = (store: string, buffer: StateBuffer, path: string): string => `${store}/${buffer}/${path}`;

function parseState(file: SafetensorsFile): Json {
  const text = file.metadata[metadataKey];
  if (text === undefined)
    throw new FormatError(`${file.path} is not a checkpoint of a training run.`, {
      advice: 'Give checkpoints/last.safetensors of the run.',
    });
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new FormatError(`${file.path}: the state in its metadata is not JSON.`, { cause: error });
  }
}

async function fill(
  file: SafetensorsFile,
  name: string,
  from: StateBuffer,
  store: TrainableStore,
  to: StateBuffer,
): Promise<void> {
  // Leaf by leaf: a whole buffer at once would double the memory and hold the event loop while it is copied.
  for (const { path } of store.leaves) {
    await store.write({ [path]: await file.readFloat32(tensorName(name, from, path)) }, to);
  }
}

function checkTensors(file: SafetensorsFile, name: string, buffer: StateBuffer, store: TrainableStore): void {
  for (const leaf of store.leaves) {
    const tensor = tensorName(name, buffer, leaf.path);
    const entry = file.tensors.get(tensor);
    const found = entry === undefined ? 'has no such tensor' : `has [${entry.shape.join(', ')}]`;
    if (entry?.shape.join() !== leaf.shape.join()) {
      throw new FormatError(
        `${file.path}: tensor "${tensor}": the model needs [${leaf.shape.join(', ')}], the file ${found}.`,
        { advice: "The checkpoint is of another model or optimizer. Restore the run's settings, or use another run." },
      );
    }
  }
}
