import { mkdir } from 'node:fs/promises';
import pc from 'picocolors';
import { readDocuments } from '../../data/sources/documents.js';
import { saveTokenizer } from '../../tokenizer/tokenizer-folder.js';
import type { Invocation } from '../command.js';
import type { TextFlags } from '../flags.js';
import { badRowsOf, sayBadRows } from '../session.js';
import { makeTokenizer } from '../stages/corpus.js';
import type { TokenizerConfig } from '../stages/settings.js';

export interface TokenizerTrainFlags extends TextFlags {
  readonly out: string;
}

export async function trainTokenizerCommand(
  invocation: Invocation<TokenizerTrainFlags, TokenizerConfig>,
): Promise<void> {
  const { positional: paths, flags, config, say, answer, signal } = invocation;
  const began = performance.now();
  const bad = badRowsOf(flags);
  const beginning: string[] = [];
  let characters = 0;
  async function* texts(): AsyncGenerator<string> {
    for await (const { text } of readDocuments({ ...flags, ...bad, paths, signal })) {
      characters += text.length;
      if (beginning.length < 20) beginning.push(text.slice(0, 10_000));
      yield text;
    }
  }
  const tokenizer = await makeTokenizer(texts(), config, signal);
  sayBadRows(bad, say);
  await mkdir(flags.out, { recursive: true });
  await saveTokenizer(flags.out, { tokenizer });
  const sample = beginning.join('\n');
  const bytesPerToken = Buffer.byteLength(sample) / tokenizer.encode(sample).length;
  const seconds = (performance.now() - began) / 1000;
  answer(
    { tokenizer: flags.out, vocabularySize: tokenizer.vocabSize, characters, bytesPerToken, seconds },
    [
      `${pc.bold('Tokenizer')}  ${flags.out}`,
      `  ${tokenizer.vocabSize.toLocaleString('en')} tokens, from ${characters.toLocaleString('en')} characters in ${seconds.toFixed(1)} s`,
      `  ${bytesPerToken.toFixed(2)} bytes per token at the beginning of this text`,
    ].join('\n'),
  );
}
