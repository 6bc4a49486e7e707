import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGguf } from '../formats/gguf.test-helper.js';
import { saveTinyModel, temporaryFolder } from '../serving/tiny-models.test-helper.js';
import { commandIn } from './descent.test-helper.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const { descent, json } = commandIn(() => folder.path);
beforeAll(async () => {
  folder = await temporaryFolder();
  await saveTinyModel({ folder: join(folder.path, 'model') });
  await saveTinyModel({ folder: join(folder.path, 'gpt-1'), options: { normPosition: 'post' } });
});
afterAll(() => folder.remove());

it('writes a model as one file, or says what llama.cpp has not', async () => {
  const answer = await json<{ bytes: number }>('export', 'model', '--out', 'model.gguf', '--type', 'f16');
  expect(answer).toMatchObject({ architecture: 'gpt2', type: 'f16' });
  const { bytes, metadata } = await readGguf(join(folder.path, 'model.gguf'));
  expect(bytes).toBe(answer.bytes);
  expect(metadata).toMatchObject({ 'general.name': 'model', 'gpt2.context_length': 128 });
  const refused = await descent('export', 'gpt-1', '--out', 'gpt-1.gguf');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('model.normPosition: post');
});
