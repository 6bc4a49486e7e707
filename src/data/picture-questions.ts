import { DataError } from '../errors.js';
import type { Message, MessageImage } from '../tokenizer/chat.js';
import { Choice } from './almanac/choice.js';
import { type ImageSet, imageAt } from './images/image-set.js';
import { digitNames } from './images/styled-captions.js';

/**
 * Questions about real images, with their answers: what one shows, and which of two digits is larger. In a wording, ▢ is
 * where an image stands. Each kind has wordings that training never uses.
 */

export const questionKinds = ['name', 'larger', 'smaller'] as const;
export type QuestionKind = (typeof questionKinds)[number];

interface Wordings {
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
}

const compared = (word: string, most: string): Wordings => ({
  training: [
    `▢▢Which of the two digits is ${word}?`,
    `▢▢Which digit is ${word}?`,
    `▢▢Which one is the ${word} number?`,
    `▢ ▢ Which is the ${word} of the two?`,
    `▢▢Point out the ${word} digit.`,
    `Which of these digits is ${word}?▢▢`,
    `Which is ${word}, this ▢ or this ▢?`,
    `Compare ▢ and ▢. Which one is ${word}?`,
    `Here are two digits: ▢▢ Which is ${word}?`,
    `▢▢Which of these two is the ${most}?`,
  ],
  heldOut: [`▢▢Of these two digits, which is the ${word} one?`, `Look at ▢ and ▢. Which digit is ${word}?`],
});

const wordings: Record<QuestionKind, Wordings> = {
  name: {
    training: [
      '▢What is this?',
      '▢What do you see?',
      '▢What is in the picture?',
      '▢Which one is this?',
      '▢What does this show?',
      '▢Name this.',
      'What is this? ▢',
      'What do you see here? ▢',
      'Look at this: ▢ What is it?',
      'This is ▢. What is it?',
    ],
    heldOut: ['▢What does the picture show?', 'Look here: ▢ What do you see?'],
  },
  larger: compared('larger', 'largest'),
  smaller: compared('smaller', 'smallest'),
};

export interface PictureQuestion {
  readonly kind: QuestionKind;
  /** The question alone. */
  readonly messages: readonly Message[];
  readonly answer: string;
}

export interface PictureQuestionOptions {
  /** Labelled; to compare them, digits. */
  readonly images: ImageSet;
  readonly kind: QuestionKind;
  readonly count: number;
  readonly seed: number;
  /** Words as training has them (the default), or as it does not. */
  readonly wording?: keyof Wordings;
}

/**
 * Questions with their answers. Names are asked of every image in turn, in an order by seed; comparisons are of two
 * images drawn by chance, which may be equal.
 *
 * @throws DataError when the images have no labels, or are to be compared and no digits
 */
export function pictureQuestions(options: PictureQuestionOptions): PictureQuestion[] {
  const { images, kind, count, seed, wording = 'training' } = options;
  const { labels, labelNames } = images;
  if (labels === undefined || images.count === 0) {
    throw new DataError(`${images.name}: without labels nobody knows what the images show`, {
      advice: 'Give images in folders named after what they show, or MNIST.',
    });
  }
  const names = namesOf(images);
  if (kind !== 'name' && names !== digitNames) {
    throw new DataError(`${images.name}: only digits can be compared, and the classes are ${labelNames?.join(', ')}`);
  }
  const choice = new Choice(seed, `picture questions: ${kind}, ${wording}`);
  const order: number[] = [];
  const nextInTurn = (): number => {
    if (order.length === 0) order.push(...choice.shuffle(Array.from({ length: images.count }, (_, index) => index)));
    return order.pop()!;
  };
  return Array.from({ length: count }, (): PictureQuestion => {
    const text = choice.pick(wordings[kind][wording]);
    const shown = kind === 'name' ? [nextInTurn()] : [choice.integer(images.count), choice.integer(images.count)];
    const digits = shown.map((index) => labels[index]!);
    const answer = kind === 'name' ? nameOf(names[digits[0]!]!) : comparison(digits as [number, number], kind);
    return { kind, messages: [asked(text, images, shown)], answer };
  });
}

/** Questions with their answers as dialogues to learn from. */
export const answered = ({ messages, answer }: PictureQuestion): Message[] => [
  ...messages,
  { role: 'assistant', content: answer },
];

/** What an answer to a comparison comes to, apart from what was seen on the way: the last words. */
export const verdictOf = (answer: string): string => answer.slice(answer.lastIndexOf(':') + 1).trim();

/** Questions for what images show, of images with captions: the answer is the first caption. */
export function captionQuestions(
  options: Pick<PictureQuestionOptions, 'images' | 'seed' | 'wording'>,
): PictureQuestion[] {
  const { images, seed, wording = 'training' } = options;
  const choice = new Choice(seed, `captions asked for: ${wording}`);
  return Array.from({ length: images.count }, (_, index) => index).flatMap((index): PictureQuestion[] => {
    const [answer] = images.captions?.[index] ?? [];
    if (answer === undefined) return [];
    return [{ kind: 'name', messages: [asked(choice.pick(wordings.name[wording]), images, [index])], answer }];
  });
}

/** Digits by their words; other classes as they are called. */
function namesOf({ labelNames = [] }: ImageSet): readonly string[] {
  return labelNames.every((name, index) => name === String(index)) && labelNames.length <= digitNames.length
    ? digitNames
    : labelNames;
}

const nameOf = (name: string): string => `${/^(?!one\b|uni)[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;

/** First what is seen, so that the verdict can be read off it. */
function comparison([first, second]: readonly [number, number], kind: 'larger' | 'smaller'): string {
  const seen = `${nameOf(digitNames[first]!)} and ${nameOf(digitNames[second]!)}`;
  if (first === second) return `${seen}: they are equal`;
  return `${seen}: the ${first > second === (kind === 'larger') ? 'first' : 'second'}`;
}

/** A wording with images in their places. */
function asked(wording: string, images: ImageSet, shown: readonly number[]): Message {
  const { channels, height, width } = images;
  const pieces = wording.split('▢');
  const placed = shown.map((index, place): MessageImage => {
    const at = pieces.slice(0, place + 1).join('').length;
    return { at, pixels: { channels, height, width, pixels: imageAt(images, index) } };
  });
  return { role: 'user', content: pieces.join(''), images: placed };
}
