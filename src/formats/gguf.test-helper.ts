import { readFile } from 'node:fs/promises';
import { widenFloat16 } from '../runtime/float16.js';

/** A GGUF file as it was read, by a reader that shares nothing with the writer. */
export interface ReadGguf {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, { shape: readonly number[]; type: number; values: Float32Array }>;
  readonly bytes: number;
}

/** Reads all of a file, after the format's specification. */
export async function readGguf(path: string): Promise<ReadGguf> {
  const file = await readFile(path);
  let at = 0;
  const take = (bytes: number): number => (at += bytes) - bytes;
  const uint32 = (): number => file.readUInt32LE(take(4));
  const uint64 = (): number => Number(file.readBigUInt64LE(take(8)));
  const string = (): string => {
    const length = uint64();
    const start = take(length);
    return file.toString('utf8', start, start + length);
  };
  const value = (type: number): unknown => {
    if (type === 4) return uint32();
    if (type === 5) return file.readInt32LE(take(4));
    if (type === 6) return file.readFloatLE(take(4));
    if (type === 7) return file.readUInt8(take(1)) === 1;
    if (type === 8) return string();
    if (type !== 9) throw new Error(`type ${type} of a value`);
    const of = uint32();
    return Array.from({ length: uint64() }, () => value(of));
  };

  if (file.toString('latin1', take(4), 4) !== 'GGUF' || uint32() !== 3) throw new Error(`${path} is no GGUF file`);
  const tensorCount = uint64();
  const metadata = Object.fromEntries(Array.from({ length: uint64() }, () => [string(), value(uint32())]));
  const infos = Array.from({ length: tensorCount }, () => {
    const name = string();
    const shape = Array.from({ length: uint32() }, uint64).reverse();
    return { name, shape, type: uint32(), offset: uint64() };
  });
  const start = Math.ceil(at / 32) * 32;
  const tensors = new Map(
    infos.map(({ name, shape, type, offset }) => {
      if (offset % 32 !== 0) throw new Error(`${name} is not aligned`);
      const count = shape.reduce((a, b) => a * b, 1);
      const data = Uint8Array.from(file.subarray(start + offset, start + offset + count * (type === 0 ? 4 : 2))).buffer;
      return [name, { shape, type, values: type === 0 ? new Float32Array(data) : widenFloat16(new Uint16Array(data)) }];
    }),
  );
  return { metadata, tensors, bytes: file.length };
}

/**
 * Logits after each token [tokens, vocabulary] as llama.cpp computes them from a file: its graphs of the architectures that
 * we write, in plain numbers and without a cache.
 */
