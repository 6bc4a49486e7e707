import { Template } from '@huggingface/jinja';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../errors.js';
import type { ByteLevelTokenizer } from './byte-level-tokenizer.js';
import { ChatTemplate, DEFAULT_CHAT_TEMPLATE, encodeChat, endOfTurn } from './chat.js';
import type { Message } from './chat.js';
import { CharacterTokenizer } from './character-tokenizer.js';
import { CONTROL, CONTROL_TOKENS } from './control-tokens.js';
import { trainSmall } from './oracles.test-helper.js';
import { awkwardText } from './text.test-helper.js';
import type { Tokenizer } from './tokenizer.js';

const chatML = `{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`;
const llama2 = `{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}`;
const llama3 = `{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}`;
const plain = `{% for message in messages %}{{ '### ' + message['role'] + ':\n' + message['content'] + '\n\n' }}{% endfor %}{% if add_generation_prompt %}{{ '### assistant:\n' }}{% endif %}`;

const llama3Controls = ['<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'];
/** Templates of the world, with the control tokens they want. */
const templates: Record<string, { template: ChatTemplate; controls: string[] }> = {
  default: { template: new ChatTemplate(), controls: [...CONTROL_TOKENS] },
  ChatML: { template: new ChatTemplate({ source: chatML }), controls: ['<|im_start|>', '<|im_end|>'] },
  'Llama 2': {
    template: new ChatTemplate({ source: llama2, variables: { bos_token: '<s>', eos_token: '</s>' } }),
    controls: ['<s>', '</s>'],
  },
  'Llama 3': {
    template: new ChatTemplate({ source: llama3, variables: { bos_token: '<|begin_of_text|>' } }),
    controls: llama3Controls,
  },
  'plain text': { template: new ChatTemplate({ source: plain }), controls: [] },
};

const dialogue: Message[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi there' },
  { role: 'assistant', content: 'Hello!' },
  { role: 'user', content: 'A cat?' },
  { role: 'assistant', content: 'No.' },
];

/** Each stretch of one kind of loss, as text. */
function lossText(tokenizer: Tokenizer, { ids, loss }: { ids: Int32Array; loss: Uint8Array }): string[] {
  const parts: string[] = [];
  for (let start = 0, end = 0; start < ids.length; start = end) {
    while (end < ids.length && loss[end] === loss[start]) end++;
    if (loss[start]) parts.push(tokenizer.decode(ids.slice(start, end)));
  }
  return parts;
}

let base: ByteLevelTokenizer;
beforeAll(async () => {
  base = await trainSmall({ controlTokens: [] });
});

