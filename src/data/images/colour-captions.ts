import { DataError } from '../../errors.js';
import type { Captions } from './captions.js';
import { withArticle } from './english.js';
import { type ImageSet, imageAt } from './image-set.js';

/** Captions that say what colour a thing is, for pictures whose captions rarely do: "a red heart" beside "heart". */

export const colourWords = [
  'black',
  'grey',
  'white',
  'red',
  'pink',
  'brown',
  'orange',
  'yellow',
  'green',
  'blue',
  'purple',
] as const;
export type ColourWord = (typeof colourWords)[number];

/** Paper that a drawing stands on is not a colour of it. */
const paper = 250;
/** Of what is not paper, the least share that has the colour. */
const leastShare = 0.5;

/**
 * The colour that at least half of a drawing on white has; undefined where none has, and for an empty one.
 *
 * @param pixels [3, height, width], 0 to 255
 */
export function colourOf(pixels: ArrayLike<number>): ColourWord | undefined {
  const area = pixels.length / 3;
  const counts = new Map<ColourWord, number>();
  let drawn = 0;
  for (let at = 0; at < area; at++) {
    const [red, green, blue] = [pixels[at]!, pixels[area + at]!, pixels[2 * area + at]!];
    if (Math.min(red, green, blue) >= paper) continue;
    const word = colourWord(red, green, blue);
    counts.set(word, (counts.get(word) ?? 0) + 1);
    drawn++;
  }
  for (const [word, count] of counts) if (count >= leastShare * drawn) return word;
  return undefined;
}

/** What one would call a colour (sRGB, 0 to 255): ranges of lightness, chroma and hue in CIELAB, set by eye. */
export function colourWord(red: number, green: number, blue: number): ColourWord {
  const [lightness, a, b] = cielab(red, green, blue);
  const chroma = Math.hypot(a, b);
  if (chroma < 14) return lightness < 30 ? 'black' : lightness < 88 ? 'grey' : 'white';
  const hue = ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;
  if (hue < 18 || hue >= 340) return lightness > 62 ? 'pink' : 'red';
  if (hue < 48) {
    if (chroma < 50) return lightness > 62 ? 'pink' : 'brown';
    return lightness > 62 ? 'orange' : 'red';
  }
  if (hue < 75) return lightness < 58 || chroma < 40 ? 'brown' : 'orange';
  if (hue < 105) return lightness < 55 ? 'brown' : 'yellow';
  if (hue < 200) return 'green';
  // The strongest blues of screens have hues that are purple in paler colours.
  return hue < (chroma > 100 ? 310 : 295) ? 'blue' : 'purple';
}

/** sRGB (0 to 255, white of D65) as CIE 1976 L*, a*, b* (IEC 61966-2-1; CIE 15:2004, 8.2.1). */
function cielab(...srgb: readonly [number, number, number]): [number, number, number] {
  const [red, green, blue] = srgb.map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const root = (value: number): number => (value > (6 / 29) ** 3 ? Math.cbrt(value) : (841 / 108) * value + 4 / 29);
  const x = root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
  const y = root(0.2126 * red + 0.7152 * green + 0.0722 * blue);
  const z = root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const namesColour = new RegExp(`\\b(${colourWords.join('|')}|gray)\\b`, 'i');

/**
 * Gives each image beside its captions the same with the colour that most of it has; a caption that names a colour
 * itself is left as it is.
 *
 * @throws DataError when the images are grey or have no captions
 */
export function withColours(images: ImageSet): ImageSet {
  const { captions, name } = images;
  if (captions === undefined || images.channels !== 3) {
    const what = captions === undefined ? 'no captions' : 'no colour';
    throw new DataError(`${name}: the images have ${what}, and captions should name colours`, {
      advice: 'Leave --colours out.',
    });
  }
  const coloured = (own: Captions, index: number): Captions => {
    const colour = colourOf(imageAt(images, index));
    if (colour === undefined) return own;
    const bare = own.filter((caption) => !namesColour.test(caption));
    return [...own, ...bare.map((caption) => withArticle(`${colour} ${caption}`))];
  };
  return { ...images, captions: captions.map(coloured) };
}
