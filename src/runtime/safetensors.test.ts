import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { SafetensorsFile, writeSafetensors, type TensorToWrite } from './safetensors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descent-safetensors-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A file of this header and so many bytes of data. */
async function fileOf(header: unknown, dataBytes = 0, declared?: bigint): Promise<string> {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, declared ?? BigInt(json.length), true);
  bytes.set(json, 8);
  const path = join(folder, 'file.safetensors');
  await writeFile(path, bytes);
  return path;
}

const float32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  it('gives back what was written, whatever the names, shapes and bits', async () => {
    const path = join(folder, 'any.safetensors');
    const tensor = fc.record({
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), tensor, { maxKeys: 6 }),
        fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }), { maxKeys: 3 }),
        async (content, metadata) => {
          const tensors = Object.entries(content).map(([name, { shape, seed }]): TensorToWrite => {
            const bits = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
              Math.imul(seed, i + 1),
            );
            return { name, type: 'F32', shape, data: new Float32Array(bits.buffer) };
          });
          await writeSafetensors({ path, tensors, metadata });
          const file = await SafetensorsFile.open(path);
          expect([...file.tensors.keys()].sort()).toEqual(tensors.map(({ name }) => name).sort());
          expect({ ...file.metadata }).toEqual({ ...metadata });
          for (const { name, shape, data } of tensors) {
            expect(file.tensors.get(name)?.shape).toEqual(shape);
            // As bits, so that a NaN keeps its payload.
            const read = await file.readFloat32(name);
            const bits = (values: Float32Array) => [...new Int32Array(values.buffer, values.byteOffset, values.length)];
            expect(bits(read)).toEqual(bits(data as Float32Array));
          }
          await file.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('writes the bytes that the format asks for', async () => {
    const path = join(folder, 'bytes.safetensors');
    await writeSafetensors({
      path,
      tensors: [{ name: 'a', type: 'I32', shape: [2], data: () => Promise.resolve(Int32Array.of(1, -1)) }],
      metadata: { by: 'hand' },
    });
    const bytes = await readFile(path);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).toEqual({
      __metadata__: { by: 'hand' },
      a: { dtype: 'I32', shape: [2], data_offsets: [0, 8] },
    });
    expect([...bytes.subarray(8 + length)]).toEqual([1, 0, 0, 0, 255, 255, 255, 255]);
    expect(await readdir(folder)).toEqual(['bytes.safetensors']);
  });

  it('widens half-precision types exactly', async () => {
    const path = join(folder, 'half.safetensors');
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0x8000);
    const brains = Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001);
    await writeSafetensors({
      path,
      tensors: [
        { name: 'half', type: 'F16', shape: [7], data: halves },
        { name: 'brain', type: 'BF16', shape: [4], data: brains },
        { name: 'count', type: 'I64', shape: [1], data: BigInt64Array.of(3n) },
      ],
    });
    const file = await SafetensorsFile.open(path);
    expect([...(await file.readFloat32('half'))]).toEqual([1, -2, 2 ** -24, 65504, Infinity, -Infinity, -0]);
    expect([...(await file.readFloat32('brain'))]).toEqual([1, -2, Infinity, 2 ** -133]);
    expect(await file.read('count')).toEqual(BigInt64Array.of(3n));
    await expect(file.readFloat32('count')).rejects.toThrow(/tensor "count" is of type I64/);
    await expect(file.read('other')).rejects.toThrow(/no tensor "other"/);
    await file.close();
  });

  it('refuses every header that does not fit its file, naming file and tensor', async () => {
    const cases: [unknown, number, RegExp][] = [
      ['', 0, /not JSON/],
      ['[1]', 0, /not a JSON object/],
      ['{"a":', 0, /not JSON/],
      [{ a: 1 }, 0, /tensor "a": its header entry is not an object/],
      [{ __metadata__: { a: 1 } }, 0, /__metadata__\["a"\] is not a string/],
      [{ a: { dtype: 'F31', shape: [], data_offsets: [0, 4] } }, 4, /tensor "a": dtype "F31" is not one of/],
      [{ a: { dtype: 'constructor', shape: [], data_offsets: [0, 4] } }, 4, /tensor "a": dtype/],
      [{ a: float32([-1], 0, 4) }, 4, /tensor "a": its shape is not/],
      [{ a: float32([1.5], 0, 6) }, 6, /tensor "a": its shape is not/],
      [{ a: float32([2 ** 40, 2 ** 40], 0, 4) }, 4, /tensor "a": shape .* is too large/],
      [{ a: float32([1], 0, 8) }, 8, /tensor "a": shape \[1\] of F32 needs 4 bytes, data_offsets give 8/],
      [{ a: float32([1], 4, 0) }, 4, /tensor "a": shape/],
      [{ a: float32([1], 0, 4), b: float32([1], 0, 4) }, 4, /tensor "b" begins at byte 0 .* ends at 4/],
      [{ a: float32([1], 0, 4), b: float32([1], 8, 12) }, 12, /tensor "b" begins at byte 8/],
      [{ a: float32([2], 0, 8) }, 4, /describes 8 bytes of data, the file has 4/],
      [{ a: float32([1], 0, 4) }, 8, /describes 4 bytes of data, the file has 8/],
    ];
    for (const [header, dataBytes, message] of cases) {
      const path = await fileOf(header, dataBytes);
      const opening = SafetensorsFile.open(path);
      await expect(opening).rejects.toThrow(FormatError);
      await expect(opening).rejects.toThrow(message);
      await expect(opening).rejects.toThrow(path);
    }
  });

  it('does not believe a header length that the file does not have', async () => {
    await expect(SafetensorsFile.open(await fileOf({}, 0, 2n ** 63n))).rejects.toThrow(
      /claims 9223372036854775808 bytes/,
    );
    await expect(SafetensorsFile.open(await fileOf({}, 0, 3n))).rejects.toThrow(FormatError);
    const short = join(folder, 'short');
    await writeFile(short, 'abc');
    await expect(SafetensorsFile.open(short)).rejects.toThrow(/3 bytes, fewer than 8/);
    await expect(SafetensorsFile.open(join(folder, 'none'))).rejects.toThrow(/none cannot be opened/);
  });

  it('refuses to write a tensor whose data does not fit its shape, and leaves the old file', async () => {
    const path = join(folder, 'old.safetensors');
    await writeFile(path, 'old');
    const tensors: TensorToWrite[] = [{ name: 'a', type: 'F32', shape: [3], data: new Float32Array(2) }];
    await expect(writeSafetensors({ path, tensors })).rejects.toThrow(/tensor "a" has 8 bytes .* need 12/);
    const twice: TensorToWrite[] = ['a', 'a'].map((name) => ({ name, type: 'U8', shape: [0], data: new Uint8Array() }));
    await expect(writeSafetensors({ path, tensors: twice })).rejects.toThrow(/"a" cannot be written/);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['old.safetensors']);
  });
});
