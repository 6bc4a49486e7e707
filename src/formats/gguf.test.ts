import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { type GgufTensor, writeGguf } from './gguf.js';
import { readGguf } from './gguf.test-helper.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descent-gguf-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('gives back what was written, whatever the keys, values and shapes', async () => {
  const path = join(folder, 'any.gguf');
  const text = fc.string({ unit: 'grapheme' });
  const value = fc.oneof(
    ...[text, fc.boolean(), fc.nat(), fc.array(text), fc.int32Array()],
    fc.float({ noNaN: true }).map((float32) => ({ float32 })),
  );
  const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.dictionary(text, value), fc.dictionary(text, shape), async (metadata, shapes) => {
      const tensors = Object.entries(shapes).map(([name, own], index): GgufTensor => {
        const values = Float32Array.from({ length: own.reduce((a, b) => a * b, 1) }, (_, i) => i / 4 - index);
        return { name, type: index % 2 === 0 ? 'F32' : 'F16', shape: own, data: () => values };
      });
      const bytes = await writeGguf({ path, metadata, tensors });
      const read = await readGguf(path);
      expect(read.bytes).toBe(bytes);
      expect([...read.tensors].map(([name, { shape: own, values }]) => ({ name, own, values }))).toEqual(
        tensors.map(({ name, shape: own, data }) => ({ name, own, values: data() })),
      );
      const plain = Object.entries(metadata).map(([key, given]) => {
        if (given instanceof Int32Array) return [key, [...given]];
        return [key, typeof given === 'object' && 'float32' in given ? given.float32 : given];
      });
      expect(Object.entries(read.metadata)).toEqual(plain);
    }),
    { numRuns: 20 },
  );
});

it('refuses numbers and data that do not fit, and leaves no file', async () => {
  const path = join(folder, 'refused.gguf');
  const tensor: GgufTensor = { name: 'weight', type: 'F32', shape: [2, 3], data: () => new Float32Array(5) };
  await expect(writeGguf({ path, metadata: { count: 2 ** 32 }, tensors: [] })).rejects.toThrow(/count: 4294967296/);
  await expect(writeGguf({ path, metadata: {}, tensors: [tensor] })).rejects.toThrow(FormatError);
  expect((await readdir(folder)).filter((name) => name.includes('refused'))).toEqual([]);
});
