import { definition as mae } from '../families/autoencoding/mae.js';
import { type Gpt, gpt } from '../families/autoregressive/gpt.js';
import { eye } from '../nn/eye.js';
import { initialise } from '../nn/parameters.js';
import { counterRandom, integer } from '../tensor/random.js';
import { CharacterTokenizer } from '../tokenizer/character-tokenizer.js';
import { type EncodedChat, type Message, type Pixels, ChatTemplate, encodeChat } from '../tokenizer/chat.js';
import { CONTROL_TOKENS, IMAGE_TOKEN } from '../tokenizer/control-tokens.js';

/** A language model that sees images of 4 x 4, small enough for its laws to be tried. */

export const tokenizer = CharacterTokenizer.fromText('abcdefghtw ?', [...CONTROL_TOKENS, IMAGE_TOKEN]);
const data = { channels: 1, height: 4, width: 4, levels: 256, classes: 0 };
const config = { patch: 2, layers: 1, width: 8, heads: 2, decoderWidth: 4 };

export function seeingGpt(options: { tokens?: number; contextLength?: number } = {}): Gpt {
  const { parts } = mae.build(mae.schema.parse(config), data);
  return gpt(
    {
      vocabularySize: tokenizer.vocabSize,
      contextLength: options.contextLength ?? 48,
      layers: 2,
      heads: 2,
      width: 16,
      initialisation: 0.3,
    },
    eye({
      parts: parts!,
      data,
      width: 16,
      placeholder: tokenizer.idOf(IMAGE_TOKEN),
      projector: 'mlp',
      tokens: options.tokens ?? 2,
    }),
  );
}

/** Weights that make what is seen count. */
export function seeingWeights(model: Gpt): Record<string, Float32Array> {
  const values = initialise(model.parameters, 7);
  for (const [path, numbers] of Object.entries(values))
    if (path.startsWith('eye.projector.second')) values[path] = numbers.map((number) => 40 * number);
  return values;
}

/** One of many images. */
export function imageOf(seed: number): Pixels {
  const random = counterRandom(seed, 'image', 0);
  return { channels: 1, height: 4, width: 4, pixels: Uint8Array.from({ length: 16 }, () => integer(random, 256)) };
}

/** A message that shows images before its text. */
export const showing = (content: string, ...seeds: number[]): Message => ({
  role: 'user',
  content,
  ...(seeds.length > 0 && { images: seeds.map((seed) => ({ at: 0, pixels: imageOf(seed) })) }),
});

export const encoded = (messages: readonly Message[], { eye: looking }: Gpt): EncodedChat =>
  encodeChat(tokenizer, new ChatTemplate(), messages, {
    imageTokens: looking!.tokens,
    addGenerationPrompt: messages.at(-1)?.role !== 'assistant',
  });
