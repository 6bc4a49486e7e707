import { type LoadedImageModel, imageData, loadImageModel } from '../formats/image-model-folder.js';
import { encodePng, grid } from '../formats/pictures.js';
import { leavesOf } from '../nn/parameters.js';
import { Engine } from '../runtime/engine.js';
import { bucket } from '../sampling/decoding-batch.js';
import { type DenoisingOptions, type ImageSampler, canDraw, imageSampler } from '../sampling/images.js';
import { largestPixel } from '../data/images/batches.js';
import { ApiError, refusal } from './api-error.js';
import { inTurn } from './in-turn.js';
import type { LoadOptions } from './language-model.js';
import type { ModelEntry } from './model-folders.js';

export interface DrawOptions {
  /** A class by its name or number, or a text where the model draws from text; empty: any. */
  readonly prompt: string;
  readonly count: number;
  readonly seed: number;
  readonly temperature: number;
  readonly denoising?: DenoisingOptions;
  readonly signal: AbortSignal;
}

/** An image model in memory, in a worker of its own. */
export interface ServedImageModel {
  readonly kind: 'image-model';
  readonly loaded: Omit<LoadedImageModel, 'values'>;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** Each image as PNG. @throws ApiError (400) for a prompt that the model cannot follow, (429) when too many wait */
  draw(options: DrawOptions): Promise<Uint8Array[]>;
  dispose(): Promise<void>;
}

/** Images drawn side by side. */
const MOST_SIDE_BY_SIDE = 16;

/** @throws FormatError naming the file and what is wrong with it */
export async function loadServedImageModel(entry: ModelEntry, options: LoadOptions): Promise<ServedImageModel> {
  const { values, ...loaded } = await loadImageModel(entry.folder);
  const { model, images: made } = loaded;
  const { width, height, channels } = made;
  const engine = await Engine.create(options.engine);
  try {
    const weights = await engine.createStore({ leaves: leavesOf(model.parameters), values });
    const data = imageData(made);
    const samplers = new Map<number, Promise<ImageSampler>>();
    const samplerFor = (batchSize: number): Promise<ImageSampler> => {
      const known = samplers.get(batchSize) ?? imageSampler({ engine, model, data, weights, batchSize });
      samplers.set(batchSize, known);
      return known;
    };
    let waiting = 0;
    const alone = inTurn();
    /** One request after the other. */
    const queued = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      if (waiting > options.settings.queue) {
        throw new ApiError(429, `${waiting} requests are waiting already.`, { code: 'queue_full', retryAfter: 5 });
      }
      waiting++;
      return alone(work).finally(() => waiting--);
    };
    return {
      kind: 'image-model',
      loaded,
      width,
      height,
      bytes: 2 * entry.bytes,
      async draw({ prompt, count, signal, ...asked }) {
        if (!canDraw(model)) {
          throw refusal('model', `A ${loaded.definition.name} does not draw images of nothing.`, {
            code: 'wrong_model',
          });
        }
        const meaning = promptOf(loaded, prompt);
        return queued(async () => {
          signal.throwIfAborted();
          const sample = await samplerFor(Math.min(MOST_SIDE_BY_SIDE, bucket(count)));
          const { images } = await sample({ ...asked, ...meaning, count, signal });
          const largest = largestPixel(made.pixels);
          const size = channels * height * width;
          return Array.from({ length: count }, (_, index) => {
            const own = images.subarray(index * size, (index + 1) * size);
            return encodePng(grid({ values: own, largest, channels, height, width }));
          });
        });
      },
      async dispose() {
        await engine.dispose();
      },
    };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

/** What a prompt asks a model for. */
function promptOf(
  { model, images: { labelNames, text } }: Omit<LoadedImageModel, 'values'>,
  prompt: string,
): { labels?: number; captions?: readonly Int32Array[] } {
  const word = prompt.trim();
  if (word === '') return {};
  if (text !== undefined) return { captions: [text.encode(word)] };
  if (model.conditional !== true) {
    throw refusal('prompt', 'This model draws without a prompt.', { advice: 'Send an empty one.' });
  }
  const named = labelNames.findIndex((name) => name.toLowerCase() === word.toLowerCase());
  const label = named >= 0 ? named : Number(word);
  if (Number.isInteger(label) && label >= 0 && label < labelNames.length) return { labels: label };
  throw refusal('prompt', `There is no class '${word}'.`, { advice: `There are: ${labelNames.join(', ')}.` });
}
