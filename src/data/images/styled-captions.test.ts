import { beforeAll, describe, expect, it } from 'vitest';
import { counterRandom } from '../../tensor/random.js';
import { type ImageSet, imageAt, sliceImages } from './image-set.js';
import { type ImageSource, readImages } from './sources.js';
import { styleOf, stylesOf } from './style.js';
import { type StyleJudge, asStyled, captionOf, captionsFor, heldOutStyles, styleJudge } from './styled-captions.js';

/** A stroke of some width, leaning, as a drawing of 28 x 28 with soft edges. */
function stroke({ slant, thickness }: { slant: number; thickness: number }): Float32Array {
  const pixels = new Float32Array(28 * 28);
  const across = thickness * Math.sqrt(1 + slant ** 2);
  for (let y = 4; y < 24; y++) {
    const centre = 14 + slant * (13.5 - y);
    for (let x = 0; x < 28; x++) {
      const [left, right] = [Math.max(x, centre - across / 2), Math.min(x + 1, centre + across / 2)];
      pixels[y * 28 + x] = 255 * Math.max(0, right - left);
    }
  }
  return pixels;
}

const shape = { height: 28, width: 28 };

describe('the style of a drawing', () => {
  it.each([
    { slant: 0, thickness: 2 },
    { slant: 0.3, thickness: 3 },
    { slant: -0.2, thickness: 4.5 },
  ])('is measured: %j', (asked) => {
    const { slant, thickness } = styleOf(stroke(asked), shape);
    expect(slant).toBeCloseTo(asked.slant, 1);
    // A short stroke has ends, which count in its outline.
    expect(thickness / asked.thickness).toBeGreaterThan(0.75);
    expect(thickness / asked.thickness).toBeLessThan(1.1);
  });

  it('does not depend on where it stands, and an empty drawing has one too', () => {
    const pixels = stroke({ slant: 0.2, thickness: 3 });
    const moved = pixels.map((_, at) => (at % 28 < 3 ? 0 : pixels[at - 3]!));
    expect(styleOf(moved, shape).slant).toBeCloseTo(styleOf(pixels, shape).slant, 5);
    expect(styleOf(moved, shape).thickness).toBeCloseTo(styleOf(pixels, shape).thickness, 5);
    expect(styleOf(new Uint8Array(784), shape)).toEqual({ slant: 0, thickness: 0, width: 1 });
  });
});

describe('MNIST with captions', () => {
  let source: ImageSource;
  let plain: ImageSet;
  let judge: StyleJudge;
  beforeAll(async () => {
    source = await readImages({ source: 'mnist-captions' });
    plain = (await readImages({ source: 'mnist' })).train;
    judge = styleJudge(stylesOf(plain));
  });

  it('shows no digit in the style that is held out of training, and the test images do', () => {
    const countIn = (images: ImageSet): number[] =>
      heldOutStyles.map(([digit, ...words]) => {
        const caption = (own: readonly string[]): boolean =>
          own[0]!.endsWith(captionOf(digit).slice(2)) && words.every((word) => own[0]!.split(' ').includes(word));
        return images.captions!.filter(caption).length;
      });
    expect(countIn(source.train)).toEqual(heldOutStyles.map(() => 0));
    for (const count of countIn(source.test!)) expect(count).toBeGreaterThan(20);
    expect(source.train.count).toBeGreaterThan(54_000);
    expect(source.train.count).toBeLessThan(plain.count);
  });

  it('says what is measured', () => {
    for (let index = 0; index < 200; index++) {
      const style = styleOf(imageAt(source.train, index), source.train);
      const words = judge.wordsOf(style);
      expect(source.train.captions![index]![0]).toBe(captionOf(source.train.labels![index]!, words));
      for (const word of words)
        expect(asStyled(sliceImages(source.train, index, index + 1), [[word]], judge)).toEqual([true]);
    }
  });

  it('varies: orders, synonyms, and less than all that is known; the same for the same image', () => {
    const some = (index: number) => captionsFor(7, ['slanted', 'bold'], counterRandom(0, 'test', index));
    const all = new Set(Array.from({ length: 200 }, (_, index) => some(index)).flat());
    for (const caption of [
      'a slanted bold handwritten seven',
      'a bold slanted seven',
      'a handwritten seven',
      'an italic thick 7',
      'a seven, bold and slanted',
    ])
      expect([...all]).toContain(caption);
    expect(some(3)).toEqual(some(3));
    expect(captionOf(8, ['upright', 'thin'])).toBe('an upright thin handwritten eight');
  });

  it('is other data than MNIST, by its id', async () => {
    expect(source.id).not.toBe((await readImages({ source: 'mnist' })).id);
    expect(source.train.labelNames).toEqual(plain.labelNames);
  });
});
