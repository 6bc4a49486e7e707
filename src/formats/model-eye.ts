import { z } from 'zod';
import { filterNames } from '../data/images/resample.js';
import type { Sight } from '../data/message-images.js';
import { ConfigError } from '../errors.js';
import { type EyeSettings, eyeSettingsSchema } from '../nn/eye-settings.js';
import { type Eye, eye } from '../nn/eye.js';
import type { ImageModel, PartFeatures } from '../nn/image-model.js';
import { parameterLeaves } from '../nn/parameters.js';
import { IMAGE_TOKEN } from '../tokenizer/control-tokens.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { type LoadedImageModel, imageData } from './image-model-folder.js';
import { findImageModel } from './image-models.js';

/** The eye of a language model, as its folder tells of it: which image model, for which images, and how it is read. */

export const eyeSchema = z.object({
  encoder: z.string(),
  model: z.record(z.string(), z.unknown()),
  data: z.object({
    channels: z.int().positive(),
    height: z.int().positive(),
    width: z.int().positive(),
    levels: z.int().positive(),
    classes: z.int().nonnegative(),
    text: z.object({ vocabulary: z.int().positive(), length: z.int().positive() }).optional(),
  }),
  reading: z.object({ fit: z.enum(['crop', 'pad']), filter: z.enum(filterNames) }),
  ...eyeSettingsSchema.shape,
});

export interface ModelEye extends z.output<typeof eyeSchema> {
  readonly parts: PartFeatures;
}

function partsOf({ parts }: ImageModel, name: string): PartFeatures {
  if (parts !== undefined) return parts;
  throw new ConfigError(`A ${name} makes nothing of the parts of an image, so it cannot be an eye`, {
    advice: 'descent train mae and descent train clip make models that can.',
  });
}

/** Builds the encoder that a folder tells of. */
export async function modelEye(told: z.output<typeof eyeSchema>): Promise<ModelEye> {
  const { definition } = await findImageModel(told.encoder);
  const model = definition.build(definition.schema.parse(told.model), told.data);
  return { ...told, parts: partsOf(model, told.encoder) };
}

/**
 * An image model as an eye, and its weights under the names that they have there.
 *
 * @throws ConfigError when it makes nothing of the parts of an image, or does not look at whole pixels
 */
export function eyeOf(
  { definition, config, images, model, values }: LoadedImageModel,
  settings: EyeSettings,
): { eye: ModelEye; values: Record<string, Float32Array> } {
  if (images.pixels !== 'bytes') {
    throw new ConfigError(`This ${definition.name} looks at pixels of two values (${images.pixels})`, {
      advice: 'Train it with --pixels bytes.',
    });
  }
  const { fit = 'crop', filter = 'bicubic' } = images.reading ?? {};
  const parts = partsOf(model, definition.name);
  const paths = parameterLeaves(parts.parameters).map(({ path }) => path);
  return {
    eye: {
      ...settings,
      encoder: definition.name,
      model: config,
      data: imageData(images),
      reading: { fit, filter },
      parts,
    },
    values: Object.fromEntries(paths.map((path) => [`eye.encoder.${path}`, values[path]!])),
  };
}

/** What is written of it. */
export const eyeJson = ({ parts: _parts, ...told }: ModelEye): z.output<typeof eyeSchema> => told;

/** The program of an eye, for a language model of this width. */
export const builtEye = ({ parts, data, tokens, projector }: ModelEye, width: number, placeholder: number): Eye =>
  eye({ parts, data, projector, width, placeholder, ...(tokens !== null && { tokens }) });

/** The images that it sees. */
export const sightOf = ({ data, reading }: ModelEye): Sight => ({ ...reading, shape: data });

/** Tokens that an image takes. */
export const imageTokensOf = ({ tokens, parts }: ModelEye): number => tokens ?? parts.count;

/** How a model's dialogues become tokens: to one that sees, an image is so many. */
export const imagesAs = (eye: ModelEye | undefined): { imageTokens?: number } =>
  eye ? { imageTokens: imageTokensOf(eye) } : {};

/** The tokenizer with the token that keeps places for images. */
export const withImageToken = (tokenizer: Tokenizer): Tokenizer => tokenizer.withControlTokens([IMAGE_TOKEN]);
