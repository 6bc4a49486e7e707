import { DataError } from '../../errors.js';
import { counterRandom, shuffle } from '../../tensor/random.js';
import { type ImageSet, selectImages } from './image-set.js';

/**
 * Keeps a share of the training images apart: for choosing between settings, or to measure on. They are spread evenly
 * over the set, since folders come sorted by class, and the last ones would all be of one. Images that share a caption
 * stay together, so that what is held out was never named in training; there, groups are drawn by chance until there are
 * about so many images.
 *
 * @throws DataError when that many cannot be held out
 */
export function holdOutImages(images: ImageSet, count: number): { train: ImageSet; validation: ImageSet } {
  if (images.count - count < 1 || count < 1) {
    throw new DataError(`${images.name}: ${count} of ${images.count} images cannot be held out`, {
      advice: 'Hold out at least one, and keep at least one to train on.',
    });
  }
  const held = new Set(heldGroups(images, count) ?? evenly(images.count, count));
  const all = Array.from({ length: images.count }, (_, index) => index);
  return {
    train: selectImages(
      images,
      all.filter((index) => !held.has(index)),
    ),
    validation: selectImages(images, [...held]),
  };
}

const evenly = (of: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.floor(((index + 0.5) * of) / count));

/** Groups are of use while they are small: where most images share their captions, there is nothing unseen to keep. */
const largestGroup = 0.05;

function heldGroups({ captions, count: of }: ImageSet, count: number): number[] | undefined {
  if (captions === undefined) return undefined;
  const groups = sharingGroups(captions);
  if (groups.some((group) => group.length > largestGroup * of)) return undefined;
  const held: number[] = [];
  for (const group of shuffle(counterRandom(0, 'images held out', 0), groups)) {
    if (held.length >= count) break;
    // A group that would make it many more is passed over.
    if (held.length === 0 || held.length + group.length <= 1.1 * count) held.push(...group);
  }
  return held.length > 0 && held.length < of ? held.sort((a, b) => a - b) : undefined;
}

/** Images that are connected by captions they have in common, whatever their case. */
export function sharingGroups(captions: readonly (readonly string[])[]): number[][] {
  const parent = Array.from(captions.keys());
  const rootOf = (index: number): number => {
    let root = index;
    while (parent[root] !== root) root = parent[root] = parent[parent[root]!]!;
    return root;
  };
  const firstWith = new Map<string, number>();
  captions.forEach((own, index) => {
    for (const caption of own) {
      const key = caption.toLowerCase();
      const first = firstWith.get(key);
      if (first === undefined) firstWith.set(key, index);
      else parent[rootOf(index)] = rootOf(first);
    }
  });
  const groups = new Map<number, number[]>();
  for (const index of captions.keys()) {
    const root = rootOf(index);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}
