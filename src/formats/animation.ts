import { createRequire } from 'node:module';
import type Gifenc from 'gifenc';
import type { Canvas } from './pictures.js';

// It is CommonJS that claims to be an ES module: importers do not agree on what its default export is.
const gifenc = createRequire(import.meta.url)('gifenc') as typeof Gifenc;

const grey = Array.from({ length: 256 }, (_, value) => [value, value, value]);

export interface AnimationOptions {
  /** Milliseconds a frame. Default 100. */
  readonly delay?: number;
  /** Milliseconds of the last frame. Default: as the others. */
  readonly hold?: number;
}

/** Canvases of one size as a GIF that runs for ever. */
export function encodeGif(frames: readonly Canvas[], options: AnimationOptions = {}): Uint8Array {
  const { delay: each = 100, hold = each } = options;
  const encoder = gifenc.GIFEncoder();
  frames.forEach(({ width, height, channels, data }, index) => {
    const delay = index === frames.length - 1 ? hold : each;
    if (channels === 1) {
      // Grey levels are their own palette: nothing is lost.
      encoder.writeFrame(data, width, height, { delay, ...(index === 0 && { palette: grey, repeat: 0 }) });
      return;
    }
    const rgba = new Uint8Array(width * height * 4).fill(255);
    for (let pixel = 0; pixel < width * height; pixel++) rgba.set(data.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
    const palette = gifenc.quantize(rgba, 256);
    encoder.writeFrame(gifenc.applyPalette(rgba, palette), width, height, {
      palette,
      delay,
      ...(index === 0 && { repeat: 0 }),
    });
  });
  encoder.finish();
  return encoder.bytes();
}
