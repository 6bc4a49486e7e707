import pc from 'picocolors';
import { inspectTokens } from '../../tokenizer/inspect.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import type { Invocation } from '../command.js';
import { inputText } from '../input.js';
import { openTokenizer } from '../open-tokenizer.js';

export interface TokenizerInspectFlags {
  readonly file?: string;
}

export async function inspectTokenizer(invocation: Invocation<TokenizerInspectFlags>): Promise<void> {
  const { positional, flags, answer } = invocation;
  const [folder, word] = positional as [string, string?];
  const input = await inputText(word, flags.file);
  const { tokenizer } = await openTokenizer(folder);
  if (input === undefined) {
    const facts = describeVocabulary(tokenizer);
    answer(facts, formatVocabulary(facts));
    return;
  }
  const ids = tokenizer.encode(input);
  const bytes = Buffer.byteLength(input);
  const tokens = Array.from(ids, (id) => tokenizer.decode([id]));
  answer(
    { bytes, tokens, ids: [...ids], bytesPerToken: bytes / ids.length },
    [
      inspectTokens(tokenizer, ids, { colour: pc.isColorSupported }),
      '',
      `${ids.length} tokens, ${bytes} bytes: ${(bytes / ids.length).toFixed(2)} bytes per token`,
    ].join('\n'),
  );
}

interface Vocabulary {
  readonly vocabularySize: number;
  readonly controlTokens: Readonly<Record<string, number>>;
  /** Number of tokens of each length in bytes. */
  readonly lengths: Readonly<Record<number, number>>;
  readonly longest: readonly string[];
  /** The newest merges: the rarest pairs that still made it. */
  readonly latest: readonly string[];
}

function describeVocabulary(tokenizer: Tokenizer): Vocabulary {
  const controls = new Set(tokenizer.controlTokens.values());
  const lengths: Record<number, number> = {};
  const words: { text: string; length: number; id: number }[] = [];
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    if (controls.has(id)) continue;
    const { length } = tokenizer.bytesOf(id);
    lengths[length] = (lengths[length] ?? 0) + 1;
    words.push({ text: tokenizer.decode([id]), length, id });
  }
  const latest = words.slice(-12).map(({ text }) => text);
  const longest = words.sort((a, b) => b.length - a.length || a.id - b.id).slice(0, 12);
  return {
    vocabularySize: tokenizer.vocabSize,
    controlTokens: Object.fromEntries(tokenizer.controlTokens),
    lengths,
    longest: longest.map(({ text }) => text),
    latest,
  };
}

function formatVocabulary({ vocabularySize, controlTokens, lengths, longest, latest }: Vocabulary): string {
  const controls = Object.entries(controlTokens).map(([name, id]) => `${name} ${id}`);
  const counts = Object.entries(lengths).map(([length, count]) => `${length}: ${count}`);
  const list = (texts: readonly string[]): string => texts.map((text) => JSON.stringify(text)).join(' ');
  return [
    `${vocabularySize.toLocaleString('en')} tokens`,
    `  control tokens   ${controls.join(', ') || 'none'}`,
    `  by bytes         ${counts.join(', ')}`,
    `  longest          ${list(longest)}`,
    `  latest           ${list(latest)}`,
  ].join('\n');
}
