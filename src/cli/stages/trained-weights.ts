import type { Gpt } from '../../families/autoregressive/gpt.js';
import type { Lineage } from '../../formats/lineage.js';
import { type LoadedModel, type ModelToSave, languageModelOf, saveModel } from '../../formats/model-folder.js';
import { isAdapterPath, mergeAdapters, withAdapters } from '../../nn/lora.js';
import { initialise, leavesOf, parameterLeaves } from '../../nn/parameters.js';
import type { Engine, Store } from '../../runtime/engine.js';
import { modelFolderOf } from './stage.js';

/** What a stage trains: all weights of a model, or adapters of a rank over weights that stay as they are. */

/** The model with adapters of that rank, or as it is. */
export const adapted = (model: Gpt, rank: number | null): Gpt =>
  rank === null ? model : { ...model, parameters: withAdapters(model.parameters, rank) };

export interface TrainedWeightsOptions {
  /** Declared parameters of what is trained; of an `adapted` model they have adapters. */
  readonly specs: unknown;
  /** Where they start, without adapters. */
  readonly values: Readonly<Record<string, Float32Array>>;
  readonly rank: number | null;
  readonly average: boolean;
  /** Of the adapters' initial values. */
  readonly seed: number;
  /** Holds the weights beneath the adapters already, under the same paths. */
  readonly over?: Store;
}

export interface TrainedWeights {
  readonly store: Store;
  /** What the store began as, for good: with adapters no second copy of the weights beneath. The caller disposes of it. */
  frozenStart(): Promise<Store>;
  /** What there is to save of the model that began as the base. */
  toSave(base: LoadedModel, from?: 'parameters' | 'average'): Promise<Pick<ModelToSave, 'values' | 'adapter'>>;
  dispose(): Promise<void>;
}

/** A language model that a stage trains, as it was saved. */
export async function trainedModel(
  engine: Engine,
  parent: LoadedModel,
  { lora, training, seed }: { lora: number | null; training: { average?: unknown }; seed: number },
): Promise<{ model: Gpt; weights: TrainedWeights }> {
  const model = adapted(languageModelOf(parent), lora);
  const average = (training.average ?? null) !== null;
  const { parameters: specs } = model;
  return { model, weights: await trainedWeights(engine, { specs, values: parent.values, rank: lora, average, seed }) };
}

/** Beside adapters a new head is trained whole: there is nothing yet that could be adapted. */
const isTrained = (path: string): boolean => isAdapterPath(path) || path.startsWith('scalar.');

/** Puts a model's parameters on the engine, to be trained. */
export async function trainedWeights(engine: Engine, options: TrainedWeightsOptions): Promise<TrainedWeights> {
  const { specs, rank, average, seed } = options;
  const leaves = leavesOf(specs);
  const own = rank === null ? leaves : leaves.filter(({ path }) => isTrained(path));
  const adapters = parameterLeaves(specs).filter(({ path }) => isAdapterPath(path));
  const fresh = Object.fromEntries(adapters.map(({ path, spec }) => [path, spec]));
  const start = { ...initialise(fresh, seed), ...options.values };
  const valuesOf = (some: typeof leaves) => Object.fromEntries(some.map(({ path }) => [path, start[path]!]));

  let beneath: Store | undefined;
  if (rank !== null && options.over === undefined) {
    const rest = leaves.filter(({ path }) => !isTrained(path));
    beneath = await engine.createStore({ leaves: rest, values: valuesOf(rest) });
  }
  const over = rank === null ? undefined : (options.over ?? beneath);
  const begun = { leaves: own, values: valuesOf(own), ...(over && { over }) };
  const store = await engine.createStore({ ...begun, trainable: true, average });
  return {
    store,
    frozenStart: () => engine.createStore(begun),
    toSave: async (base, from = average ? 'average' : 'parameters') => {
      const trained = await store.read(from);
      if (rank === null) return { values: trained };
      return {
        values: mergeAdapters(specs, { ...start, ...trained }),
        adapter: { specs, values: trained, rank, base: { folder: base.folder, id: base.lineage?.id } },
      };
    },
    dispose: async () => {
      await store.dispose();
      await beneath?.dispose();
    },
  };
}

/** What a stage made of a model. */
export interface Descendant extends Pick<ModelToSave, 'config' | 'lineage'> {
  /** The stage's folder. */
  readonly out: string;
  /** It reads, chats and sees as this model does. */
  readonly parent: LoadedModel;
  readonly weights: TrainedWeights;
  /** Default: the average, where there is one. */
  readonly from?: 'parameters' | 'average';
  /** Default: a language model. */
  readonly kind?: ModelToSave['kind'];
}

/** Saves what a stage made of a model, in the stage's folder. */
export async function saveDescendant(descendant: Descendant): Promise<Lineage> {
  const { out, parent, weights, from, kind = 'language-model', config, lineage } = descendant;
  const { tokenizer, template, eye } = parent;
  const trained = await weights.toSave(parent, from);
  return saveModel({ folder: modelFolderOf(out), kind, config, ...trained, tokenizer, template, eye, lineage });
}
