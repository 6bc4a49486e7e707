import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng, grid } from '../../formats/pictures.js';
import { type TinyServer, saveSeeingModel, temporaryFolder, tinyServer } from '../tiny-models.test-helper.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TinyServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  await saveSeeingModel(join(folder.path, 'seeing'));
  server = tinyServer({ models: [{ path: folder.path }] });
});
afterAll(async () => {
  await server.serving.close(0);
  await folder.remove();
});

interface Answer {
  readonly choices: { message: { content: string }; logprobs: { content: { logprob: number }[] } }[];
  readonly usage: { prompt_tokens: number };
  readonly error: { message: string; param: string };
}

function pngUrl(step: number): string {
  const values = Uint8Array.from({ length: 16 }, (_, index) => (index * step) % 256);
  const png = encodePng(grid({ channels: 1, height: 4, width: 4, values, largest: 255 }));
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

const ask = async (...urls: string[]): Promise<Answer & { readonly status: number }> => {
  const images = urls.map((url) => ({ type: 'image_url', image_url: { url } }));
  const content = [...images, { type: 'text', text: 'what' }];
  const body = { model: 'seeing', messages: [{ role: 'user', content }], logprobs: true, max_tokens: 4, seed: 1 };
  const response = await server.post('/v1/chat/completions', body);
  return { ...((await response.json()) as Answer), status: response.status };
};
const firstLogProb = ({ choices }: Answer): number => choices[0]!.logprobs.content[0]!.logprob;

describe('a model that sees', () => {
  it('answers by the images of a message, whatever was asked before', async () => {
    const [blind, ramp, other, again] = [
      await ask(),
      await ask(pngUrl(16)),
      await ask(pngUrl(90)),
      await ask(pngUrl(16)),
    ];
    expect(ramp.usage.prompt_tokens).toBe(blind.usage.prompt_tokens + 2);
    expect(again.choices).toEqual(ramp.choices);
    expect(firstLogProb(other)).not.toBeCloseTo(firstLogProb(ramp), 3);
    const both = await ask(pngUrl(16), pngUrl(90));
    const turned = await ask(pngUrl(90), pngUrl(16));
    expect(both.usage.prompt_tokens).toBe(blind.usage.prompt_tokens + 4);
    expect(firstLogProb(both)).not.toBeCloseTo(firstLogProb(turned), 3);
  });

  it.each([
    ['a file of the machine', 'file:///etc/passwd', /not fetched/],
    ['a path', '../secret.png', /not fetched/],
    ['another host', 'https://example.org/a.png', /not fetched/],
    ['what is no image', 'data:text/plain,hello', /no PNG or JPEG/],
    ['a broken one', 'data:image/png;base64,AAAA', /image/],
  ])('refuses %s', async (_, url, why) => {
    const { status, error } = await ask(url);
    expect(status).toBe(400);
    expect(error.param).toBe('messages.0.content.0');
    expect(error.message).toMatch(why);
  });
});
