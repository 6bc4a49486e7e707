import { join } from 'node:path';
import { z } from 'zod';
import { type Discretisation, discretisations } from '../data/images/batches.js';
import { type CaptionTokens, captionTokens } from '../data/images/caption-tokens.js';
import { filterNames } from '../data/images/resample.js';
import type { ImageReading } from '../data/images/sources.js';
import { FormatError } from '../errors.js';
import type { ImageData, ImageModel, ImageModelDefinition } from '../nn/image-model.js';
import { parameterCount } from '../nn/parameters.js';
import { loadTokenizer, saveTokenizer } from '../tokenizer/tokenizer-folder.js';
import {
  CONFIG_FILE,
  type LineageToSave,
  lineageOf,
  readConfig,
  readWeights,
  writeJson,
  writeModelFolder,
} from './folder.js';
import { findImageModel } from './image-models.js';
import type { Lineage } from './lineage.js';

/**
 * An image model as a folder: which model, its settings, what images it is for, its weights, and where it reads captions
 * their tokenizer.
 */

const MODEL_TYPE = 'descent-image';

const configSchema = z.object({
  model_type: z.literal(MODEL_TYPE),
  name: z.string(),
  model: z.record(z.string(), z.unknown()),
  images: z.object({
    channels: z.int().positive(),
    height: z.int().positive(),
    width: z.int().positive(),
    pixels: z.enum(discretisations),
    labelNames: z.array(z.string()),
    text: z.object({ length: z.int().positive() }).optional(),
    reading: z
      .object({
        fit: z.enum(['crop', 'pad']).default('crop'),
        filter: z.enum(filterNames).default('bicubic'),
        skipBad: z.boolean().default(false),
        colours: z.boolean().default(false),
      })
      .prefault({}),
  }),
});

/** The images that a model is for. */
export interface ModelImages {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly pixels: Discretisation;
  /** One for each class; empty without labels. */
  readonly labelNames: readonly string[];
  /** How their captions are read, by a model that reads them. */
  readonly text?: CaptionTokens;
  /** How those of its training were read. Default: cut to size by bicubic interpolation, damaged ones an error. */
  readonly reading?: ImageReading;
}

export interface LoadedImageModel {
  readonly folder: string;
  readonly definition: ImageModelDefinition;
  readonly config: Readonly<Record<string, unknown>>;
  readonly images: ModelImages;
  readonly model: ImageModel;
  readonly values: Record<string, Float32Array>;
  readonly lineage?: Lineage;
}

/** What a model is built for. */
export const imageData = ({ channels, height, width, pixels, labelNames, text }: ModelImages): ImageData => ({
  channels,
  height,
  width,
  levels: pixels === 'bytes' ? 256 : 2,
  classes: labelNames.length,
  ...(text && { text: { vocabulary: text.vocabulary, length: text.length } }),
});

/** Writes an image model as a folder, whole or not at all. */
export async function saveImageModel(options: {
  folder: string;
  definition: ImageModelDefinition;
  config: Readonly<Record<string, unknown>>;
  images: ModelImages;
  values: Readonly<Record<string, Float32Array>>;
  lineage: LineageToSave;
}): Promise<Lineage> {
  const { folder, definition, config, images, values, lineage } = options;
  const specs = definition.build(config, imageData(images)).parameters;
  const { text, ...rest } = images;
  return writeModelFolder({ folder, specs, values, lineage }, async (partial) => {
    await writeJson(join(partial, CONFIG_FILE), {
      model_type: MODEL_TYPE,
      name: definition.name,
      model: config,
      images: { ...rest, ...(text && { text: { length: text.length } }) },
      parameters: parameterCount(specs),
    });
    if (text) await saveTokenizer(partial, { tokenizer: text.tokenizer, maxLength: text.length });
  });
}

/** What an image model is and can do, without its weights. @throws FormatError naming the file and what is wrong with it */
export async function readImageModel(folder: string): Promise<Omit<LoadedImageModel, 'values'>> {
  const parsed = configSchema.safeParse(await readConfig(folder));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(`${join(folder, CONFIG_FILE)}: ${issue!.path.join('.')}: ${issue!.message}`, {
      advice: 'This is no image model. descent train <model> makes one.',
    });
  }
  const { name } = parsed.data;
  const { text, ...rest } = parsed.data.images;
  const images: ModelImages = {
    ...rest,
    ...(text && { text: captionTokens((await loadTokenizer(folder)).tokenizer, text.length) }),
  };
  const { definition } = await findImageModel(name);
  const config = definition.schema.parse(parsed.data.model);
  const model = definition.build(config, imageData(images));
  const lineage = await lineageOf(folder);
  return { folder, definition, config, images, model, ...(lineage && { lineage }) };
}

/** @throws FormatError naming the file and what is wrong with it */
export async function loadImageModel(folder: string): Promise<LoadedImageModel> {
  const read = await readImageModel(folder);
  return { ...read, values: await readWeights(folder, read.model.parameters) };
}
