import { type ImageSet, selectImages } from '../data/images/image-set.js';
import { DataError } from '../errors.js';
import { embedImages, embedTexts, nearest, similarities } from '../evaluation/embeddings.js';
import { type Canvas, grid } from '../formats/pictures.js';
import { type OpenImageModel, embeddingOptions } from './open-image-model.js';

/** Looking for images by words. */

export interface FoundImage {
  /** Its place among the images. */
  readonly index: number;
  /** The cosine of the angle between its point and the text's: −1 to 1. */
  readonly similarity: number;
  /** What it is called, where it has a caption. */
  readonly caption?: string;
}

/** The images that a model finds nearest to a text, the nearest first. @throws ConfigError when it does not compare them */
export async function searchImages(
  open: OpenImageModel,
  images: ImageSet,
  { query, count, signal }: { query: string; count: number; signal?: AbortSignal },
): Promise<FoundImage[]> {
  if (query.trim() === '') throw new DataError('There is nothing to search for', { advice: 'Give some words.' });
  const options = embeddingOptions(open, images, { ...(signal && { signal }) });
  const { values } = similarities(await embedTexts([query], options), await embedImages(options));
  return nearest(values, count).map((index) => {
    const [caption] = images.captions?.[index] ?? [];
    return { index, similarity: values[index]!, ...(caption !== undefined && { caption }) };
  });
}

/** The images that were found, in a grid. */
export const foundPicture = (images: ImageSet, found: readonly FoundImage[], columns?: number): Canvas => {
  const shown = selectImages(
    images,
    found.map(({ index }) => index),
  );
  return grid(
    { ...shown, values: shown.pixels, largest: 255 },
    { scale: 2, ...(columns !== undefined && { columns }) },
  );
};
