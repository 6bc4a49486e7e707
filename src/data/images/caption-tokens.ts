import { DataError } from '../../errors.js';
import { trainTokenizer } from '../../tokenizer/bpe-trainer.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import type { Captions } from './captions.js';
import { type ImageSet, selectImages } from './image-set.js';

/**
 * Captions as rows of tokens, all of one length: the text's tokens, an end, and 0 for what is missing. The end is the
 * token with the highest number, vocabulary − 1, so that `argMax` of a row finds it (as in CLIP); a text that is too long
 * is cut before it.
 */
export interface CaptionTokens {
  readonly tokenizer: Tokenizer;
  /** Tokens that there are, 0 and the end among them. */
  readonly vocabulary: number;
  /** Tokens of a caption, its end among them. */
  readonly length: number;
  /** In lower case → int32 [length] */
  readonly encode: (text: string) => Int32Array;
}

/** The longest that captions become, in tokens. */
const longest = 32;

/** @param length tokens of a caption, its end among them */
export function captionTokens(tokenizer: Tokenizer, length: number): CaptionTokens {
  const end = tokenizer.idOf(CONTROL.endOfText) + 1;
  const known = new Map<string, Int32Array>();
  return {
    tokenizer,
    vocabulary: tokenizer.vocabSize + 1,
    length,
    encode: (text) => {
      const kept = known.get(text);
      if (kept !== undefined) return kept;
      const row = new Int32Array(length);
      const ids = tokenizer.encode(text.toLowerCase()).subarray(0, length - 1);
      ids.forEach((id, at) => (row[at] = id + 1));
      row[ids.length] = end;
      known.set(text, row);
      return row;
    },
  };
}

/**
 * A tokenizer of our own for the captions of a set, and the length that holds all of them, at most 32 tokens.
 *
 * @throws DataError when there are none
 */
export async function trainCaptionTokens(
  images: ImageSet,
  { vocabularySize, signal }: { vocabularySize: number; signal?: AbortSignal },
): Promise<CaptionTokens> {
  const texts = [...(images.captions ?? [])].flat().map((caption) => caption.toLowerCase());
  if (texts.length === 0) throw new DataError(`${images.name}: the images have no captions`, { advice: captionAdvice });
  const tokenizer = await trainTokenizer({
    text: texts,
    vocabSize: vocabularySize,
    controlTokens: [CONTROL.endOfText],
    ...(signal && { signal }),
  });
  const lengths = [...new Set(texts)].map((text) => tokenizer.encode(text).length + 1);
  return captionTokens(tokenizer, Math.min(longest, Math.max(...lengths)));
}

const captionAdvice =
  'Put a captions.jsonl ({"file_name", "caption"} a line) beside the pictures, or a .txt file for each; or take mnist-captions.';

/** The images that have a caption. @throws DataError when none has */
export function captioned(images: ImageSet): ImageSet {
  const { captions = [], count } = images;
  const those = Array.from({ length: count }, (_, index) => index).filter((index) => hasCaption(captions[index]));
  if (those.length === 0) throw new DataError(`${images.name}: the images have no captions`, { advice: captionAdvice });
  return those.length === count ? images : selectImages(images, those);
}

const hasCaption = (own: Captions | undefined): boolean => own !== undefined && own.length > 0;

/** The first captions of so many images, those of the set in turn; an image without one has none. */
export const firstCaptions = ({ captions = [], count }: ImageSet, text: CaptionTokens, wanted: number): Int32Array[] =>
  Array.from({ length: wanted }, (_, index) => {
    const [first] = captions[index % count] ?? [];
    return first === undefined ? new Int32Array(text.length) : text.encode(first);
  });
