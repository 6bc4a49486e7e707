import { setMaxListeners } from 'node:events';
import type { EngineOptions } from '../runtime/engine.js';
import type { Log, ServedModel, ServingContext } from './context.js';
import { loadServedImageModel } from './image-model.js';
import { loadLanguageModel } from './language-model.js';
import { Metrics } from './metrics.js';
import type { ModelEntry, ModelSource } from './model-folders.js';
import { ModelRegistry } from './registry.js';
import { ApiError } from './api-error.js';
import { type SecurityOptions, checkSecurity } from './security.js';
import { type ServingOptions, bytesOf, servingSchema } from './settings.js';

export interface ServeOptions {
  /** Models, runs, or folders of such. */
  readonly models: readonly ModelSource[];
  readonly settings?: ServingOptions;
  readonly security?: SecurityOptions;
  /** For the engine of each model. */
  readonly engine?: EngineOptions;
  readonly log?: Log;
  readonly logsText?: boolean;
}

/** Everything behind the routes. */
export interface Serving {
  readonly context: ServingContext;
  /** Takes no new requests; ends those under way after some seconds, and then the models. */
  close(graceSeconds?: number): Promise<void>;
}

/** @throws ConfigError for an address that others can reach, without a key */
export function createServing(options: ServeOptions): Serving {
  const { models: sources, security = {}, engine = {}, log = () => undefined, logsText = false } = options;
  checkSecurity(security);
  const settings = servingSchema.parse(options.settings ?? {});
  const load = (entry: ModelEntry, retire: () => void): Promise<ServedModel> => {
    log({ model: entry.name, folder: entry.folder }, 'loading');
    if (entry.kind === 'language-model') return loadLanguageModel(entry, { settings, engine, retire });
    if (entry.kind === 'image-model') return loadServedImageModel(entry, { settings, engine });
    throw new ApiError(400, `'${entry.name}' is a reward model: it answers no requests.`, { param: 'model' });
  };
  const registry = new ModelRegistry<ServedModel>({ sources, load, memory: bytesOf(settings.memoryMiB) });
  const [closing, ended] = [new AbortController(), new AbortController()];
  // Every request under way listens.
  setMaxListeners(0, ended.signal);
  const metrics = new Metrics();
  watch(metrics, registry);
  return {
    context: { registry, settings, security, metrics, log, logsText, closing: closing.signal, ended: ended.signal },
    async close(graceSeconds = settings.graceSeconds) {
      closing.abort();
      const until = performance.now() + 1000 * graceSeconds;
      while (registry.loaded.some(({ users }) => users > 0) && performance.now() < until) await pause(20);
      ended.abort(new Error('the server is shutting down'));
      // Whose answer is cut off lets go of its model in the next turn.
      await pause(0);
      await registry.dispose();
    },
  };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function watch(metrics: Metrics, registry: ModelRegistry<ServedModel>): void {
  const ofScheduler = (value: 'active' | 'waiting') => async () =>
    (await registry.models()).flatMap(({ name, model }) =>
      model.kind === 'language-model' ? [{ model: name, value: model.scheduler[value] }] : [],
    );
  metrics.gauge('descent_rows_active', 'answers being written', ofScheduler('active'));
  metrics.gauge('descent_rows_waiting', 'answers waiting for a row', ofScheduler('waiting'));
  metrics.gauge('descent_model_bytes', 'memory of each loaded model', () =>
    Promise.resolve(registry.loaded.map(({ name, bytes }) => ({ model: name, value: bytes }))),
  );
}
