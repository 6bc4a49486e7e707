import { ConfigError } from '../../errors.js';
import type { Invocation } from '../command.js';
import { inputText } from '../input.js';
import { openTokenizer } from '../open-tokenizer.js';

export interface TokenizerEncodeFlags {
  readonly file?: string;
  readonly decode?: boolean;
}

export async function encodeText({ positional, flags, answer, json }: Invocation<TokenizerEncodeFlags>): Promise<void> {
  const [folder, word] = positional as [string, string?];
  const input = await inputText(word, flags.file);
  if (input === undefined) {
    throw new ConfigError('There is nothing to encode', { advice: 'Give a text, or --file (- for standard input).' });
  }
  const { tokenizer } = await openTokenizer(folder);
  if (flags.decode !== true) {
    const ids = tokenizer.encode(input);
    answer({ ids: [...ids], tokens: Array.from(ids, (id) => tokenizer.decode([id])) }, ids.join(' '));
    return;
  }
  const text = tokenizer.decode(readIds(input));
  // Not a line of its own: what was encoded comes back byte for byte.
  if (json) answer({ text });
  else process.stdout.write(text);
}

/** Ids between spaces or commas. @throws ConfigError naming the word that is none */
function readIds(text: string): number[] {
  const words = text.split(/[\s,[\]]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !/^\d+$/.test(word));
  if (wrong === undefined) return words.map(Number);
  throw new ConfigError(`'${wrong}' is not a token id`, { advice: 'Ids are whole numbers, with spaces between them.' });
}
