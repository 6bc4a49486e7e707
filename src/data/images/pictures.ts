import { dirname, posix } from 'node:path';
import { BadRowError, type BadRows, reportBadRow } from '../bad-rows.js';
import { DataError } from '../../errors.js';
import { type Json, isObject } from '../json.js';
import { type Picture, decodePicture, isPictureName } from './decode.js';
import { type ImageSet, dimensions } from './image-set.js';
import { type Filter, centreImage, resample, toBytes, toChannels } from './resample.js';
import type { NamedBytes } from './entries.js';

export interface PictureOptions {
  /** Side of the square that every picture is made to fit. Default: the pictures' own size, which must be one. */
  readonly size?: number;
  /** Whether the shorter side fills the square and the rest is cut, or the longer one does and the rest is white. */
  readonly fit?: 'crop' | 'pad';
  readonly filter?: Filter;
  /** 1: grey; 3: colour. Default: colour where one picture has some. */
  readonly channels?: 1 | 3;
}

/** Pictures that are decoded side by side. */
const atOnce = 64;

/**
 * Pictures in folders as one set. The folder directly around them is the label, where there are several such;
 * captions come from a `captions.jsonl` or `metadata.jsonl` ({"file_name", "caption" or "text"}), or from a .txt file
 * of the same name.
 */
export async function imagesFromPictures(
  files: readonly NamedBytes[],
  path: string,
  options: PictureOptions & { readonly badRows?: BadRows; readonly signal?: AbortSignal },
): Promise<ImageSet> {
  const pictures: { name: string; picture: Picture }[] = [];
  const named = files.filter((entry) => isPictureName(entry.name));
  for (let at = 0; at < named.length; at += atOnce) {
    options.signal?.throwIfAborted();
    const decoding = named.slice(at, at + atOnce).map(async ({ name, file, read }) => {
      const picture = fitted(await decodePicture(await read(), file), options);
      return { name, picture };
    });
    for (const result of await Promise.allSettled(decoding)) {
      if (result.status === 'fulfilled') pictures.push(result.value);
      else reportBadRow(options.badRows, result.reason);
    }
  }
  if (pictures.length === 0) throw new DataError(`${path}: none of its pictures could be read`);
  const channels = options.channels ?? Math.max(...pictures.map(({ picture }) => picture.channels));
  const [first] = pictures;
  const { height, width } = first!.picture;
  const odd = pictures.find(({ picture }) => picture.height !== height || picture.width !== width);
  if (odd !== undefined) {
    const { picture } = odd;
    throw new DataError(
      `${path}/${odd.name} is ${picture.width} x ${picture.height}, and ${first!.name} is ${width} x ${height}`,
      { advice: 'Models see images of one size: give --images.size to bring them to it.' },
    );
  }
  const shape = { channels, height, width };
  const size = dimensions(shape);
  const pixels = new Uint8Array(pictures.length * size);
  pictures.forEach(({ picture }, index) => {
    pixels.set(toChannels(picture.pixels, picture, channels), index * size);
  });
  const names = pictures.map(({ name }) => name);
  const captions = await captionsOf(files, names);
  return { name: path, count: pictures.length, ...shape, pixels, ...labelsOf(names), ...(captions && { captions }) };
}

function fitted(picture: Picture, { size, fit = 'crop', filter }: PictureOptions): Picture {
  if (size === undefined || (picture.height === size && picture.width === size)) return picture;
  const { channels, height, width } = picture;
  const scale = size / (fit === 'crop' ? Math.min(height, width) : Math.max(height, width));
  const scaled = { height: Math.max(1, Math.round(height * scale)), width: Math.max(1, Math.round(width * scale)) };
  const pixels = toBytes(resample(picture.pixels, picture, scaled, filter));
  const square = { height: size, width: size };
  return { channels, ...square, pixels: centreImage(pixels, { channels, ...scaled }, square, 255) };
}

function labelsOf(names: readonly string[]): Pick<ImageSet, 'labels' | 'labelNames'> {
  const folders = names.map((name) => posix.basename(dirname(name)));
  const labelNames = [...new Set(folders)].sort();
  if (labelNames.length < 2) return {};
  return { labels: Int32Array.from(folders, (folder) => labelNames.indexOf(folder)), labelNames };
}

async function captionsOf(files: readonly NamedBytes[], names: readonly string[]): Promise<string[] | undefined> {
  const captions = new Map<string, string>();
  const stem = (name: string): string => name.replace(/\.[^./]+$/, '');
  for (const { name, file, read } of files) {
    if (/(^|\/)(captions|metadata)\.jsonl$/.test(name)) {
      const lines = Buffer.from(await read())
        .toString('utf8')
        .split('\n');
      for (const [index, line] of lines.entries()) {
        if (line.trim() === '') continue;
        const { key, caption } = captionRow(line, { file, line: index + 1 });
        captions.set(stem(posix.join(dirname(name), key)), caption);
      }
    } else if (name.endsWith('.txt')) {
      captions.set(
        stem(name),
        Buffer.from(await read())
          .toString('utf8')
          .trim(),
      );
    }
  }
  const found = names.map((name) => captions.get(stem(name)));
  return found.every((caption) => caption !== undefined) ? found : undefined;
}

function captionRow(line: string, place: { file: string; line: number }): { key: string; caption: string } {
  let row: Json;
  try {
    row = JSON.parse(line) as Json;
  } catch (cause) {
    throw new BadRowError(place, { why: 'not JSON', cause });
  }
  const field = (...fields: string[]): string => {
    const value = isObject(row) ? fields.map((name) => row[name]) : [];
    const text = value.find((item) => typeof item === 'string');
    if (typeof text !== 'string') throw new BadRowError(place, { field: fields[0]!, why: 'missing, or not text' });
    return text;
  };
  return { key: field('file_name', 'image', 'file'), caption: field('caption', 'text') };
}
