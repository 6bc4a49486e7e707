import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveImageModel, imageData } from '../formats/image-model-folder.js';
import { findImageModel } from '../formats/image-models.js';
import { initialise } from '../nn/parameters.js';
import { type TinyServer, temporaryFolder, tinyServer } from './tiny-models.test-helper.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TinyServer;

async function saveTinyImageModel(name: string, of: string, settings: Record<string, unknown>): Promise<void> {
  const { definition } = await findImageModel(of);
  const images = { channels: 1, height: 8, width: 8, pixels: 'bytes' as const, labelNames: ['round', 'square'] };
  const config = definition.schema.parse(settings);
  const values = initialise(definition.build(config, imageData(images)).parameters, 1);
  const lineage = { stage: 'test', ancestors: [] };
  await saveImageModel({ folder: join(folder.path, name, 'model'), definition, config, images, values, lineage });
}

beforeAll(async () => {
  folder = await temporaryFolder();
  await saveTinyImageModel('plain', 'maf', {});
  await saveTinyImageModel('classes', 'pixel-cnn', { conditional: true });
  await saveTinyImageModel('judge', 'classifier', {});
  server = tinyServer({ models: [{ path: folder.path }] });
});
afterAll(async () => {
  await server.serving.close(0);
  await folder.remove();
});

async function draw(fields: object): Promise<{ status: number; pictures: Buffer[]; error?: { param: string } }> {
  const response = await server.post('/v1/images/generations', { prompt: '', seed: 3, ...fields });
  const body = (await response.json()) as { data?: { b64_json: string }[]; error?: { param: string } };
  const pictures = (body.data ?? []).map(({ b64_json: text }) => Buffer.from(text, 'base64'));
  return { status: response.status, pictures, ...(body.error && { error: body.error }) };
}

describe('/v1/images/generations', () => {
  it('draws pictures of the size of the model, the same for the same seed', async () => {
    const { pictures } = await draw({ model: 'plain', n: 3 });
    expect(pictures).toHaveLength(3);
    for (const picture of pictures) expect(decode(picture)).toMatchObject({ width: 8, height: 8, channels: 1 });
    expect(pictures[0]).not.toEqual(pictures[1]);
    expect((await draw({ model: 'plain', n: 3, size: '8x8' })).pictures).toEqual(pictures);
    expect((await draw({ model: 'plain', seed: 4 })).pictures[0]).not.toEqual(pictures[0]);
  });

  it('draws a class by its name or its number', async () => {
    const [named, numbered] = [await draw({ model: 'classes', prompt: 'Square' }), await draw({ model: 'classes', prompt: '1' })];
    expect(named.pictures).toHaveLength(1);
    expect(named.pictures).toEqual(numbered.pictures);
  });

  it.each([
    [{ model: 'classes', prompt: 'oval' }, 'prompt'],
    [{ model: 'plain', prompt: 'round' }, 'prompt'],
    [{ model: 'plain', size: '1024x1024' }, 'size'],
    [{ model: 'plain', response_format: 'url' }, 'response_format'],
    [{ model: 'plain', quality: 'hd' }, 'quality'],
    [{ model: 'plain', n: 100 }, 'n'],
    [{ model: 'judge' }, 'model'],
    [{ model: 'nobody' }, 'model'],
  ])('refuses %o by name', async (fields, param) => {
    const { error } = await draw(fields);
    expect(error?.param).toBe(param);
  });
});
