import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.js';
import { writeFileAtomically } from '../runtime/atomic-file.js';
import { readTokenizerConfig, tokenizerConfigJson } from './tokenizer-config.js';
import type { TokenizerConfig } from './tokenizer-config.js';
import { gpt2Tokenizer, parseJson, tokenizerFromJson } from './tokenizer-json-reader.js';
import type { Tokenizer } from './tokenizer.js';

export interface TokenizerFolder extends TokenizerConfig {
  tokenizer: Tokenizer;
}

/** Writes tokenizer.json and tokenizer_config.json, the chat template within, into a folder that exists. */
export async function saveTokenizer(folder: string, { tokenizer, ...config }: TokenizerFolder): Promise<void> {
  await writeFileAtomically(join(folder, 'tokenizer.json'), `${JSON.stringify(tokenizer, null, 1)}\n`);
  const configJson = tokenizerConfigJson(tokenizer, config);
  await writeFileAtomically(join(folder, 'tokenizer_config.json'), `${JSON.stringify(configJson, null, 2)}\n`);
}

/**
 * Reads a folder's tokenizer: tokenizer.json, or GPT-2's two files (encoder.json and vocab.bpe, or vocab.json and
 * merges.txt); with tokenizer_config.json and chat_template.jinja where there are such.
 *
 * Throws FormatError when there is none, or one that is not byte-level BPE or characters.
 */
export async function loadTokenizer(folder: string): Promise<TokenizerFolder> {
  const [json, configText, templateFile] = await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja'].map((name) => readIfThere(join(folder, name))),
  );
  const where = join(folder, 'tokenizer.json');
  const tokenizer = json === undefined ? await loadGpt2(folder) : tokenizerFromJson(parseJson(json, where), { where });
  const configWhere = join(folder, 'tokenizer_config.json');
  const config = configText === undefined ? {} : parseJson(configText, configWhere);
  return {
    tokenizer,
    ...readTokenizerConfig(config, { where: configWhere, ...(templateFile !== undefined && { templateFile }) }),
  };
}

async function loadGpt2(folder: string): Promise<Tokenizer> {
  for (const names of [
    ['encoder.json', 'vocab.bpe'],
    ['vocab.json', 'merges.txt'],
  ]) {
    const [encoder, merges] = await Promise.all(names.map((name) => readIfThere(join(folder, name))));
    if (encoder !== undefined && merges !== undefined) return gpt2Tokenizer({ encoder, merges });
  }
  throw new FormatError(`${folder} has no tokenizer.`, {
    advice: 'It needs tokenizer.json (descent tokenizer train writes one), or encoder.json and vocab.bpe.',
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
