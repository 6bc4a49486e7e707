import { ConfigError } from '../errors.js';
import { firstCaptions } from '../data/images/caption-tokens.js';
import { type ImageSet, sliceImages } from '../data/images/image-set.js';
import { type ImageSource, readImages } from '../data/images/sources.js';
import { findImageModel } from '../formats/image-models.js';
import { encodePng } from '../formats/pictures.js';
import { canDraw } from '../sampling/images.js';
import { denoisingStrip, encodeStrip } from './denoising-pictures.js';
import { evaluationsOf } from './evaluations.js';
import { completionStrip, reconstructionPicture, restorationPicture, samplePicture } from './image-pictures.js';
import { type OpenImageModel, openImageModel } from './open-image-model.js';
import type { Recipe, RecipeOptions, RecipeResult, RecipeRow, RecipeScale } from './recipe.js';
import { onEngine } from './recipe-engine.js';
import {
  type ImageTrainingConfig,
  imageTrainingSchema,
  seenAndUnseen,
  settingsFor,
  trainImages,
} from './stages/images.js';
import { modelFolderOf } from './stages/stage.js';

/** A recipe of an image model is its settings and what is measured; this does the rest. */
export interface ImageRecipe extends Omit<Recipe, 'run' | 'scales' | 'settings'> {
  /** Name of the model. Default: the recipe's. */
  readonly model?: string;
  /** As `readImages` takes it. Default: mnist. */
  readonly data?: string;
  /** The same at smoke scale, where nothing is wanted that may be missing. Default: mnist. */
  readonly smokeData?: string;
  /** What `--data` has to name, of a recipe whose data does not come along; at smoke scale nothing. */
  readonly wants?: string;
  readonly scales: Readonly<Record<'cpu', ImageScale>> & Readonly<Partial<Record<'gpu', ImageScale>>>;
  /** Settings of the model that make the smoke test small. */
  readonly smokeModel?: Readonly<Record<string, unknown>>;
  /** Figures of the trained model; the first is the headline. */
  readonly measure: (trained: TrainedImages) => Promise<ImageFigures>;
}

