import { ConfigError } from '../errors.js';

/**
 * Sides of an image after some halvings by convolutions.
 *
 * @throws ConfigError when the sides do not divide: the way back would end at another size
 */
export function halved(
  { height, width }: { readonly height: number; readonly width: number },
  times: number,
): { readonly height: number; readonly width: number } {
  const factor = 2 ** times;
  if (height % factor !== 0 || width % factor !== 0) {
    throw new ConfigError(`images of ${height} x ${width}: the sides have to divide by ${factor}`, {
      advice: 'Give images of another size (--size).',
    });
  }
  return { height: height / factor, width: width / factor };
}
