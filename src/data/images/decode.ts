import { decode as decodePng } from 'fast-png';
import { BadRowError } from '../bad-rows.js';
import type { ImageShape } from './image-set.js';

/** One picture: [channels, height, width], 0 to 255. */
export interface Picture extends ImageShape {
  readonly pixels: Uint8Array;
}

/** Endings of the pictures that can be read. */
export const isPictureName = (name: string): boolean => /\.(png|jpe?g)$/i.test(name);

/**
 * Decodes a PNG or JPEG. Transparent pixels are laid on white; 16 bits are cut to 8; a palette is looked up; a picture
 * of a camera is turned the right way up.
 *
 * @throws BadRowError naming the file when it is damaged, or a JPEG and the package sharp is not there
 */
export async function decodePicture(bytes: Uint8Array, file: string): Promise<Picture> {
  try {
    return bytes[0] === 0x89 ? png(bytes) : await jpeg(bytes);
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND';
    throw new BadRowError(
      { file, line: 1 },
      missing
        ? { why: 'JPEG needs the package sharp', advice: 'npm install sharp, or convert the images to PNG.', cause }
        : { why: `damaged image (${cause instanceof Error ? cause.message : String(cause)})`, cause },
    );
  }
}

function png(bytes: Uint8Array): Picture {
  const { width, height, channels: depth, data, palette, transparency, depth: bits } = decodePng(bytes);
  const area = width * height;
  const perPixel = palette === undefined ? depth : 1;
  const limit = 2 ** bits - 1;
  // Grey below 8 bits comes packed, as do the indices of small palettes.
  const packed = bits < 8;
  const rowBytes = Math.ceil((width * perPixel * bits) / 8);
  const sample = (pixel: number, channel: number): number => {
    if (!packed) return data[pixel * perPixel + channel]!;
    const position = (pixel % width) * perPixel + channel;
    const byte = data[Math.floor(pixel / width) * rowBytes + Math.floor((position * bits) / 8)]!;
    return (byte >> (8 - bits - ((position * bits) % 8))) & limit;
  };
  const toByte = (value: number): number => (bits === 8 ? value : Math.round((value * 255) / limit));
  const isGrey = palette === undefined && depth <= 2;
  const channels = isGrey ? 1 : 3;
  const hasAlpha = palette === undefined && (depth === 2 || depth === 4);
  const key = transparency === undefined ? undefined : Array.from(transparency);
  const pixels = new Uint8Array(channels * area);
  for (let pixel = 0; pixel < area; pixel++) {
    const raw = Array.from({ length: palette === undefined ? channels : 1 }, (_, channel) => sample(pixel, channel));
    const entry = palette === undefined ? undefined : palette[raw[0]!];
    if (palette !== undefined && entry === undefined) throw new Error(`no colour ${raw[0]!} in the palette`);
    const colour = entry === undefined ? raw.map(toByte) : entry.slice(0, 3);
    let alpha = entry?.[3] ?? 255;
    if (hasAlpha) alpha = toByte(sample(pixel, depth - 1));
    else if (entry === undefined && key !== undefined && raw.every((value, channel) => value === key[channel]))
      alpha = 0;
    for (let channel = 0; channel < channels; channel++) {
      pixels[channel * area + pixel] = Math.round((colour[channel]! * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { channels, height, width, pixels };
}

async function jpeg(bytes: Uint8Array): Promise<Picture> {
  const { default: sharp } = await import('sharp');
  const { space } = await sharp(bytes).metadata();
  // Cameras store pictures as the sensor lay, and the way up beside them; rotate() without an angle turns them by it.
  const decoded = sharp(bytes, { failOn: 'error' }).rotate().flatten({ background: '#fff' });
  const { data, info } = await decoded
    .toColourspace(space === 'b-w' ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const area = width * height;
  const pixels = new Uint8Array(channels * area);
  for (let index = 0; index < data.length; index++) {
    pixels[(index % channels) * area + Math.floor(index / channels)] = data[index]!;
  }
  return { channels, height, width, pixels };
}
