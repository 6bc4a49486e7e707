import { describe, expect, it } from 'vitest';
import { DataError } from '../../errors.js';
import { type ColourWord, colourOf, colourWord, withColours } from './colour-captions.js';
import type { ImageSet } from './image-set.js';

type Colour = readonly [red: number, green: number, blue: number];
const paper: Colour = [255, 255, 255];

/** [3, 1, width] */
const row = (colours: readonly Colour[]): Uint8Array =>
  Uint8Array.from([0, 1, 2].flatMap((channel) => colours.map((colour) => colour[channel]!)));

/** CSS colours of that very name, where it is what people call them. */
const named: readonly (readonly [ColourWord, Colour])[] = [
  ['black', [0, 0, 0]],
  ['grey', [128, 128, 128]],
  ['white', [245, 245, 245]],
  ['red', [255, 0, 0]],
  ['red', [220, 20, 60]],
  ['red', [139, 0, 0]],
  ['pink', [255, 192, 203]],
  ['pink', [255, 182, 193]],
  ['brown', [165, 42, 42].map((byte) => byte * 0.8) as unknown as Colour],
  ['brown', [139, 69, 19]],
  ['orange', [255, 165, 0]],
  ['orange', [255, 140, 0]],
  ['yellow', [255, 255, 0]],
  ['yellow', [255, 215, 0]],
  ['green', [0, 128, 0]],
  ['green', [144, 238, 144]],
  ['blue', [0, 0, 255]],
  ['blue', [135, 206, 235]],
  ['purple', [128, 0, 128]],
  ['purple', [148, 0, 211]],
];

describe('the colour of a picture', () => {
  it.each(named)('is called %s', (word, colour) => {
    expect(colourWord(...colour)).toBe(word);
  });

  it('is that of at least half of what is drawn, however much paper there is', () => {
    const [red, green, blue]: Colour[] = [
      [255, 0, 0],
      [0, 128, 0],
      [0, 0, 255],
    ];
    expect(colourOf(row([paper, paper, paper, red!, red!, green!]))).toBe('red');
    expect(colourOf(row([red!, green!, blue!]))).toBeUndefined();
    expect(colourOf(row([paper, paper]))).toBeUndefined();
  });
});

describe('captions that name colours', () => {
  const images: ImageSet = {
    name: 'shapes',
    count: 3,
    channels: 3,
    height: 1,
    width: 2,
    pixels: Uint8Array.from([
      ...row([[255, 0, 0], paper]),
      ...row([
        [255, 165, 0],
        [255, 165, 0],
      ]),
      ...row([paper, paper]),
    ]),
    captions: [['heavy black heart', 'heart'], ['fruit'], ['snow']],
  };

  it('come after the others, and none is given a second colour', () => {
    expect(withColours(images).captions).toEqual([
      ['heavy black heart', 'heart', 'a red heart'],
      ['fruit', 'an orange fruit'],
      ['snow'],
    ]);
  });

  it('need captions and colour', () => {
    const { captions, ...bare } = images;
    expect(captions).toHaveLength(3);
    expect(() => withColours(bare)).toThrow(DataError);
    expect(() => withColours({ ...images, channels: 1, pixels: new Uint8Array(6) })).toThrow(/no colour/);
  });
});