export function llamaLogits({ metadata, tensors }: ReadGguf, tokens: readonly number[]): number[][] {
  const architecture = String(metadata['general.architecture']);
  const key = (name: string): number => Number(metadata[`${architecture}.${name}`]);
  const isRms = architecture === 'arcee' || architecture === 'llama';
  const [width, heads, keyHeads] = [
    key('embedding_length'),
    key('attention.head_count'),
    key('attention.head_count_kv'),
  ];
  const epsilon = key(isRms ? 'attention.layer_norm_rms_epsilon' : 'attention.layer_norm_epsilon');
  const headWidth = width / heads;

  const row = (name: string, index: number): number[] => {
    const { shape, values } = tensors.get(name)!;
    return [...values.subarray(index * shape[1]!, (index + 1) * shape[1]!)];
  };
  const linear = (name: string, x: readonly number[]): number[] => {
    const { shape, values } = tensors.get(`${name}.weight`)!;
    const bias = tensors.get(`${name}.bias`)?.values;
    return Array.from({ length: shape[0]! }, (_, output) =>
      x.reduce((sum, number, input) => sum + number * values[output * shape[1]! + input]!, bias?.[output] ?? 0),
    );
  };
  const norm = (name: string, x: readonly number[]): number[] => {
    const mean = isRms ? 0 : x.reduce((a, b) => a + b) / x.length;
    const scale = 1 / Math.sqrt(x.reduce((sum, number) => sum + (number - mean) ** 2, 0) / x.length + epsilon);
    const bias = tensors.get(`${name}.bias`)?.values;
    return x.map((number, i) => (number - mean) * scale * tensors.get(`${name}.weight`)!.values[i]! + (bias?.[i] ?? 0));
  };
  const turned = (x: readonly number[], position: number): number[] => {
    if (architecture === 'gpt2') return [...x];
    const result = [...x];
    for (let pair = 0; pair < headWidth / 2; pair++) {
      // LLAMA_ROPE_TYPE_NORM turns neighbours, LLAMA_ROPE_TYPE_NEOX halves.
      const [i, j] = isRms ? [2 * pair, 2 * pair + 1] : [pair, pair + headWidth / 2];
      const angle = position * key('rope.freq_base') ** ((-2 * pair) / key('rope.dimension_count'));
      result[i] = x[i]! * Math.cos(angle) - x[j]! * Math.sin(angle);
      result[j] = x[i]! * Math.sin(angle) + x[j]! * Math.cos(angle);
    }
    return result;
  };
  const feedForward = (block: string, x: readonly number[]): number[] => {
    const up = linear(`${block}.ffn_up`, x);
    if (architecture === 'llama') {
      const gate = linear(`${block}.ffn_gate`, x);
      return linear(
        `${block}.ffn_down`,
        up.map((number, i) => (number * gate[i]!) / (1 + Math.exp(-gate[i]!))),
      );
    }
    const isSquared = architecture === 'arcee' || architecture === 'nemotron';
    const gelu = (y: number): number => 0.5 * y * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (y + 0.044715 * y ** 3)));
    return linear(
      `${block}.ffn_down`,
      up.map((number) => (isSquared ? Math.max(0, number) ** 2 : gelu(number))),
    );
  };
  const add = (x: readonly number[], y: readonly number[]): number[] => x.map((number, i) => number + y[i]!);

  let stream = tokens.map((token, position) => {
    const word = row('token_embd.weight', token);
    return architecture === 'gpt2' ? add(word, row('position_embd.weight', position)) : word;
  });
  for (let index = 0; index < key('block_count'); index++) {
    const block = `blk.${index}`;
    const heard = stream.map((x, position) => {
      const y = norm(`${block}.attn_norm`, x);
      const all =
        architecture === 'gpt2'
          ? linear(`${block}.attn_qkv`, y)
          : ['q', 'k', 'v'].flatMap((part) => linear(`${block}.attn_${part}`, y));
      const vectors = Array.from({ length: heads + 2 * keyHeads }, (_, head) =>
        all.slice(head * headWidth, (head + 1) * headWidth),
      );
      return vectors.map((vector, head) => (head < heads + keyHeads ? turned(vector, position) : vector));
    });
    const attended = heard.map((vectors, position) =>
      linear(
        `${block}.attn_output`,
        vectors.slice(0, heads).flatMap((query, head) => {
          const source = heads + Math.floor((head * keyHeads) / heads);
          const past = heard.slice(0, position + 1);
          const scores = past.map((other) =>
            Math.exp(query.reduce((sum, number, i) => sum + number * other[source]![i]!, 0) / Math.sqrt(headWidth)),
          );
          const total = scores.reduce((a, b) => a + b);
          return query.map((_, i) =>
            past.reduce((sum, other, time) => sum + (scores[time]! / total) * other[source + keyHeads]![i]!, 0),
          );
        }),
      ),
    );
    stream = stream.map((x, position) => {
      const y = add(x, attended[position]!);
      return add(y, feedForward(block, norm(`${block}.ffn_norm`, y)));
    });
  }
  const output = tensors.has('output.weight') ? 'output' : 'token_embd';
  return stream.map((x) => linear(output, norm('output_norm', x)));
}
