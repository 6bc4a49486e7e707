import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { trainTokenizer } from './bpe-trainer.js';
import type { TrainTokenizerOptions } from './bpe-trainer.js';
import type { Tokenizer } from './tokenizer.js';

/** The package's types name files by an alias that only its own build knows, so they are written here again. */
const HuggingFace = HuggingFaceTokenizer as unknown as new (
  json: object,
  config: object,
) => {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[]): string;
};

/** How `@huggingface/tokenizers` encodes and decodes with a tokenizer's tokenizer.json. */
export function asHuggingFace(json: object): {
  encode(text: string): number[];
  decode(ids: ArrayLike<number>): string;
} {
  const oracle = new HuggingFace(JSON.parse(JSON.stringify(json)) as object, {
    clean_up_tokenization_spaces: false,
  });
  return {
    encode: (text) => oracle.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => (ids.length === 0 ? '' : oracle.decode(Array.from(ids))),
  };
}

export function spellsControl(tokenizer: Tokenizer, text: string): boolean {
  return [...tokenizer.controlTokens.keys()].some((name) => text.includes(name));
}

export const SMALL_CORPUS = [
  "The cat sat on the mat. The cat's hat isn't the rat's hat; they'll see that.\n\nWe've 1234 cats, 5678 hats.",
  '白日依山尽，黄河入海流。欲穷千里目，更上一层楼。白日依山尽，黄河入海流。',
  'ça va très bien, où est la forêt? 👩‍👩‍👧 👩‍👩‍👧 🇫🇷 🇫🇷 naïve café café',
  'function constructor() { return this.__proto__; }\n\tif (a) {\n\t\treturn a;\n\t}\n',
];

export const trainSmall = (options: Partial<TrainTokenizerOptions> = {}) =>
  trainTokenizer({ text: SMALL_CORPUS, vocabSize: 420, minFrequency: 1, ...options });
