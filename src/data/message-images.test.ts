import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePng, grid } from '../formats/pictures.js';
import { type Message, type MessageImage, ChatTemplate, encodeChat } from '../tokenizer/chat.js';
import { CONTROL_TOKENS, IMAGE_TOKEN } from '../tokenizer/control-tokens.js';
import { BadRows } from './bad-rows.js';
import { readChats } from './chats.js';
import { byteTokenizer, collect, folderWith } from './fixtures.test-helper.js';
import { chatsWithPixels, readMessageImage } from './message-images.js';
import { contentOf, readMessages } from './messages.js';

const ramp = Uint8Array.from({ length: 16 }, (_, index) => 16 * index);
const pngOf = (side: number, values: Uint8Array): Uint8Array =>
  encodePng(grid({ channels: 1, height: side, width: side, values, largest: 255 }));
const png = pngOf(4, ramp);
const url = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
const sight = { shape: { channels: 1, height: 4, width: 4 }, fit: 'crop', filter: 'bicubic' } as const;
const place = { file: 'chats.jsonl', line: 1 };

const dialogue = (...content: unknown[]): string =>
  JSON.stringify({
    messages: [
      { role: 'user', content },
      { role: 'assistant', content: 'A ramp.' },
    ],
  });
const text = (words: string) => ({ type: 'text', text: words });

describe('messages with images', () => {
  it.each([
    ['image_url with a url', { type: 'image_url', image_url: { url: 'a.png' } }],
    ['image_url as text', { type: 'image_url', image_url: 'a.png' }],
    ['image with a path', { type: 'image', path: 'a.png' }],
  ])('%s', (_, part) => {
    const [message] = readMessages(
      [{ role: 'user', content: [text('What is '), part, text(' this?')] }],
      'messages',
      place,
    );
    expect(message).toEqual({ role: 'user', content: 'What is  this?', images: [{ at: 8, url: 'a.png' }] });
  });

  it('reads what it writes', () => {
    const piece = fc.oneof(fc.constant(undefined), fc.string({ minLength: 1, maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        let content = '';
        const images: MessageImage[] = [];
        for (const words of pieces) {
          if (words === undefined) images.push({ at: content.length, url: `${images.length}.png` });
          else content += words;
        }
        if (images.length === 0) return;
        const message: Message = { role: 'user', content, images };
        expect(readMessages([{ role: 'user', content: contentOf(message) }], 'messages', place)).toEqual([message]);
      }),
    );
  });

  it('an image becomes its tokens at its place, whatever the text around it spells', () => {
    const tokenizer = byteTokenizer(...CONTROL_TOKENS, IMAGE_TOKEN);
    const [image, pixels] = [tokenizer.idOf(IMAGE_TOKEN), { ...sight.shape, pixels: ramp }];
    const content = `a ${IMAGE_TOKEN} b`;
    const messages: Message[] = [
      {
        role: 'user',
        content,
        images: [
          { at: 2, pixels },
          { at: content.length, pixels },
        ],
      },
      { role: 'assistant', content: 'c' },
    ];
    const { ids, loss, images } = encodeChat(tokenizer, new ChatTemplate(), messages, { imageTokens: 3 });
    const places = [...ids.keys()].filter((index) => ids[index] === image);
    // <|user|>, two bytes, three places, the text, three places.
    const second = 3 + 3 + content.length - 2;
    expect(places).toEqual([3, 4, 5, second, second + 1, second + 2]);
    expect(images).toEqual([pixels, pixels]);
    for (const index of places) expect(loss[index]).toBe(0);
    expect(Buffer.from(ids.filter((id) => id < 256)).toString()).toBe(`${content}c`);
  });

  it('keeps its place where a template trims', () => {
    const tokenizer = byteTokenizer(...CONTROL_TOKENS, IMAGE_TOKEN);
    const source = "{% for m in messages %}<|user|>{{ m['content'] | trim }}<|end|>{% endfor %}";
    const pixels = { ...sight.shape, pixels: ramp };
    const messages: Message[] = [{ role: 'user', content: '  ab ', images: [{ at: 3, pixels }] }];
    const { ids } = encodeChat(tokenizer, new ChatTemplate({ source }), messages, { imageTokens: 1 });
    const image = tokenizer.idOf(IMAGE_TOKEN);
    expect([...ids.subarray(1, 4)]).toEqual(['a'.charCodeAt(0), image, 'b'.charCodeAt(0)]);
  });

  it('refuses a chat that ends with an image', () => {
    const tokenizer = byteTokenizer(...CONTROL_TOKENS, IMAGE_TOKEN);
    const source = "{% for m in messages %}{{ m['content'] }}{% endfor %}";
    const messages: Message[] = [
      { role: 'user', content: 'a', images: [{ at: 1, pixels: { ...sight.shape, pixels: ramp } }] },
    ];
    expect(() => encodeChat(tokenizer, new ChatTemplate({ source }), messages, { imageTokens: 1 })).toThrow(
      /leaves images out, or ends with one/,
    );
  });
});

