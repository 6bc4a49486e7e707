import type { ImageFigures, TrainedImages } from '../src/cli/image-recipe.js';
import { firstCaptions } from '../src/data/images/caption-tokens.js';
import { type ImageSet, selectImages } from '../src/data/images/image-set.js';
import { readImages } from '../src/data/images/sources.js';
import { stylesOf } from '../src/data/images/style.js';
import {
  type StyleWord,
  asStyled,
  captionOf,
  heldOutStyles,
  isStyleWord,
  styleJudge,
} from '../src/data/images/styled-captions.js';
import { ConfigError } from '../src/errors.js';
import { type Accuracy, accuracyOf } from '../src/evaluation/accuracy.js';
import { classesRead } from '../src/evaluation/classification.js';
import { drawImages, imageSetOf } from '../src/evaluation/extractor.js';
import { type Canvas, encodePng, grid } from '../src/formats/pictures.js';
import { openJudge } from './judge.helper.js';

/** How well a model draws the digits and styles that captions ask for, those among them that it has never seen. */

export const digitFigure = { metric: 'the digit that is asked for, %', target: 90, direction: 'at least' } as const;
const styledFigure = {
  metric: 'digit in a style never shown, both right, %',
  target: 80,
  direction: 'at least',
} as const;

/** Drawn images, and what was asked for with each. */
interface Asked {
  readonly images: ImageSet;
  readonly digits: Int32Array;
  readonly words: readonly (readonly StyleWord[])[];
}

interface Verdict {
  readonly digit: Accuracy;
  readonly style: Accuracy;
  readonly both: Accuracy;
}

/** Measures on captions of test images, and on the styles that were held out of training. */
export async function measureTextToImage(trained: TrainedImages): Promise<ImageFigures> {
  const { open, test, scale, source, signal } = trained;
  const { text, pixels, channels, height, width } = open.images;
  if (source.name !== 'mnist-captions')
    throw new ConfigError(`${source.name}: only what is drawn of mnist-captions can be judged`, {
      advice: 'Leave --data out; other captioned images train with descent train and draw with descent sample --text.',
    });
  const aborts = { ...(signal && { signal }) };
  const digitJudge = await openJudge(trained);
  const judge = styleJudge(stylesOf((await readImages({ source: 'mnist', ...aborts })).train));
  const sampler = await open.sampler();
  const shape = { channels, height, width, name: 'samples', largest: pixels === 'bytes' ? 255 : 1 };

  const draw = async (captions: readonly Int32Array[]): Promise<ImageSet> => {
    const { images } = await sampler({ count: captions.length, seed: 1, captions, ...aborts });
    return imageSetOf(images, shape);
  };
  const judged = async ({ images, digits, words }: Asked): Promise<Verdict> => {
    const { engine, weights, model, data } = digitJudge;
    const read = await classesRead({
      ...digitJudge.batches({ ...images, labels: digits }),
      ...{ engine, weights, parameters: model.parameters, classifier: model.classifier!, classes: data.classes },
      ...aborts,
    });
    return verdict(read, digits, asStyled(images, words, judge));
  };

  const each = scale === 'smoke' ? 1 : scale === 'cpu' ? 20 : 100;
  const chosen = drawImages(test, Math.min(test.count, 20 * each), 0);
  const known = await judged({
    images: await draw(firstCaptions(chosen, text!, chosen.count)),
    digits: chosen.labels!,
    words: chosen.captions!.map(([caption]) => wordsIn(caption!)),
  });
  const unseen = Array.from({ length: each }, () => heldOutStyles).flat();
  const drawn = await draw(unseen.map(([digit, ...words]) => text!.encode(captionOf(digit, words))));
  const never = await judged({
    images: drawn,
    digits: Int32Array.from(unseen, ([digit]) => digit),
    words: unseen.map(([, ...words]) => words),
  });
  const sevens = Array.from({ length: 24 }, () => text!.encode('a handwritten seven'));
  const percent = ({ accuracy, standardError }: Accuracy) => ({
    value: 100 * accuracy,
    standardError: 100 * standardError,
  });
  return {
    rows: [
      { ...digitFigure, ...percent(known.digit) },
      { ...styledFigure, ...percent(never.both) },
      { metric: 'the style that is asked for, %', ...percent(known.style) },
      { metric: 'styles never shown of a digit: the digit, %', ...percent(never.digit) },
      { metric: 'styles never shown of a digit: the style, %', ...percent(never.style) },
    ],
    details: { known, never },
    notes: [
      `${chosen.count} images for captions of test images; ${unseen.length} for ${heldOutStyles.length} pairs of a digit and a style ` +
        `that no training image has: ${heldOutStyles.map(([digit, ...words]) => captionOf(digit, words).replace(' handwritten', '')).join(', ')}.`,
      'The pictures: a row of each of these pairs; "a handwritten seven", 24 times.',
      "The digit is read by the recipe's own classifier; the style is measured from the pixels, and is the nearest of its kind " +
        '(backward, upright, slanted; thin, bold): by chance one in three, and one in two.',
    ],
    pictures: { unseen: encodePng(rowsOfStyles(drawn)), seven: encodePng(pictureOf(await draw(sevens))) },
  };
}

function verdict(read: Int32Array, digits: Int32Array, styled: readonly boolean[]): Verdict {
  const ones = new Int32Array(digits.length).fill(1);
  const share = (right: (index: number) => boolean): Accuracy =>
    accuracyOf(
      ones.map((_, index) => (right(index) ? 1 : 0)),
      ones,
    );
  const isDigit = (index: number): boolean => read[index] === digits[index];
  return {
    digit: share(isDigit),
    style: share((index) => styled[index]!),
    both: share((index) => isDigit(index) && styled[index]!),
  };
}

/** A row for each held-out style. */
function rowsOfStyles(images: ImageSet): Canvas {
  const styles = heldOutStyles.length;
  const columns = Math.min(12, images.count / styles);
  const order = Array.from(
    { length: styles * columns },
    (_, place) => (place % columns) * styles + Math.floor(place / columns),
  );
  return pictureOf(selectImages(images, order), columns);
}

const pictureOf = (images: ImageSet, columns = 12): Canvas =>
  grid({ ...images, values: images.pixels, largest: 255 }, { columns, scale: 2 });

/** The words of a plain caption. */
const wordsIn = (caption: string): StyleWord[] => caption.split(' ').filter(isStyleWord);