describe('encodeChat', () => {
  it("writes the default template's tokens, and the loss on what the assistant writes", () => {
    const tokenizer = base.withControlTokens(CONTROL_TOKENS);
    const chat = encodeChat(tokenizer, new ChatTemplate(), dialogue);
    expect(tokenizer.decode(chat.ids)).toBe(
      '<|system|>Be brief.<|end|><|user|>Hi there<|end|><|assistant|>Hello!<|end|><|user|>A cat?<|end|><|assistant|>No.<|end|>',
    );
    expect(lossText(tokenizer, chat)).toEqual(['Hello!<|end|>', 'No.<|end|>']);
    expect(endOfTurn(tokenizer, new ChatTemplate())).toBe(tokenizer.idOf(CONTROL.end));
  });

  it.each([
    ['ChatML', ['Hello!<|im_end|>', 'No.<|im_end|>'], '<|im_end|>'],
    ['Llama 2', [' Hello! </s>', ' No. </s>'], '</s>'],
    ['Llama 3', ['Hello!<|eot_id|>', 'No.<|eot_id|>'], '<|eot_id|>'],
    ['plain text', ['Hello!\n\n', 'No.\n\n'], undefined],
  ])('puts the loss on whole turns of a template without marks: %s', (name, expected, end) => {
    const { template, controls } = templates[name]!;
    const tokenizer = base.withControlTokens(controls);
    expect(lossText(tokenizer, encodeChat(tokenizer, template, dialogue))).toEqual(expected);
    expect(endOfTurn(tokenizer, template)).toBe(end && tokenizer.idOf(end));
  });

  describe.each(Object.keys(templates))('with the template: %s', (name) => {
    const { template, controls } = templates[name]!;
    const tokenizer = () => base.withControlTokens(controls);

    it('renders what jinja alone renders', () => {
      const source = template.source.replace(/\{%-?\s*(end)?generation\s*-?%\}/g, '');
      const oracle = new Template(source).render({
        ...template.variables,
        messages: dialogue,
        add_generation_prompt: false,
      });
      expect(template.render(dialogue)).toBe(oracle);
      const chat = encodeChat(tokenizer(), template, dialogue);
      expect(tokenizer().decode(chat.ids)).toBe(oracle);
    });

    it('begins an answer with the tokens of its prompt', () => {
      const prompt = encodeChat(tokenizer(), template, dialogue.slice(0, 4), { addGenerationPrompt: true });
      const whole = encodeChat(tokenizer(), template, dialogue);
      expect(whole.ids.slice(0, prompt.ids.length)).toEqual(prompt.ids);
      expect(whole.loss.slice(0, prompt.ids.length)).toEqual(prompt.loss);
      expect([...whole.loss.slice(prompt.ids.length)]).toContain(1);
      expect(whole.loss[prompt.ids.length]).toBe(1);
    });

    it('never makes a control token of what a message says', () => {
      const spelled = fc.constantFrom(
        ...controls,
        ...CONTROL_TOKENS,
        '<|',
        '|>',
        'im_end',
        '</',
        's>',
        '<s',
        ' ',
        '\n',
      );
      const marks = fc.constantFrom(
        '\u{F8F00}0\u{F8F01}',
        '\u{F8F00}1\u{F8F01}',
        '\u{F8F02}',
        '\u{F8F03}',
        '{{ 1 }}',
        '{% x %}',
      );
      const hostile = fc
        .array(fc.oneof(spelled, marks, awkwardText), { minLength: 1, maxLength: 8 })
        .map((parts) => parts.join(''));
      const ids = tokenizer();
      const controlIds = new Set(ids.controlTokens.values());
      const shape = (messages: Message[]) =>
        [...encodeChat(ids, template, messages).ids].filter((id) => controlIds.has(id));
      const harmless = shape([
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: 'c' },
      ]);
      fc.assert(
        fc.property(hostile, hostile, hostile, (first, answer, second) => {
          const messages: Message[] = [
            { role: 'user', content: first },
            { role: 'assistant', content: answer },
            { role: 'user', content: second },
          ];
          const chat = encodeChat(ids, template, messages);
          expect([...chat.ids].filter((id) => controlIds.has(id))).toEqual(harmless);
          const written = lossText(ids, chat);
          expect(written).toHaveLength(1);
          expect(written[0]).toContain(answer.trim());
        }),
        { numRuns: 150 },
      );
    });
  });

  it('keeps an empty message', () => {
    const tokenizer = base.withControlTokens(CONTROL_TOKENS);
    const messages: Message[] = [
      { role: 'user', content: '' },
      { role: 'assistant', content: '' },
    ];
    const chat = encodeChat(tokenizer, new ChatTemplate(), messages);
    expect(tokenizer.decode(chat.ids)).toBe('<|user|><|end|><|assistant|><|end|>');
    expect([...chat.loss]).toEqual([0, 0, 0, 1]);
  });

  it('asks for control tokens that the tokenizer lacks', () => {
    expect(() => encodeChat(base, new ChatTemplate(), dialogue)).toThrow(ConfigError);
    expect(() => encodeChat(base, new ChatTemplate(), dialogue)).toThrow('<|system|>');
  });

  it('works with characters too', () => {
    const tokenizer = CharacterTokenizer.fromText('Hi there!', [...CONTROL_TOKENS]);
    const chat = encodeChat(tokenizer, new ChatTemplate(), [{ role: 'assistant', content: 'Hi' }]);
    expect(tokenizer.decode(chat.ids)).toBe('<|assistant|>Hi<|end|>');
    expect([...chat.loss]).toEqual([0, 1, 1, 1]);
  });
});

describe('ChatTemplate', () => {
  it('says what is wrong with a template', () => {
    expect(() => new ChatTemplate({ source: '{% for %}' })).toThrow(ConfigError);
    expect(() => new ChatTemplate({ source: 'a\u{F8F01}' })).toThrow('U+F8F00');
  });

  it('says what is wrong with a chat', () => {
    const template = new ChatTemplate();
    const broken = (message: unknown) => () => template.render([dialogue[1]!, message as Message]);
    expect(broken({ role: 'tool', content: 'x' })).toThrow('messages[1].role is "tool"');
    expect(broken({ role: 'user', content: 3 })).toThrow('messages[1].content is not a text');
    expect(() => templates['Llama 2']!.template.render([dialogue[2]!])).toThrow('must alternate');
  });

  it('refuses templates that rewrite messages', () => {
    const upper = new ChatTemplate({ source: "{% for m in messages %}{{ m['content'] | upper }}{% endfor %}" });
    expect(() => upper.render(dialogue)).toThrow(DataError);
    const peeking = new ChatTemplate({ source: "{{ 'yes' if messages[0]['content'] == 'Be brief.' else 'no' }}" });
    expect(() => peeking.render(dialogue)).toThrow(DataError);
  });

  it('writes what jinja writes of the default template, whatever is said', () => {
    const jinja = new Template(DEFAULT_CHAT_TEMPLATE.replace(/\{% (end)?generation %\}/g, ''));
    const message = fc.record({
      role: fc.constantFrom('system', 'user', 'assistant'),
      content: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', ' ', '<|end|>', '\u{F8F00}0\u{F8F01}')),
    });
    fc.assert(
      fc.property(fc.array(message), fc.boolean(), (messages, addGenerationPrompt) => {
        const expected = jinja.render({ messages, add_generation_prompt: addGenerationPrompt });
        expect(new ChatTemplate().render(messages as Message[], { addGenerationPrompt })).toBe(expected);
      }),
    );
  });

  it('trims around generation tags as jinja does', () => {
    const source = DEFAULT_CHAT_TEMPLATE.replace('{% generation %}', ' \n {%- generation -%} \n ').replace(
      '{% endgeneration %}',
      ' {%- endgeneration -%}\n',
    );
    expect(new ChatTemplate({ source }).render(dialogue)).toBe(new ChatTemplate().render(dialogue));
  });
});
