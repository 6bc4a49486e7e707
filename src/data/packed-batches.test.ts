import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeChats, type Example } from './examples.js';
import { packBestFit } from './packing.js';
import { packedBatches, packedList } from './packed-batches.js';

const pad = 0;

/** An example whose ids tell which one it is and which token. */
const example = (index: number, length: number): Example => ({
  ids: Int32Array.from({ length }, (_, i) => 1000 * (index + 1) + i),
  loss: Uint8Array.from({ length }, (_, i) => ((i * (index + 3)) % 3 === 1 ? 1 : 0)),
});
const lists = fc
  .array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 40 })
  .map((lengths) => lengths.map((length, index) => example(index, length)));

describe('packBestFit', () => {
  it('loses nothing, repeats nothing, never overfills', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 200 });
    fc.assert(
      fc.property(lengths, (list) => {
        const rows = packBestFit(list, 50);
        expect(rows.flat().sort((a, b) => a - b)).toEqual(list.map((_, index) => index));
        for (const row of rows) expect(row.reduce((sum, index) => sum + list[index]!, 0)).toBeLessThanOrEqual(50);
        // No two rows could be one: otherwise the second would not have been opened.
        const sums = rows.map((row) => row.reduce((sum, index) => sum + list[index]!, 0)).sort((a, b) => a - b);
        if (sums.length > 1) expect(sums[0]! + sums[1]!).toBeGreaterThan(50);
      }),
    );
  });

  it('never overfills by another measure either', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 20 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(pairs, (list) => {
        const second = { sizes: list.map(([, size]) => size), limit: 20 };
        const rows = packBestFit(
          list.map(([length]) => length),
          50,
          { others: [second] },
        );
        expect(rows.flat().sort((a, b) => a - b)).toEqual(list.map((_, index) => index));
        for (const row of rows) {
          expect(row.reduce((sum, index) => sum + list[index]![0], 0)).toBeLessThanOrEqual(50);
          expect(row.reduce((sum, index) => sum + list[index]![1], 0)).toBeLessThanOrEqual(20);
        }
      }),
    );
  });

  it('finds the perfect packing of an easy case', () => {
    expect(packBestFit([3, 5, 7, 2, 8, 5], 10).map((row) => row.length)).toEqual([2, 2, 2]);
  });
});

/** The examples that stand in batches, by their ids, and the targets that count. */
function unpack(batch: { tokens: Int32Array; mask: Float32Array }, width: number) {
  const found: number[][] = [];
  const targets: number[] = [];
  for (let r = 0; r < batch.tokens.length / width; r++) {
    for (let i = 0; i < width; i++) {
      const id = batch.tokens[r * width + i]!;
      if (id !== pad && id % 1000 === 0) found.push([]);
      if (id !== pad) found[found.length - 1]!.push(id);
      if (i > 0 && batch.mask[r * (width - 1) + i - 1] === 1) targets.push(id);
    }
  }
  return { found, targets };
}

const targetsOf = (examples: readonly Example[]): number[] =>
  examples.flatMap(({ ids, loss }) => [...ids].filter((_, i) => i > 0 && loss[i] === 1));
const byFirst = (a: readonly number[], b: readonly number[]) => a[0]! - b[0]!;

