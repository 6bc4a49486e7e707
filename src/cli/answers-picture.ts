import type { Message, MessageImage, Pixels } from '../tokenizer/chat.js';
import { encodePng, grid } from '../formats/pictures.js';
import { rasterise } from './compare/rasterise.js';
import { drawing, image, moved, text } from './compare/svg.js';
import { wrap } from './wrap.js';

/** Images with what was asked about them and what the model said, as one picture. */

export interface ShownAnswer {
  readonly messages: readonly Message[];
  readonly said: string;
  readonly right: boolean;
}

const [cardWidth, cardHeight, side, margin, letters] = [250, 170, 72, 16, 34];

function imageTag({ channels, height, width, pixels }: Pixels, x: number): string {
  const png = encodePng(grid({ channels, height, width, values: pixels, largest: 255 }));
  return image(png, x, side);
}

/** The text of a message, with a square for each image that stands within it. */
function withPlaces(content: string, images: readonly MessageImage[]): string {
  const within = images.filter(({ at }) => at > 0 && at < content.length);
  return within.reduceRight((text, { at }) => `${text.slice(0, at)}□${text.slice(at)}`, content);
}

function card({ messages, said, right }: ShownAnswer): string {
  const { content, images = [] } = messages.at(-1)!;
  const line = (words: string, y: number, look: 'plain' | 'quiet') =>
    text(0, y, words, { anchor: 'start', size: 13, look });
  const asked = wrap(withPlaces(content, images).trim(), letters);
  const answer = wrap(`${said || '…'}${right ? '' : '  ✗'}`, letters);
  return [
    ...images.flatMap(({ pixels }, index) => (pixels ? [imageTag(pixels, index * (side + 8))] : [])),
    ...asked.map((words, index) => line(words, side + 20 + 16 * index, 'quiet')),
    ...answer.map((words, index) => line(words, side + 24 + 16 * (asked.length + index), 'plain')),
  ].join('');
}

/** PNG; undefined where the optional package that draws it is not installed. */
export async function answersPicture(answers: readonly ShownAnswer[], columns = 4): Promise<Uint8Array | undefined> {
  const rows = Math.ceil(answers.length / columns);
  const [width, height] = [2 * margin + columns * cardWidth, 2 * margin + rows * cardHeight];
  const cards = answers.map((answer, index) =>
    moved(margin + (index % columns) * cardWidth, margin + Math.floor(index / columns) * cardHeight, card(answer)),
  );
  return rasterise(drawing({ width, height, label: 'Questions about images, and answers', content: cards }));
}
