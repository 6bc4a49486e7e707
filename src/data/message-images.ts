import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError } from '../errors.js';
import type { Message, MessageImage, Pixels } from '../tokenizer/chat.js';
import { BadRowError, type BadRows, type Place, reportBadRow } from './bad-rows.js';
import type { Chat } from './chats.js';
import { type Picture, decodePicture } from './images/decode.js';
import { type FitOptions, fitted } from './images/fit.js';
import type { ImageShape } from './images/image-set.js';
import { toChannels } from './images/resample.js';

/** The images that a model sees: their size, and how others are brought to it. */
export interface Sight extends Pick<FitOptions, 'fit' | 'filter'> {
  readonly shape: ImageShape;
}

/** Told of each image that was brought to the model's size. */
export type OnResize = (resized: { readonly name: string; readonly from: ImageShape; readonly to: ImageShape }) => void;

/** What a person calls a place of an image. */
export const imageName = (url: string): string => (url.startsWith('data:') ? 'an image in a data: URL' : url);

async function bytesOf(url: string, folder: string): Promise<Uint8Array> {
  if (/^https?:/i.test(url)) {
    throw new DataError(`${url} lies on another machine, and images are not fetched`, {
      advice: 'Save it as a file, or give it as a data: URL.',
    });
  }
  if (url.startsWith('data:')) {
    const [, base64] = /^data:image\/(?:png|jpe?g);base64,([A-Za-z0-9+/=\s]+)$/i.exec(url) ?? [];
    if (base64 !== undefined) return Buffer.from(base64, 'base64');
    throw new DataError('A data: URL holds no PNG or JPEG in base64', {
      advice: 'It begins with data:image/png;base64, (or image/jpeg).',
    });
  }
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const file = isAbsolute(path) ? path : join(folder, path);
  return readFile(file).catch((cause: unknown) => {
    throw new DataError(`The image ${file} cannot be read`, { cause, advice: 'Give the path of a PNG or JPEG.' });
  });
}

/** A picture as a model sees it; of the size that it has already, nothing changes. */
export function asSeen(picture: Picture, { shape, ...fit }: Sight): Pixels {
  const { channels, height, width } = shape;
  if (height !== width && (picture.height !== height || picture.width !== width)) {
    throw new DataError(`The image is ${picture.width} x ${picture.height}, and the model sees ${width} x ${height}`, {
      advice: 'Images are brought to squares only: give one of this size.',
    });
  }
  const square = fitted(picture, { ...fit, size: height });
  return { channels, height, width, pixels: toChannels(square.pixels, square, channels) };
}

export interface ReadImageOptions {
  readonly sight: Sight;
  /** Paths are relative to this. Default: the current folder. */
  readonly folder?: string;
  readonly onResize?: OnResize;
}

/** Reads an image from a file or a data: URL. @throws DataError when it is not there, or BadRowError when damaged */
export async function readMessageImage(url: string, options: ReadImageOptions): Promise<Pixels> {
  const { sight, folder = '.', onResize } = options;
  const picture = await decodePicture(await bytesOf(url, folder), imageName(url));
  const { channels, height, width } = picture;
  const to = sight.shape;
  if (height !== to.height || width !== to.width)
    onResize?.({ name: imageName(url), from: { channels, height, width }, to });
  return asSeen(picture, sight);
}

/** Messages whose images are read, in the size that the model sees. */
export const withPixels = (messages: readonly Message[], options: ReadImageOptions): Promise<Message[]> =>
  Promise.all(
    messages.map(async (message): Promise<Message> => {
      if (message.images === undefined) return message;
      const read = async (image: MessageImage): Promise<MessageImage> =>
        image.pixels || image.url === undefined
          ? image
          : { ...image, pixels: await readMessageImage(image.url, options) };
      return { ...message, images: await Promise.all(message.images.map(read)) };
    }),
  );

/**
 * Dialogues whose images are read; paths are relative to the file that a dialogue is from.
 *
 * @throws BadRowError for an image that cannot be read, unless `badRows` is given
 */
export async function* chatsWithPixels(
  chats: AsyncIterable<Chat> | Iterable<Chat>,
  options: Omit<ReadImageOptions, 'folder'> & { readonly badRows?: BadRows },
): AsyncGenerator<Chat> {
  const { badRows, ...reading } = options;
  for await (const chat of chats) {
    let messages: Message[];
    try {
      messages = await withPixels(chat.messages, { ...reading, folder: dirname(chat.file) });
    } catch (error) {
      reportBadRow(badRows, badRow(error, chat));
      continue;
    }
    yield { ...chat, messages };
  }
}

/** What is wrong with an image, at the place of its dialogue. */
function badRow(cause: unknown, place: Place): unknown {
  if (!(cause instanceof DataError)) return cause;
  const why = cause instanceof BadRowError ? `${cause.place.file}: ${cause.why}` : cause.message;
  return new BadRowError(place, { field: 'image', why, cause });
}