describe('packed batches', () => {
  it('an epoch holds every example once and whole, and exactly its targets count', () => {
    fc.assert(
      fc.property(
        lists,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 99 }),
        (examples, batchSize, seed) => {
          const options = { examples, batchSize, contextLength: 16, padId: pad };
          const whole = examples.map(({ ids }) => [...ids]);
          const list = packedList(options);
          const read = [...list].map((batch) => unpack(batch, 17));
          expect(read.flatMap(({ found }) => found).sort(byFirst)).toEqual(whole);
          expect(read.flatMap(({ targets }) => targets).sort((a, b) => a - b)).toEqual(targetsOf(examples));
          expect(list.targets).toBe(targetsOf(examples).length);

          // One row a batch: the rows of an epoch are those until the epoch of the position changes.
          const source = packedBatches({ ...options, batchSize: 1, seed });
          for (let epoch = 0; epoch < 2; epoch++) {
            const found: number[][] = [];
            while (found.length < examples.length) {
              const row = unpack(source.next(), 17);
              found.push(...row.found);
              expect(row.targets.length).toBeLessThanOrEqual(source.mostTargets!);
            }
            expect(found.sort(byFirst)).toEqual(whole);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('resumed equals unbroken, across epochs', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 0, max: 30 }), (examples, before) => {
        const create = () => packedBatches({ examples, batchSize: 3, contextLength: 16, padId: pad, seed: 5 });
        const unbroken = create();
        for (let i = 0; i < before; i++) unbroken.next();
        const resumed = create();
        resumed.restore(JSON.parse(JSON.stringify(unbroken.state())) as never);
        for (let i = 0; i < 8; i++) expect(resumed.next()).toEqual(unbroken.next());
      }),
      { numRuns: 40 },
    );
  });

  it('epochs and seeds differ in order', () => {
    const examples = Array.from({ length: 30 }, (_, index) => example(index, 9));
    const order = (seed: number, skip: number): number[] => {
      const source = packedBatches({ examples, batchSize: 30, contextLength: 16, padId: pad, seed });
      for (let i = 0; i < skip; i++) source.next();
      return [...source.next().tokens].filter((id) => id % 1000 === 0 && id !== pad);
    };
    expect(order(1, 0)).toEqual(order(1, 0));
    expect(order(1, 0)).not.toEqual(order(1, 1));
    expect(order(1, 0)).not.toEqual(order(2, 0));
  });

  it('segments and positions begin anew in every dialogue, and padding has segment 0', () => {
    const examples = [example(0, 5), example(1, 4)];
    const [batch] = packedList({ examples, batchSize: 2, contextLength: 11, padId: pad, segments: true });
    expect([...batch!.tokens.slice(0, 12)]).toEqual([1000, 1001, 1002, 1003, 1004, 2000, 2001, 2002, 2003, 0, 0, 0]);
    expect([...batch!.segments.slice(0, 11)]).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0]);
    expect([...batch!.positions.slice(0, 11)]).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 0, 0]);
    expect(batch!.segments.slice(11).every((segment) => segment === 0)).toBe(true);
    expect(
      Object.keys(packedBatches({ examples, batchSize: 2, contextLength: 11, padId: pad, seed: 0 }).next()),
    ).toEqual(['tokens', 'mask']);
  });

  it('the first token of a dialogue is never a target, even when its loss says so', () => {
    const all: Example = { ids: Int32Array.of(1000, 1001), loss: Uint8Array.of(1, 1) };
    const [batch] = packedList({ examples: [all, all], batchSize: 1, contextLength: 4, padId: pad });
    expect([...batch!.mask]).toEqual([1, 0, 1, 0]);
  });

  it('says what is wrong with examples', () => {
    const options = { batchSize: 1, contextLength: 4, padId: pad, seed: 0 };
    expect(() => packedBatches({ ...options, examples: [] })).toThrow('There are no examples to train on');
    expect(() => packedBatches({ ...options, examples: [example(0, 5), example(1, 6)] })).toThrow(
      'Example 1 has 6 tokens; a row holds 1 to 5',
    );
    const saved = packedBatches({ ...options, examples: [example(0, 5)] }).state();
    expect(() => packedBatches({ ...options, examples: [example(0, 4)] }).restore(saved)).toThrow(/one in other data/);
  });
});

describe('encodeChats', () => {
  // A message is its letter and a mark of who speaks, two tokens; the assistant's are targets.
  const encode = (messages: readonly { role: string; content: string }[]): Example => ({
    ids: Int32Array.from(messages.flatMap(({ role, content }) => [role.charCodeAt(0), content.charCodeAt(0)])),
    loss: Uint8Array.from(messages.flatMap(({ role }) => (role === 'assistant' ? [1, 1] : [0, 0]))),
  });
  const chat = (text: string, line = 1) => ({
    file: 'f',
    line,
    messages: Array.from(text, (content) => ({
      role: /[A-Z]/.test(content) ? ('assistant' as const) : content === 's' ? ('system' as const) : ('user' as const),
      content,
    })),
  });
  const run = (texts: string[], contextLength: number, tooLong?: 'shorten' | 'leave out' | 'refuse') =>
    encodeChats({ chats: texts.map((text, i) => chat(text, i + 1)), encode, contextLength, tooLong });
  const letters = ({ ids }: Example) => String.fromCharCode(...ids.filter((_, i) => i % 2 === 1));

  it('shortens by whole exchanges, oldest first, and keeps the system message', async () => {
    const encoded = await run(['sabcAbB', 'saAbBcC', 'aA', 'sdD'].slice(1), 9);
    expect(encoded.examples.map(letters)).toEqual(['sbBcC', 'aA', 'sdD']);
    expect(encoded).toMatchObject({ shortened: 1, leftOut: [], tokens: 20, targets: 8 });
  });

  it('leaves out what cannot fit and says where it stood', async () => {
    expect(await run(['saA', 'aA'], 4)).toMatchObject({ leftOut: [{ file: 'f', line: 1 }], shortened: 0 });
    expect((await run(['aAbB', 'aA'], 4, 'leave out')).leftOut).toEqual([{ file: 'f', line: 1 }]);
    await expect(run(['aA', 'aAbB'], 4, 'refuse')).rejects.toThrow(
      'f:2: a dialogue of 8 tokens does not fit into a context of 4',
    );
  });

  it('says when nothing is left', async () => {
    await expect(run([], 4)).rejects.toThrow('There are no dialogues in this data');
    await expect(run(['saA'], 4)).rejects.toThrow('None of the 1 dialogues fits into a context of 4 (the first: f:1)');
  });
});
