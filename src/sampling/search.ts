import type { Generative, NamedTensors } from '../nn/image-model.js';
import type { Engine, HostTree, StoreReference } from '../runtime/engine.js';
import { type Tensor, int32 } from '../tensor/index.js';
import { withBatch } from './noise.js';
import { sizeOf } from '../tensor/define.js';

export type HostArrays = Readonly<Record<string, Float32Array>>;

/** Shapes of what every draw of a batch is made of. */
export const drawSpecs = ({ noise, search }: Generative, batchSize: number) => ({
  noise: withBatch(noise, batchSize),
  labels: int32(batchSize),
  state: withBatch(search?.state ?? {}, batchSize),
});

/**
 * Compiles what a model finds by repetition before it draws. The result repeats passes, from zeros, until one changes
 * nothing; a row that is done stays as it is, so that no row depends on the others.
 */
export async function searchOf(
  generative: Generative,
  options: { engine: Engine; parameters: object; weights: StoreReference; batchSize: number; threads: number },
): Promise<(asked: Readonly<Record<string, HostTree>>, signal?: AbortSignal) => Promise<HostArrays>> {
  const { search } = generative;
  if (search === undefined) return () => Promise.resolve({});
  const { engine, parameters, weights, batchSize, threads } = options;
  const given = drawSpecs(generative, batchSize);
  interface Traced {
    readonly parameters: never;
    readonly given: { readonly noise: NamedTensors; readonly labels: Tensor; readonly state: NamedTensors };
  }
  const pass = await engine.compile(
    ((traced: Traced) => ({ state: search.improve(traced.parameters, traced.given) })) as never,
    { parameters, given },
    { name: 'one pass of a search', threads },
  );
  return async (asked, signal) => {
    let found: HostArrays = Object.fromEntries(
      Object.entries(given.state).map(([name, { shape }]) => [name, new Float32Array(sizeOf(shape))]),
    );
    for (let count = 0; count < search.passes; count++) {
      signal?.throwIfAborted();
      const args = { parameters: weights, given: { ...asked, state: found } };
      const result = (await pass.run(args, { ...(signal && { signal }) })) as unknown as { state: HostArrays };
      const isDone = Object.entries(result.state).every(([name, values]) => sameBits(values, found[name]!));
      found = result.state;
      if (isDone) break;
    }
    return found;
  };
}

/** Bit for bit, so that NaN is equal to itself. */
const sameBits = (a: Float32Array, b: Float32Array): boolean => {
  const [left, right] = [a, b].map((values) => new Int32Array(values.buffer, values.byteOffset, values.length)) as [
    Int32Array,
    Int32Array,
  ];
  return left.every((bits, index) => bits === right[index]);
};