export interface ImageScale {
  /** For lists: size, steps, how long it takes. */
  readonly about: string;
  /** Of this scale. Default: the recipe's. */
  readonly target?: number;
  /** As in the configuration of `descent train <model>`; the rest are defaults. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a recipe measures on. */
export interface TrainedImages extends Pick<RecipeOptions, 'scale' | 'signal' | 'folder' | 'progress' | 'say'> {
  readonly open: OpenImageModel;
  readonly source: ImageSource;
  /** Images no model was trained on; few of them at smoke scale. */
  readonly test: ImageSet;
  readonly config: ImageTrainingConfig;
  /** What the headline is held against at this scale. */
  readonly target: number;
}

export interface ImageFigures {
  readonly rows: readonly RecipeRow[];
  readonly details?: Readonly<Record<string, unknown>>;
  readonly notes?: readonly string[];
  /** PNG files, by name; beside those that every model gets. */
  readonly pictures?: Readonly<Record<string, Uint8Array>>;
}

const smokeImages = 16;

/** What a smoke test changes: a few small batches. */
const smokeSettings = (settings: ImageScale['settings'], model: ImageRecipe['smokeModel'] = {}) => ({
  ...settings,
  model: { ...(settings['model'] as object | undefined), ...model },
  batchSize: 8,
  evaluationImages: smokeImages,
  training: { ...(settings['training'] as object | undefined), steps: 6, evaluateEvery: 6, sampleEvery: 6 },
});

/** Trains, measures, and draws. */
export function imageRecipe(definition: ImageRecipe): Recipe {
  const { model = definition.name, data = 'mnist', smokeData = 'mnist', wants, ...others } = definition;
  const { scales, smokeModel, measure, ...recipe } = others;
  const scaleOf = (scale: RecipeScale): ImageScale => (scale === 'gpu' ? scales.gpu! : scales.cpu);
  const configOf = async (scale: RecipeScale) => {
    const found = await findImageModel(model);
    const { settings } = scaleOf(scale);
    const given = scale === 'smoke' ? smokeSettings(settings, smokeModel) : settings;
    return { found, given, config: imageTrainingSchema(found).parse(given) };
  };
  const run = async (options: RecipeOptions): Promise<RecipeResult> => {
    const { scale, folder, signal } = options;
    const isSmoke = scale === 'smoke';
    const { target = definition.target } = scaleOf(scale);
    const { found, given, config: parsed } = await configOf(scale);
    if (wants !== undefined && options.data === undefined && !isSmoke)
      throw new ConfigError(`${recipe.name} needs data`, { advice: `Give --data: ${wants}.` });
    // A smoke test needs nothing that may be missing.
    const asked = options.data ?? (isSmoke ? smokeData : data);
    const all = await readImages({ source: asked, ...(signal && { signal }) });
    const source = isSmoke ? { ...all, train: sliceImages(all.train, 0, 4 * smokeImages) } : all;
    const config = settingsFor(parsed, { found, source, given });
    return onEngine(options, async (context) => {
      const lineage = await trainImages(context, { out: folder, found, config, source });
      const open = await openImageModel(context.engine, modelFolderOf(folder));
      const { test: images } = seenAndUnseen(source, config.evaluationImages);
      const test = isSmoke ? sliceImages(images, 0, smokeImages) : images;
      const figures = await measure({ ...options, open, source, test, config, target });
      const rows = [
        ...figures.rows,
        { metric: 'seconds of training', value: Math.round(lineage.results['seconds'] as number) },
      ];
      return {
        value: rows[0]!.value,
        rows,
        details: { ...figures.details, curve: await evaluationsOf(folder), training: lineage.results, config },
        ...(figures.notes && { notes: figures.notes }),
        pictures: { ...(await picturesOf(open, test, signal)), ...figures.pictures },
      };
    });
  };
  const abouts = Object.fromEntries(Object.entries(scales).map(([scale, { about }]) => [scale, about]));
  return {
    ...recipe,
    scales: { smoke: 'six small batches, seconds', ...abouts },
    settings: async (scale) => (await configOf(scale)).config,
    run,
  };
}

/** Log-likelihood of the test images, as the headline figure in nats or in bits per dimension; `more` are notes to it. */
export const measureDensity =
  (
    unit: 'nats' | 'bitsPerDimension',
    { metric, direction }: Pick<Recipe, 'metric' | 'direction'>,
    more: readonly string[] = [],
  ) =>
  async ({ open, test, target, signal }: TrainedImages): Promise<ImageFigures> => {
    const figure = await open.density(test, { ...(signal && { signal }) });
    const value = figure[unit];
    if (value === undefined)
      throw new ConfigError(`${open.definition.name} gives no ${unit}`, {
        advice: 'Take a unit that its density has.',
      });
    const standardError = (figure.standardError * value) / figure.nats;
    const kind = { exact: 'Exact', 'lower-bound': 'An upper bound', estimate: 'An estimate' }[figure.kind];
    return {
      rows: [{ metric, value, standardError, target, direction }],
      details: { figure },
      notes: [`${kind}, over ${figure.images} test images; pixels: ${figure.pixels}.`, ...more],
    };
  };

/** Samples and reconstructions, where the model gives them. */
async function picturesOf(
  open: OpenImageModel,
  test: ImageSet,
  signal: AbortSignal | undefined,
): Promise<Record<string, Uint8Array>> {
  const { model } = open;
  const aborts = { ...(signal && { signal }) };
  const pictures: Record<string, Uint8Array> = {};
  if (canDraw(model)) {
    const { text } = open.images;
    const captions = text && firstCaptions(test, text, 64);
    const asked = { count: 64, ...(captions && { captions }), ...aborts };
    pictures['samples'] = encodePng(await samplePicture(open, asked));
  }
  if (model.codec)
    pictures['reconstructions'] = encodePng(await reconstructionPicture(open, test, { count: 32, ...aborts }));
  if (model.restorer)
    pictures['restorations'] = encodePng(await restorationPicture(open, test, { count: 32, ...aborts }));
  const isTold = model.denoiser?.given !== undefined;
  if (model.denoiser && !isTold)
    pictures['denoising'] = encodeStrip(open, await denoisingStrip(open, { count: 8, ...aborts }), 'strip.png');
  if (model.sequential ?? (model.denoiser && !isTold)) {
    const halves = { count: 8, keep: 0.5, samples: 6, ...aborts };
    pictures['completions'] = encodePng((await completionStrip(open, test, halves)).canvas);
  }
  return pictures;
}
