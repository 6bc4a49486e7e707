import { ConfigError } from '../../errors.js';
import { gptConfig } from '../../families/autoregressive/gpt-config.js';
import type { LoadedImageModel } from '../../formats/image-model-folder.js';
import type { Ancestor } from '../../formats/lineage.js';
import { eyeOf, withImageToken } from '../../formats/model-eye.js';
import { type LoadedModel, languageModelOf } from '../../formats/model-folder.js';
import type { EyeSettings } from '../../nn/eye-settings.js';
import { initialise, parameterLeaves } from '../../nn/parameters.js';

/**
 * Gives a language model an eye: an image model's encoder, and a projector that has yet to learn. What the model knows of
 * text stays as it was; where its vocabulary has no token for images, it grows by that.
 *
 * @throws ConfigError when the model sees already, or the image model cannot be an eye
 */
export function withEye(
  parent: LoadedModel,
  encoder: LoadedImageModel,
  { settings, seed }: { readonly settings: EyeSettings; readonly seed: number },
): LoadedModel {
  if (parent.eye !== undefined) {
    throw new ConfigError(`${parent.folder} has an eye already (${parent.eye.encoder})`, {
      advice: 'Leave --eye out to train it on.',
    });
  }
  const { eye, values: seen } = eyeOf(encoder, settings);
  const tokenizer = withImageToken(parent.tokenizer);
  const vocabularySize = Math.max(parent.config.vocabularySize, tokenizer.vocabSize);
  const made = { ...parent, config: gptConfig({ ...parent.config, vocabularySize }), tokenizer, eye };
  const fresh = initialise(languageModelOf(made).parameters, seed);
  const shapes = new Map(
    parameterLeaves(languageModelOf(parent).parameters).map(({ path, spec }) => [path, spec.shape]),
  );
  const values: Record<string, Float32Array> = {};
  for (const { path, spec } of parameterLeaves(languageModelOf(made).parameters)) {
    const from = shapes.get(path);
    values[path] = from ? widened(parent.values[path]!, from, spec.shape) : (seen[path] ?? fresh[path]!);
  }
  return { ...made, values };
}

/** A matrix with zeros below or to the right: a token that nothing is known of yet. */
function widened(values: Float32Array, from: readonly number[], to: readonly number[]): Float32Array {
  if (from.join() === to.join()) return values;
  const [rows, columns] = from as [number, number];
  const width = to[1]!;
  const result = new Float32Array(to[0]! * width);
  for (let row = 0; row < rows; row++) result.set(values.subarray(row * columns, (row + 1) * columns), row * width);
  return result;
}

/** An image model as an ancestor of a language model that sees with it. */
export const eyeAsAncestor = ({ folder, lineage, definition }: LoadedImageModel): Ancestor => ({
  role: 'eye',
  name: lineage?.name ?? definition.name,
  ...(lineage && { id: lineage.id }),
  path: folder,
});
