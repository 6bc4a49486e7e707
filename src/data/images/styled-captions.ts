import { counterRandom, integer } from '../../tensor/random.js';
import type { Captions } from './captions.js';
import { withArticle } from './english.js';
import { type ImageSet, imageAt, selectImages } from './image-set.js';
import { type Style, styleNames, styleOf, stylesOf } from './style.js';

/**
 * Captions for handwritten digits that have none: what digit it is, and in words how it is written, by measurements that
 * are cut into ranges: "a slanted bold handwritten seven". Some digits are never shown in some styles, so that one can
 * ask a model for what it has not seen.
 */

/** A word for a range of a measurement, by quantiles of the training images; what lies between ranges has no word. */
interface WordRange {
  readonly word: string;
  readonly synonyms: readonly string[];
  readonly of: keyof Style;
  readonly from: number;
  readonly until: number;
}

const ranges = [
  { word: 'backward', synonyms: ['left-leaning'], of: 'slant', from: 0, until: 0.15 },
  { word: 'upright', synonyms: ['straight'], of: 'slant', from: 0.2, until: 0.5 },
  { word: 'slanted', synonyms: ['italic'], of: 'slant', from: 0.7, until: 1 },
  { word: 'thin', synonyms: ['fine'], of: 'thickness', from: 0, until: 0.35 },
  { word: 'bold', synonyms: ['thick'], of: 'thickness', from: 0.65, until: 1 },
  { word: 'narrow', synonyms: [], of: 'width', from: 0, until: 0.2 },
  { word: 'wide', synonyms: [], of: 'width', from: 0.8, until: 1 },
] as const satisfies readonly WordRange[];

export type StyleWord = (typeof ranges)[number]['word'];

export const digitNames = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const;

/** Of each digit, the style that it is not shown in. */
export const heldOutStyles: readonly (readonly [digit: number, slant: StyleWord, thickness: StyleWord])[] = [
  [0, 'slanted', 'thin'],
  [1, 'upright', 'bold'],
  [2, 'slanted', 'bold'],
  [3, 'upright', 'thin'],
  [4, 'slanted', 'bold'],
  [5, 'upright', 'bold'],
  [6, 'slanted', 'thin'],
  [7, 'slanted', 'bold'],
  [8, 'upright', 'thin'],
  [9, 'slanted', 'thin'],
];

/** Where the ranges of words lie, and which of them a drawing is in. */
export interface StyleJudge {
  /** The words that hold of a drawing, at most one for each measurement. */
  readonly wordsOf: (style: Style) => StyleWord[];
  /**
   * Which of the words of one measurement is nearest to a drawing: the gaps between ranges are parted in the middle. What
   * samples are judged by.
   */
  readonly nearest: (of: keyof Style, style: Style) => StyleWord;
}

export const isStyleWord = (word: string): word is StyleWord => ranges.some((range) => range.word === word);

/** The measurement that a word is about. */
const measurementOf = (word: StyleWord): keyof Style => ranges.find((range) => range.word === word)!.of;

/** Cuts the measurements of drawings into the ranges of words. */
export function styleJudge(styles: readonly Style[]): StyleJudge {
  const sorted = new Map(styleNames.map((name) => [name, Float64Array.from(styles, (style) => style[name]).sort()]));
  const quantile = (name: keyof Style, share: number): number => {
    if (share === 0) return -Infinity;
    if (share === 1) return Infinity;
    const values = sorted.get(name)!;
    return values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
  };
  const cuts = ranges.map(({ word, of, from, until }) => ({
    word,
    of,
    from: quantile(of, from),
    until: quantile(of, until),
  }));
  return {
    wordsOf: (style) =>
      cuts.filter(({ of, from, until }) => style[of] >= from && style[of] < until).map(({ word }) => word),
    nearest: (of, style) => {
      const distance = ({ from, until }: (typeof cuts)[number]): number =>
        Math.max(from - style[of], style[of] - until, 0);
      const words = cuts.filter((cut) => cut.of === of);
      return words.reduce((best, cut) => (distance(cut) < distance(best) ? cut : best)).word;
    },
  };
}

/** Captions for drawings in these styles of a digit; the first says all that is known. */
const captionsEach = 4;

/** How a drawing can be captioned: in other orders, with synonyms, and with attributes left out, by chance. */
export function captionsFor(digit: number, words: readonly StyleWord[], random: () => number): Captions {
  const full = captionOf(digit, words);
  const others = Array.from({ length: captionsEach - 1 }, () => {
    const kept = words.filter(() => random() < 0.75);
    if (random() < 0.5) kept.reverse();
    const said = kept.map((word) => {
      const { synonyms } = ranges.find((range) => range.word === word)!;
      return synonyms.length > 0 && random() < 0.25 ? synonyms[integer(random, synonyms.length)]! : word;
    });
    const name = random() < 0.2 ? String(digit) : digitNames[digit]!;
    const noun = random() < 0.5 ? `handwritten ${name}` : name;
    if (said.length > 0 && random() < 0.25) return `a ${noun}, ${said.join(' and ')}`;
    return withArticle([...said, noun].join(' '));
  });
  return [...new Set([full, ...others])];
}

/** The caption that says it plainly: "a slanted bold handwritten seven". */
export const captionOf = (digit: number, words: readonly StyleWord[] = []): string =>
  withArticle([...words, 'handwritten', digitNames[digit]!].join(' '));

const isHeldOut = (digit: number, words: readonly StyleWord[]): boolean =>
  heldOutStyles.some(([held, ...styles]) => held === digit && styles.every((word) => words.includes(word)));

/** Digits with captions, those in held-out styles left out of training; ranges are those of the training images. */
export function withStyledCaptions({ train, test }: { train: ImageSet; test?: ImageSet }): {
  train: ImageSet;
  test?: ImageSet;
} {
  const styles = stylesOf(train);
  const judge = styleJudge(styles);
  const captioned = (images: ImageSet, own: readonly Style[]): ImageSet => ({
    ...images,
    captions: own.map((style, index) => {
      const random = counterRandom(0, `captions of ${images.count} digits`, index);
      return captionsFor(images.labels![index]!, judge.wordsOf(style), random);
    }),
  });
  const shown = Array.from(styles.keys()).filter(
    (index) => !isHeldOut(train.labels![index]!, judge.wordsOf(styles[index]!)),
  );
  return {
    train: selectImages(captioned(train, styles), shown),
    ...(test && { test: captioned(test, stylesOf(test)) }),
  };
}

/** How often drawings are in the style that was asked for: for each, whether all of the words are the nearest ones. */
export const asStyled = (images: ImageSet, asked: readonly (readonly StyleWord[])[], judge: StyleJudge): boolean[] =>
  asked.map((words, index) => {
    const style = styleOf(imageAt(images, index), images);
    return words.every((word) => judge.nearest(measurementOf(word), style) === word);
  });
