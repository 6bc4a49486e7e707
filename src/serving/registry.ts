import { ApiError } from './api-error.js';
import { type ModelEntry, type ModelSource, findModels } from './model-folders.js';

/** A model in memory. */
export interface Servable {
  /** Of its weights and of what it computes with. */
  readonly bytes: number;
  dispose(): Promise<void>;
}

/** A model for as long as it is used. */
export interface Lease<Model> {
  readonly entry: ModelEntry;
  readonly model: Model;
  /** May be called more than once. */
  release(): void;
}

export interface RegistryOptions<Model> {
  readonly sources: readonly ModelSource[];
  /** `retire`: to be called when the model has failed, so that the next request loads it anew. */
  readonly load: (entry: ModelEntry, retire: () => void) => Promise<Model>;
  /** Bytes that models in memory may take together. */
  readonly memory: number;
  /** How long the folders are not looked at again. Default 1. */
  readonly freshSeconds?: number;
}

interface Loaded<Model> {
  readonly entry: ModelEntry;
  readonly model: Promise<Model>;
  bytes: number;
  users: number;
  /** Counts up with every use. */
  used: number;
  /** No longer found by its name: goes when its last user does. */
  retired: boolean;
}

/**
 * Models by name, loaded when they are first asked for. Where memory runs short, those that were unused for longest go;
 * one in use never does.
 */
export class ModelRegistry<Model extends Servable> {
  readonly #options: RegistryOptions<Model>;
  readonly #loaded = new Map<string, Loaded<Model>>();
  readonly #ending = new Set<Promise<void>>();
  #uses = 0;
  #found: { readonly at: number; readonly models: Promise<Map<string, ModelEntry>> } | undefined;

  constructor(options: RegistryOptions<Model>) {
    this.#options = options;
  }

  /** Every model that there is now, loaded or not. */
  async list(): Promise<ModelEntry[]> {
    return [...(await this.#models()).values()];
  }

  /** @throws ApiError (404) naming those there are */
  async find(name: string): Promise<ModelEntry> {
    let models = await this.#models();
    // What was not there a moment ago may be there now.
    if (!models.has(name)) models = await this.#models('anew');
    const entry = models.get(name);
    if (entry !== undefined) return entry;
    const names = [...models.keys()].slice(0, 20);
    throw new ApiError(404, `There is no model named '${name}'.`, {
      param: 'model',
      code: 'model_not_found',
      advice: names.length > 0 ? `There are: ${names.join(', ')}.` : 'There are none yet.',
    });
  }

  /** The models in memory. */
  get loaded(): readonly { readonly name: string; readonly bytes: number; readonly users: number }[] {
    return [...this.#loaded.values()].map(({ entry, bytes, users }) => ({ name: entry.name, bytes, users }));
  }

  /** Each model that is loaded by now. */
  async models(): Promise<readonly { readonly name: string; readonly model: Model }[]> {
    const settled = await Promise.allSettled(
      [...this.#loaded.values()].map(async ({ entry, model }) => ({ name: entry.name, model: await model })),
    );
    return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /**
   * A model, loaded where it is not yet. Whoever takes it has to release it.
   *
   * @throws ApiError (404) for an unknown name, (503) when the memory is taken by models in use
   */
  async acquire(name: string): Promise<Lease<Model>> {
    const entry = await this.find(name);
    let loaded = this.#loaded.get(name);
    if (loaded !== undefined && (loaded.entry.written !== entry.written || loaded.entry.folder !== entry.folder)) {
      this.#retire(loaded);
      loaded = undefined;
    }
    loaded ??= this.#load(entry);
    const taken = loaded;
    taken.users++;
    taken.used = ++this.#uses;
    const release = once(() => {
      taken.users--;
      if (taken.retired && taken.users === 0) this.#end(taken);
    });
    try {
      return { entry, model: await taken.model, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Takes a model out of memory.
   *
   * @returns whether it was there
   * @throws ApiError (409) when it is in use
   */
  async unload(name: string): Promise<boolean> {
    const loaded = this.#loaded.get(name);
    if (loaded === undefined) return false;
    if (loaded.users > 0) {
      throw new ApiError(409, `'${name}' is in use.`, { code: 'model_in_use', advice: 'Wait for its answers to end.' });
    }
    this.#retire(loaded);
    await this.#settled();
    return true;
  }

  /** Takes every model out of memory; those in use when they no longer are. */
  async dispose(): Promise<void> {
    for (const loaded of this.#loaded.values()) this.#retire(loaded);
    await this.#settled();
  }

  #models(how: 'kept' | 'anew' = 'kept'): Promise<Map<string, ModelEntry>> {
    const { sources, freshSeconds = 1 } = this.#options;
    const now = performance.now();
    if (how === 'anew' || this.#found === undefined || now - this.#found.at >= 1000 * freshSeconds) {
      this.#found = { at: now, models: findModels(sources) };
    }
    return this.#found.models;
  }

  #load(entry: ModelEntry): Loaded<Model> {
    this.#makeRoom(entry);
    const retire = (): void => this.#retire(loaded);
    // What has to go goes first: the two together may be more than there is memory for.
    const loading = this.#settled().then(() => this.#options.load(entry, retire));
    const loaded: Loaded<Model> = { entry, model: loading, bytes: entry.bytes, users: 0, used: 0, retired: false };
    this.#loaded.set(entry.name, loaded);
    loading.then(
      ({ bytes }) => (loaded.bytes = bytes),
      () => this.#forget(loaded),
    );
    return loaded;
  }

  #makeRoom({ name, bytes }: ModelEntry): void {
    const { memory } = this.#options;
    const taken = (): number => [...this.#loaded.values()].reduce((sum, loaded) => sum + loaded.bytes, 0);
    while (this.#loaded.size > 0 && taken() + bytes > memory) {
      const [oldest] = [...this.#loaded.values()].filter(({ users }) => users === 0).sort((a, b) => a.used - b.used);
      if (oldest === undefined) {
        throw new ApiError(503, `There is no memory for '${name}' while other models are in use.`, {
          code: 'out_of_memory',
          retryAfter: 5,
          advice: 'Ask again later, or serve with more memory.',
        });
      }
      this.#retire(oldest);
    }
  }

  #retire(loaded: Loaded<Model>): void {
    if (loaded.retired) return;
    loaded.retired = true;
    this.#forget(loaded);
    if (loaded.users === 0) this.#end(loaded);
  }

  #forget(loaded: Loaded<Model>): void {
    if (this.#loaded.get(loaded.entry.name) === loaded) this.#loaded.delete(loaded.entry.name);
  }

  #end({ model }: Loaded<Model>): void {
    const ending = model.then(
      (ended) => ended.dispose(),
      () => undefined,
    );
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending)).catch(() => undefined);
  }

  async #settled(): Promise<void> {
    await Promise.allSettled([...this.#ending]);
  }
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}
