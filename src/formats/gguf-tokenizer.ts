import { FormatError } from '../errors.js';
import { spellBytes } from '../tokenizer/byte-alphabet.js';
import { ByteLevelTokenizer } from '../tokenizer/byte-level-tokenizer.js';
import { type ChatTemplate, endOfTurn } from '../tokenizer/chat.js';
import { plainTemplate } from '../tokenizer/chat-template.js';
import { CONTROL } from '../tokenizer/control-tokens.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { GgufValue } from './gguf.js';

/** A tokenizer as llama.cpp knows it: a byte-level vocabulary with merges, and the name of the pattern that cuts texts. */

/** llama.cpp's types of tokens. */
const NORMAL = 1;
const CONTROL_TOKEN = 3;
const USER_DEFINED = 4;
const UNUSED = 5;

/**
 * What llama.cpp has to know of a tokenizer.
 *
 * @param size rows of the model's embedding; ids that the tokenizer has not are unused
 * @throws FormatError for a tokenizer that would cut texts differently there
 */
export function tokenizerMetadata(
  tokenizer: Tokenizer,
  { size, template }: { size: number; template?: ChatTemplate | undefined },
): Record<string, GgufValue> {
  if (!(tokenizer instanceof ByteLevelTokenizer)) {
    throw new FormatError('The tokenizer is one of characters, and llama.cpp reads byte-level ones', {
      advice: 'Train the model with a tokenizer that descent tokenizer train made.',
    });
  }
  const { tokens, merges, controlTokens, addedTokens = new Map<string, number>() } = tokenizer.parts;
  const spelled = Array.from({ length: size }, (_, id) => (tokens[id] ? spellBytes(tokens[id]) : `[UNUSED${id}]`));
  const named = [...spelled];
  const types = Int32Array.from({ length: size }, (_, id) => (tokens[id] ? NORMAL : UNUSED));
  const name = (names: ReadonlyMap<string, number>, type: number): void => {
    for (const [text, id] of names) {
      named[id] = text;
      types[id] = type;
    }
  };
  name(controlTokens, CONTROL_TOKEN);
  name(addedTokens, USER_DEFINED);

  const turnEnd = template && endOfTurn(tokenizer, template);
  const textEnd = controlTokens.get(CONTROL.endOfText) ?? turnEnd;
  if (textEnd === undefined) {
    throw new FormatError(`The tokenizer has no ${CONTROL.endOfText}, and llama.cpp needs a token that ends a text`);
  }
  const padding = controlTokens.get(CONTROL.pad);
  // As in the tokenizer itself, no text may yield a control token.
  const controls = new Set(controlTokens.values());
  const allowed = merges.filter(({ merged }) => !controls.has(merged));
  return {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': patternName(tokenizer),
    'tokenizer.ggml.tokens': named,
    'tokenizer.ggml.token_type': types,
    'tokenizer.ggml.merges': allowed.map(({ left, right }) => `${spelled[left]!} ${spelled[right]!}`),
    'tokenizer.ggml.bos_token_id': textEnd,
    'tokenizer.ggml.eos_token_id': textEnd,
    ...(turnEnd !== undefined && { 'tokenizer.ggml.eot_token_id': turnEnd }),
    ...(padding !== undefined && { 'tokenizer.ggml.padding_token_id': padding }),
    'tokenizer.ggml.add_bos_token': false,
    'tokenizer.ggml.add_eos_token': false,
    ...(template && { 'tokenizer.chat_template': plainTemplate(template.source) }),
  };
}

/** What llama.cpp calls our way of cutting a text into pieces. */
function patternName({ parts }: ByteLevelTokenizer): string {
  const { splitters, prefixSpace, normalize } = parts.preTokenizer;
  const [splitter] = splitters;
  const isPlain = splitters.length === 1 && !prefixSpace && normalize === undefined;
  // The same pattern has two names: pieces that are a token are taken whole, or merged like any other.
  const wholePieces = parts.ignoreMerges === true;
  if (isPlain && splitter?.pattern === 'cl100k') return wholePieces ? 'llama-bpe' : 'dbrx';
  if (isPlain && splitter?.pattern === 'gpt2' && !wholePieces) return 'gpt-2';
  throw new FormatError("llama.cpp has no way to cut texts that is this tokenizer's", {
    advice: "It knows the patterns 'gpt2' and 'cl100k', without a normalizer and without a space put before a text.",
  });
}