describe('reading images', () => {
  const folder = () =>
    folderWith({
      'a.png': png,
      'large.png': pngOf(8, new Uint8Array(64).fill(7)),
      'broken.png': png.subarray(0, 40),
      'chats.jsonl': [
        dialogue(text('What?'), { type: 'image', path: 'a.png' }),
        dialogue({ type: 'image_url', image_url: { url } }, text('What?')),
        dialogue(text('What?')),
        dialogue({ type: 'image', path: 'broken.png' }, text('What?')),
        dialogue({ type: 'image', path: 'none.png' }, text('What?')),
        dialogue({ type: 'image_url', image_url: { url: 'https://example.org/a.png' } }, text('What?')),
        dialogue({ type: 'audio' }, text('What?')),
        JSON.stringify({
          messages: [
            { role: 'user', content: 'Draw.' },
            { role: 'assistant', content: [{ type: 'image', path: 'a.png' }] },
          ],
        }),
      ].join('\n'),
    });

  it('from files beside the dialogues and from data: URLs, and lists those that it cannot', async () => {
    const badRows = new BadRows();
    const paths = [join(folder(), 'chats.jsonl')];
    const chats = await collect(chatsWithPixels(readChats({ paths, badRows }), { sight, badRows }));
    expect(chats.map(({ messages }) => messages[0]!.images?.[0]?.pixels?.pixels)).toEqual([ramp, ramp, undefined]);
    const whys = badRows.listed.map(({ message }) => message);
    expect(whys).toHaveLength(5);
    expect(whys[3]).toMatch(/chats.jsonl:7: field "messages\[0\].content\[0\]": should be a part .* of type audio/);
    expect(whys[4]).toMatch(/chats.jsonl:8: .* the assistant shows an image/);
    expect(whys[0]).toMatch(/chats.jsonl:4: .*broken.png: damaged image/);
    expect(whys[1]).toMatch(/chats.jsonl:5: .*none.png cannot be read/);
    expect(whys[2]).toMatch(/chats.jsonl:6: .*images are not fetched/);
  });

  it('brings them to the size that is seen, and says so', async () => {
    const said: unknown[] = [];
    const place = join(folder(), 'large.png');
    const read = await readMessageImage(place, { sight, onResize: (resized) => said.push(resized) });
    expect(read).toEqual({ ...sight.shape, pixels: new Uint8Array(16).fill(7) });
    expect(said).toEqual([{ name: place, from: { channels: 1, height: 8, width: 8 }, to: sight.shape }]);
    const colour = { ...sight, shape: { channels: 3, height: 4, width: 4 } };
    expect((await readMessageImage(url, { sight: colour })).pixels).toEqual(
      Uint8Array.from([...ramp, ...ramp, ...ramp]),
    );
    await expect(readMessageImage('data:text/plain,hello', { sight })).rejects.toThrow(/no PNG or JPEG/);
    expect(await readFile(place)).toHaveLength(pngOf(8, new Uint8Array(64).fill(7)).length);
  });
});
