import { DataError } from '../../errors.js';
import { BadRowError, type BadRows, reportBadRow } from '../bad-rows.js';
import { captionsOf } from './captions.js';
import { type Picture, decodePicture, isPictureName } from './decode.js';
import type { NamedBytes } from './entries.js';
import { type FitOptions, changesBy, channelsOf, fitted } from './fit.js';
import { type ImageSet, type ImageShape, dimensions } from './image-set.js';
import { classFolder } from './parts.js';
import { toChannels } from './resample.js';

/** Pictures that are decoded side by side. */
const atOnce = 64;

interface ReadPicture {
  readonly name: string;
  readonly file: string;
  readonly picture: Picture;
  /** As it was in the file. */
  readonly original: ImageShape;
}

export interface PicturesRead {
  readonly images: ImageSet;
  /** Of each image's file. */
  readonly names: readonly string[];
  /** As `changesBy`. */
  readonly changes: string;
}

/**
 * Pictures in folders as one set, those of every part: so they have one numbering of classes, and one number of
 * channels. The folder directly around them is the class, where there are several such; of captions see `captionsOf`.
 */
export async function imagesFromPictures(
  files: readonly NamedBytes[],
  path: string,
  options: FitOptions & {
    readonly badRows?: BadRows;
    /** A folder with one of these names is a class, also where it is the only one. */
    readonly classes?: readonly string[];
    readonly signal?: AbortSignal;
  },
): Promise<PicturesRead> {
  const decoded = await decodeAll(files, options);
  if (decoded.length === 0) throw new DataError(`${path}: none of its pictures could be read`);
  const { labelNames, pictures } = classified(decoded, options);
  const originals = pictures.map(({ original }) => original);
  const channels = channelsOf(originals, options);
  const [first] = pictures;
  const { height, width } = first!.picture;
  const odd = pictures.find(({ picture }) => picture.height !== height || picture.width !== width);
  if (odd !== undefined) {
    const { picture } = odd;
    throw new DataError(
      `${path}/${odd.name} is ${picture.width} x ${picture.height}, and ${first!.name} is ${width} x ${height}`,
      { advice: 'Models see images of one size: give --size to bring them to it.' },
    );
  }
  const shape = { channels, height, width };
  const size = dimensions(shape);
  const pixels = new Uint8Array(pictures.length * size);
  pictures.forEach(({ picture }, index) => {
    pixels.set(toChannels(picture.pixels, picture, channels), index * size);
  });
  const names = pictures.map(({ name }) => name);
  const labels = labelNames && Int32Array.from(names, (name) => labelNames.indexOf(classFolder(name)!));
  const captions = await captionsOf(files, names, options.badRows);
  const images = {
    ...{ name: path, count: pictures.length, ...shape, pixels },
    ...(labels && { labels, labelNames }),
    ...(captions && { captions }),
  };
  return { images, names, changes: changesBy(options, originals) };
}

async function decodeAll(
  files: readonly NamedBytes[],
  options: FitOptions & { readonly badRows?: BadRows; readonly signal?: AbortSignal },
): Promise<ReadPicture[]> {
  const pictures: ReadPicture[] = [];
  const named = files.filter(({ name }) => isPictureName(name));
  for (let at = 0; at < named.length; at += atOnce) {
    options.signal?.throwIfAborted();
    const decoding = named.slice(at, at + atOnce).map(async ({ name, file, read }): Promise<ReadPicture> => {
      const whole = await decodePicture(await read(), file);
      const { channels, height, width } = whole;
      return { name, file, picture: fitted(whole, options), original: { channels, height, width } };
    });
    for (const result of await Promise.allSettled(decoding)) {
      if (result.status === 'fulfilled') pictures.push(result.value);
      else reportBadRow(options.badRows, result.reason);
    }
  }
  return pictures;
}

/**
 * The classes where there are several, or one that is known.
 *
 * @throws BadRowError for a picture that is in none of them, unless there is a list of bad rows
 */
function classified(
  pictures: readonly ReadPicture[],
  { badRows, classes = [] }: { readonly badRows?: BadRows; readonly classes?: readonly string[] },
): { labelNames?: readonly string[]; pictures: readonly ReadPicture[] } {
  const folders = pictures.map(({ name }) => classFolder(name));
  const labelNames = [...new Set(folders)].filter((folder) => folder !== undefined).sort();
  if (labelNames.length < 2 && !labelNames.some((name) => classes.includes(name))) return { pictures };
  const inside = pictures.filter(({ file }, index) => {
    if (folders[index] !== undefined) return true;
    const why = `in no folder of a class, where others are in ${labelNames.slice(0, 3).join(', ')}`;
    const advice = 'Put it into the folder of its class, or pass --skip-bad to leave out pictures like this.';
    reportBadRow(badRows, new BadRowError({ file, line: 1 }, { why, advice }));
    return false;
  });
  return { labelNames, pictures: inside };
}
