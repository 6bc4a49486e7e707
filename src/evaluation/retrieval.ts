import { classesOf } from '../data/images/image-set.js';
import { type Accuracy, accuracyOf } from './accuracy.js';
import { rowMaxima } from './classification.js';
import { type EmbedOptions, embedImages, embedTexts, nearest, similarities } from './embeddings.js';
import type { Matrix } from './features.js';

/** How well images and captions find each other, and what that says of classes nobody trained on. */

/** A share of queries whose answer is among the first `k`. */
export interface RetrievalFigure extends Omit<Accuracy, 'images'> {
  readonly k: number;
  readonly queries: number;
  /** Among how many. */
  readonly candidates: number;
  /** The share that an order by chance would have. */
  readonly chance: number;
}

export interface Retrieval {
  /** An image looks for its caption among all different captions. */
  readonly imageToText: RetrievalFigure;
  /** A caption looks for an image that has it. */
  readonly textToImage: RetrievalFigure;
}

/**
 * Each image has one caption here, its first. A caption that several images have is found with any of them.
 *
 * @param similarity [images, captions]
 * @param captionOf of each image, which of the captions is its own
 */
export function retrievalOf(similarity: Matrix, captionOf: Int32Array, k: number): Retrieval {
  const { count: images, size: captions, values } = similarity;
  const imagesWith = new Int32Array(captions);
  captionOf.forEach((caption) => imagesWith[caption]!++);
  const rows = Array.from({ length: images }, (_, image) => values.subarray(image * captions, (image + 1) * captions));
  const columns = Array.from({ length: captions }, (_, caption) =>
    Float32Array.from({ length: images }, (__, image) => values[image * captions + caption]!),
  );
  return {
    imageToText: figureOf(
      rows.map((row, image) => nearest(row, k).includes(captionOf[image]!)),
      { k, candidates: captions, chances: rows.map(() => chanceOf(1, captions, k)) },
    ),
    textToImage: figureOf(
      columns.map((column, caption) => nearest(column, k).some((image) => captionOf[image] === caption)),
      { k, candidates: images, chances: columns.map((_, caption) => chanceOf(imagesWith[caption]!, images, k)) },
    ),
  };
}

function figureOf(
  found: readonly boolean[],
  { k, candidates, chances }: { k: number; candidates: number; chances: readonly number[] },
): RetrievalFigure {
  const queries = found.length;
  const accuracy = found.filter(Boolean).length / queries;
  const chance = chances.reduce((sum, value) => sum + value, 0) / queries;
  const standardError = Math.sqrt((accuracy * (1 - accuracy)) / queries);
  return { k, accuracy, standardError, chance, queries, candidates };
}

/** That one of `right` among `all` is within the first k of an order by chance: 1 − Π (1 − right / (all − i)). */
export function chanceOf(right: number, all: number, k: number): number {
  let missed = 1;
  for (let drawn = 0; drawn < Math.min(k, all); drawn++) missed *= Math.max(0, 1 - right / (all - drawn));
  return 1 - missed;
}

/** Retrieval both ways over images that no model saw. */
export async function retrieval(options: EmbedOptions, { k = 5 }: { k?: number } = {}): Promise<Retrieval> {
  const firsts = options.images.captions!.map(([first]) => first!.toLowerCase());
  const captions = [...new Set(firsts)];
  const [images, texts] = [await embedImages(options), await embedTexts(captions, options)];
  const place = new Map(captions.map((caption, index) => [caption, index]));
  return retrievalOf(
    similarities(images, texts),
    Int32Array.from(firsts, (caption) => place.get(caption)!),
    k,
  );
}

/** Sentences around the name of a class, which stands for {}. */
const defaultPrompts = ['{}', 'a {}'];

/** Names classes by the nearest of the points of their prompts; no label was seen in training. */
export interface ZeroShotFigure extends Accuracy {
  readonly classes: number;
  readonly prompts: readonly string[];
}

/**
 * Zero-shot classification (Radford et al. 2021, section 3.1): of each class the mean of its prompts' points.
 *
 * @param names of the classes; default: the names of the labels
 */
export async function zeroShot(
  options: EmbedOptions,
  {
    prompts = defaultPrompts,
    names = options.images.labelNames ?? [],
  }: { prompts?: readonly string[]; names?: readonly string[] } = {},
): Promise<ZeroShotFigure> {
  const images = await embedImages(options);
  const texts = names.flatMap((name) => prompts.map((prompt) => prompt.replaceAll('{}', name)));
  const points = await embedTexts(texts, options);
  const guesses = rowMaxima(similarities(images, meanPoints(points, prompts.length)));
  return { ...accuracyOf(guesses, options.images.labels!), classes: classesOf(options.images), prompts };
}

/** The mean of every `each` rows, of length 1. */
function meanPoints({ count, size, values }: Matrix, each: number): Matrix {
  const means = new Float32Array((count / each) * size);
  values.forEach((value, at) => (means[Math.floor(at / size / each) * size + (at % size)]! += value));
  for (let start = 0; start < means.length; start += size) {
    const point = means.subarray(start, start + size);
    const length = Math.sqrt(point.reduce((sum, value) => sum + value ** 2, 0));
    point.forEach((value, i) => (point[i] = value / length));
  }
  return { count: count / each, size, values: means };
}
