import gifenc from 'gifenc';
import type { Canvas } from './pictures.js';

const grey = Array.from({ length: 256 }, (_, value) => [value, value, value]);

/**
 * Canvases of one size as a GIF that runs for ever.
 *
 * @param delay milliseconds a frame
 */
export function encodeGif(frames: readonly Canvas[], delay = 100): Uint8Array {
  const encoder = gifenc.GIFEncoder();
  frames.forEach(({ width, height, channels, data }, index) => {
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
