import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { ChatTemplate, encodeChat } from './chat.js';
import { inspectTokens } from './inspect.js';
import { trainSmall } from './oracles.test-helper.js';

it('shows tokens, control tokens, line breaks and broken characters', async () => {
  const tokenizer = await trainSmall();
  const ids = [...tokenizer.encode('the\n'), ...tokenizer.encode('𝒳').slice(0, 2), tokenizer.idOf('<|end|>')];
  expect(inspectTokens(tokenizer, ids, { colour: false })).toBe('t|he|⏎\n|‹f0›|‹9d›|<|end|>');
  const coloured = inspectTokens(tokenizer, ids);
  expect(coloured).toContain('\u001b[');
  expect(stripVTControlCharacters(coloured)).toBe('the⏎\n‹f0›‹9d›<|end|>');
});

it('shows what is in the loss', async () => {
  const tokenizer = await trainSmall();
  const { ids, loss } = encodeChat(tokenizer, new ChatTemplate(), [
    { role: 'user', content: 'the' },
    { role: 'assistant', content: 'hat' },
  ]);
  expect(inspectTokens(tokenizer, ids, { loss, colour: false })).toBe(
    '<|user|>|t|he|<|end|>|<|assistant|>|[hat]|[<|end|>]',
  );
  expect(inspectTokens(tokenizer, ids, { loss })).toContain('\u001b[102m');
});
