import { type LoadedModel, languageModelOf, loadModel } from '../formats/model-folder.js';
import { leavesOf } from '../nn/parameters.js';
import { Engine, type EngineOptions } from '../runtime/engine.js';
import { CachePool, cacheBytes } from '../sampling/cache-pool.js';
import { DecodingBatch } from '../sampling/decoding-batch.js';
import { KeptRows } from '../sampling/kept-rows.js';
import { Programs } from '../sampling/programs.js';
import type { Sequence } from '../sampling/sequence.js';
import { type SequencesOptions, sequencesOf } from '../sampling/sequences.js';
import { TextReader } from '../sampling/text-reader.js';
import { endOfTurn } from '../tokenizer/chat.js';
import { CONTROL } from '../tokenizer/control-tokens.js';
import type { ModelEntry } from './model-folders.js';
import { Scheduler } from './scheduler.js';
import { type ServingSettings, bytesOf } from './settings.js';

export interface LoadOptions {
  readonly settings: ServingSettings;
  readonly engine?: EngineOptions;
  /** To be called when the model has failed. */
  readonly retire?: () => void;
}

/** A language model in memory, in a worker of its own, that writes many answers side by side. */
export interface ServedLanguageModel {
  readonly kind: 'language-model';
  readonly loaded: Omit<LoadedModel, 'values'>;
  readonly scheduler: Scheduler;
  readonly reader: TextReader;
  readonly bytes: number;
  /** Tokens after which the model has nothing more to say. */
  readonly stopTokens: readonly number[];
  /** Answers to prompts, for the scheduler. @throws DataError, ConfigError */
  sequences(options: SequencesOptions): Sequence[];
  dispose(): Promise<void>;
}

/** Memory for the keys and values of answers being written, if there is enough for one. */
const MOST_CACHE = 2 ** 30;

/** @throws FormatError naming the file and what is wrong with it */
export async function loadLanguageModel(entry: ModelEntry, options: LoadOptions): Promise<ServedLanguageModel> {
  const { values, ...loaded } = await loadModel(entry.folder);
  const { settings, retire } = options;
  const { tokenizer, template } = loaded;
  const model = languageModelOf(loaded);
  const engine = await Engine.create(options.engine);
  try {
    const parameters = await engine.createStore({ leaves: leavesOf(model.parameters), values });
    const length = model.config.contextLength;
    const rowBytes = cacheBytes(model, { rows: 1, length });
    const rows = Math.max(1, Math.min(settings.rows, Math.floor(MOST_CACHE / rowBytes)));
    const keptBytes = bytesOf(settings.keptMiB);
    // A batch moves from one cache to another: both are there for a moment.
    const pool = new CachePool(engine, model, 2 * rows * rowBytes);
    const programs = new Programs(engine, model);
    const kept = new KeptRows(pool, model, keptBytes);
    const scheduler = new Scheduler({
      createBatch: () => new DecodingBatch({ programs, pool, parameters, length, kept }),
      rows,
      queue: settings.queue,
      unread: settings.unread,
      ...(retire && { onFailure: retire }),
    });
    const ends = [template && endOfTurn(tokenizer, template), tokenizer.controlTokens.get(CONTROL.endOfText)];
    return {
      kind: 'language-model',
      loaded,
      scheduler,
      reader: new TextReader({ engine, model, parameters }),
      bytes: entry.bytes + 3 * rows * rowBytes + keptBytes,
      stopTokens: [...new Set(ends.filter((id) => id !== undefined))],
      sequences: (asked) => sequencesOf({ model, tokenizer }, asked),
      async dispose() {
        await scheduler.close();
        await engine.dispose();
      },
    };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}
