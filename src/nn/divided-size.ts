import { ConfigError } from '../errors.js';

/**
 * How many blocks of pixels an image is, down and across: patches, or the grid that a network with strides makes of it.
 *
 * @param what the blocks, with the setting that gives them their side, for the message
 * @param or what else than the images could be changed. Default: nothing
 * @throws ConfigError when the blocks do not divide the image
 */
export function dividedSize(
  { height, width }: { readonly height: number; readonly width: number },
  side: number,
  { what, or }: { readonly what: string; readonly or?: string },
): { readonly height: number; readonly width: number } {
  if (height % side !== 0 || width % side !== 0) {
    const advice = 'ive images of another size (--size).';
    throw new ConfigError(`${what} of side ${side} do not divide images of ${height} x ${width}`, {
      advice: or === undefined ? `G${advice}` : `${or}, or g${advice}`,
    });
  }
  return { height: height / side, width: width / side };
}

/** Sides of an image after some halvings by convolutions. @throws ConfigError as above: the way back would end at another size */
export const halved = (
  image: { readonly height: number; readonly width: number },
  times: number,
): { readonly height: number; readonly width: number } =>
  dividedSize(image, 2 ** times, { what: `${times} ${times === 1 ? 'halving' : 'halvings'}: blocks` });
