import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeOf } from '../families/autoregressive/gpt.test-helper.js';
import { type GptOptions } from '../families/autoregressive/gpt-config.js';
import { gpt } from '../families/autoregressive/gpt.js';
import { initialise } from '../nn/parameters.js';
import { Engine } from '../runtime/engine.js';
import { CachePool, cacheBytes } from './cache-pool.js';
import { DecodingBatch } from './decoding-batch.js';
import { KeptRows, LEAST_SHARED } from './kept-rows.js';
import { Programs } from './programs.js';
import type { Sequence } from './sequence.js';
import { sequencesOf } from './sequences.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const base: GptOptions = {
  vocabularySize: 24,
  contextLength: 64,
  layers: 2,
  heads: 4,
  width: 32,
  initialisation: 0.3,
};
const shapes: [string, GptOptions][] = [
  ['learned positions', base],
  ['rotary positions and a window', { ...base, positions: 'rotary', bandedWindow: 5, keyValueHeads: 2 }],
  ['heads of a width that the operator does not take', { ...base, width: 20 }],
];

async function setUp(options: GptOptions, rowsKept = 8) {
  const model = gpt(options);
  const parameters = await storeOf(engine, model, initialise(model.parameters, 3));
  const pool = new CachePool(engine, model);
  const programs = new Programs(engine, model);
  const length = model.config.contextLength;
  const kept = new KeptRows(pool, model, rowsKept * cacheBytes(model, { rows: 1, length }));
  const batch = new DecodingBatch({ programs, pool, parameters, length, kept });
  const ask = (prompt: readonly number[], samples = 1): Sequence[] =>
    sequencesOf(
      { model },
      { prompts: [Int32Array.from(prompt)], samples, sampling: { maxTokens: 6, seed: 5, temperature: 0.8 } },
    );
  const finish = async (sequences: readonly Sequence[], on = batch): Promise<void> => {
    while (sequences.some(({ finishReason }) => finishReason === undefined)) await on.step();
  };
  /** The same prompt without anything to share. */
  const alone = async (prompt: readonly number[], samples = 1): Promise<Sequence[]> => {
    const sequences = ask(prompt, samples);
    const fresh = new DecodingBatch({ programs, pool, parameters, length });
    await fresh.admit(sequences);
    await finish(sequences, fresh);
    await fresh.close();
    return sequences;
  };
  return { kept, batch, ask, finish, alone };
}

const text = (length: number, from = 0): number[] =>
  Array.from({ length }, (_, index) => ((index + from) * (index + from + 3) * 5 + from) % 24);
const idsOf = (sequences: readonly Sequence[]) => sequences.map(({ ids }) => ids);

describe.each(shapes)('a prompt that begins like another, with %s', (_name, options) => {
  it('gives the same answer as one that is read whole', async () => {
    const { batch, ask, finish, alone, kept } = await setUp(options);
    const first = ask(text(20));
    await batch.admit(first);
    await finish(first);
    await batch.close();
    expect(kept.rows).toHaveLength(1);

    // A chat that goes on: the answer and a new message.
    const longer = [...text(20), ...first[0]!.ids, ...text(7, 100)];
    const second = ask(longer, 2);
    await batch.admit(second);
    expect(second.map(({ shared }) => shared)).toEqual([25, 25]);
    // While that is being written, another that begins like it, and one that is its beginning.
    const third = ask([...text(20), ...text(9, 55)]);
    const fourth = ask(text(19));
    await batch.step();
    await batch.admit([...third, ...fourth]);
    expect(third[0]!.shared).toBe(20);
    expect(fourth[0]!.shared).toBe(18);
    await finish([...second, ...third, ...fourth]);
    await batch.close();
    expect(idsOf(second)).toEqual(idsOf(await alone(longer, 2)));
    expect(idsOf(third)).toEqual(idsOf(await alone([...text(20), ...text(9, 55)])));
    expect(idsOf(fourth)).toEqual(idsOf(await alone(text(19))));
  });
});

describe('kept rows', () => {
  it('reads some tokens again where the rest would not fit into the row', async () => {
    const { batch, ask, finish, alone } = await setUp(base);
    const first = ask(text(40));
    await batch.admit(first);
    await finish(first);
    // 16 tokens are missing, as wide as they are; 17 become 32 wide, which begins before the 40 that are known.
    const near = [...text(40), ...text(17, 60)];
    const far = [...text(40), ...text(18, 90)];
    const second = [...ask(near), ...ask(far)];
    await batch.admit(second);
    expect(second.map(({ shared }) => shared)).toEqual([40, 32]);
    await finish(second);
    expect(idsOf(second)).toEqual(idsOf([...(await alone(near)), ...(await alone(far))]));
    await batch.close();
  });

  it('keeps those used last within its memory, and a longer row in place of its beginning', async () => {
    const { batch, ask, finish, kept } = await setUp(base, 2);
    const run = async (prompt: readonly number[]): Promise<Sequence> => {
      const sequences = ask(prompt);
      await batch.admit(sequences);
      await finish(sequences);
      await batch.close();
      return sequences[0]!;
    };
    const first = await run(text(18));
    await run([...first.read, 3, 4]);
    expect(kept.rows).toHaveLength(1);
    await run(text(18, 200));
    await run([...text(18), 9, 9]);
    expect(kept.rows).toHaveLength(2);
    expect((await run(text(18, 200))).shared).toBe(0);
    const short = await run(text(LEAST_SHARED - 8));
    expect(kept.rows.some(({ tokens }) => tokens.length === short.read.length)).toBe(false);
    await kept.clear();
    expect(kept.bytes).toBe(0);
  });
});
