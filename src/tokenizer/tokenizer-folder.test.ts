import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { ChatTemplate, DEFAULT_CHAT_TEMPLATE } from './chat.js';
import { CONTROL } from './control-tokens.js';
import { trainSmall } from './oracles.test-helper.js';
import { readTokenizerConfig, tokenizerConfigJson } from './tokenizer-config.js';
import { loadTokenizer, saveTokenizer } from './tokenizer-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descent-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("a tokenizer's folder", () => {
  it('holds the tokenizer, its template and its special tokens', async () => {
    const tokenizer = await trainSmall();
    await saveTokenizer(folder, { tokenizer, template: new ChatTemplate(), maxLength: 256 });
    const loaded = await loadTokenizer(folder);
    expect(loaded.tokenizer.toJSON()).toEqual(tokenizer.toJSON());
    expect(loaded.template?.source).toBe(DEFAULT_CHAT_TEMPLATE);
    expect(loaded).toMatchObject({ eosToken: CONTROL.endOfText, padToken: CONTROL.pad, maxLength: 256 });
  });

  it('may hold the template as a file of its own', async () => {
    await saveTokenizer(folder, { tokenizer: await trainSmall() });
    expect((await loadTokenizer(folder)).template).toBeUndefined();
    await writeFile(join(folder, 'chat_template.jinja'), 'hello');
    expect((await loadTokenizer(folder)).template?.source).toBe('hello');
  });

  it("may hold GPT-2's two files", async () => {
    const { model } = (await trainSmall({ controlTokens: [] })).toJSON();
    await writeFile(join(folder, 'vocab.json'), JSON.stringify({ ...model.vocab, '<|endoftext|>': 420 }));
    await writeFile(join(folder, 'merges.txt'), ['#version: 0.2', ...model.merges, ''].join('\n'));
    const { tokenizer } = await loadTokenizer(folder);
    expect(tokenizer.idOf('<|endoftext|>')).toBe(420);
    expect(tokenizer.encode('the cat')).toEqual((await trainSmall()).encode('the cat'));
  });

  it('is refused when it holds none, or a damaged one', async () => {
    await expect(loadTokenizer(folder)).rejects.toThrow(FormatError);
    await writeFile(join(folder, 'tokenizer.json'), '{"model": ');
    await expect(loadTokenizer(folder)).rejects.toThrow('tokenizer.json is not valid JSON');
  });
});

describe('tokenizer_config.json', () => {
  it('names only tokens that there are', async () => {
    const config = tokenizerConfigJson(await trainSmall({ controlTokens: [CONTROL.endOfText] }), {});
    expect(config).toMatchObject({
      eos_token: CONTROL.endOfText,
      pad_token: null,
      clean_up_tokenization_spaces: false,
    });
  });

  it('is read in every form that it has', () => {
    const config = readTokenizerConfig({
      bos_token: { content: '<s>' },
      eos_token: '</s>',
      pad_token: '</s>',
      model_max_length: 1e30,
      chat_template: [
        { name: 'tool_use', template: 'a' },
        { name: 'default', template: 'b {{ bos_token }}' },
      ],
    });
    expect(config).toMatchObject({ bosToken: '<s>', eosToken: '</s>' });
    expect(config.padToken).toBeUndefined();
    expect(config.maxLength).toBeUndefined();
    expect(config.template?.render([])).toBe('b <s>');
    expect(() => readTokenizerConfig({ eos_token: 3 })).toThrow(FormatError);
  });
});
