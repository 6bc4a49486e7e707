import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeOf } from '../families/autoregressive/gpt.test-helper.js';
import { type Gpt, gpt } from '../families/autoregressive/gpt.js';
import { initialise } from '../nn/parameters.js';
import { Engine, type Store } from '../runtime/engine.js';
import { CachePool } from '../sampling/cache-pool.js';
import { DecodingBatch } from '../sampling/decoding-batch.js';
import { Programs } from '../sampling/programs.js';
import type { Sequence } from '../sampling/sequence.js';
import { sequencesOf } from '../sampling/sequences.js';
import { FairQueue } from './fair-queue.js';
import { type AnswerEvent, Scheduler, type Ticket } from './scheduler.js';

let engine: Engine;
let model: Gpt;
let parameters: Store;
let programs: Programs;
let pool: CachePool;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
  model = gpt({ vocabularySize: 16, contextLength: 64, layers: 1, heads: 2, width: 16, initialisation: 0.4 });
  parameters = await storeOf(engine, model, initialise(model.parameters, 3));
  programs = new Programs(engine, model);
  pool = new CachePool(engine, model);
});
afterAll(() => engine.dispose());

const create = (
  options: { rows?: number; queue?: number; unread?: number; createBatch?: () => DecodingBatch } = {},
) => {
  const createBatch = () => new DecodingBatch({ programs, pool, parameters, length: 64 });
  return new Scheduler({ createBatch, rows: 4, queue: 100, unread: 1000, ...options });
};
const ask = (seed: number, maxTokens = 8, samples = 1): Sequence[] =>
  sequencesOf({ model }, { prompts: [Int32Array.of(1 + (seed % 7), 2, 3)], samples, sampling: { seed, maxTokens } });
const read = async ({ events }: Ticket): Promise<AnswerEvent[]> => {
  const list: AnswerEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
};
const idle = async (scheduler: Scheduler): Promise<void> => {
  while (scheduler.active + scheduler.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe('a scheduler', () => {
  it('writes more answers than it has rows, each as it is alone', async () => {
    const scheduler = create();
    const asked = Array.from({ length: 11 }, (_, seed) => ask(seed, 3 + (seed % 5) * 4));
    const events = await Promise.all(
      asked.map((sequences, index) => read(scheduler.submit(sequences, `c${index % 3}`))),
    );
    for (const [seed, list] of events.entries()) {
      const alone = ask(seed, 3 + (seed % 5) * 4);
      await read(create().submit(alone, ''));
      expect(list.map(({ token }) => token!.id)).toEqual(alone[0]!.ids);
      expect(list.at(-1)!.finishReason).toBe('length');
    }
    await idle(scheduler);
  });

  it('lets a new answer in while others are being written', async () => {
    const scheduler = create();
    const long = ask(1, 50);
    const events = scheduler.submit(long, 'a').events[Symbol.asyncIterator]();
    await events.next();
    await read(scheduler.submit(ask(2, 3), 'b'));
    expect(long[0]!.finishReason).toBeUndefined();
    for (let next = await events.next(); next.done !== true; next = await events.next());
    expect(long[0]!.ids).toHaveLength(50);
  });

  it('refuses what the queue cannot hold, and says when to come again', async () => {
    const scheduler = create({ rows: 2, queue: 3 });
    const tickets = Array.from({ length: 5 }, (_, seed) => scheduler.submit(ask(seed, 30), 'a'));
    expect(() => scheduler.submit(ask(9), 'b')).toThrow(
      expect.objectContaining({ status: 429, retryAfter: 1 }) as Error,
    );
    for (const ticket of tickets) ticket.cut();
    await Promise.all(tickets.map(read));
    await read(scheduler.submit(ask(9), 'b'));
  });

  it('frees the rows of those that were cut off before the next step', async () => {
    const scheduler = create({ rows: 2 });
    const cut = ['a', 'b'].map((client, seed) => scheduler.submit(ask(seed, 60), client));
    const waiting = scheduler.submit(ask(3, 2), 'c');
    const reading = Promise.all(cut.map(read));
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const ticket of cut) ticket.cut();
    expect(scheduler.active).toBe(0);
    const events = await reading;
    for (const list of events) {
      expect(list.at(-1)!.finishReason).toBe('abort');
      expect(list.length).toBeLessThan(60);
    }
    expect((await read(waiting)).at(-1)!.finishReason).toBe('length');
    await idle(scheduler);
  });

  it('gives up the answer of one who does not read, and goes on with the others', async () => {
    const scheduler = create({ unread: 10 });
    const slow = scheduler.submit(ask(1, 50), 'a');
    const quick = await read(scheduler.submit(ask(2, 50), 'b'));
    expect(quick).toHaveLength(50);
    await slow.ended;
    await expect(read(slow)).rejects.toMatchObject({ code: 'slow_reader' });
  });

  it('tells everybody when the engine fails, and begins anew', async () => {
    let batches = 0;
    const createBatch = (): DecodingBatch => {
      const batch = new DecodingBatch({ programs, pool, parameters, length: 64 });
      if (batches++ === 0) batch.step = () => Promise.reject(new Error('out of memory'));
      return batch;
    };
    const scheduler = create({ createBatch });
    const results = await Promise.allSettled([1, 2].map((seed) => read(scheduler.submit(ask(seed), 'a'))));
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { message: 'out of memory' } });
    expect(await read(scheduler.submit(ask(3), 'a'))).toHaveLength(8);
  });

  it('has nothing left after 200 answers that were cut off at any time', async () => {
    const scheduler = create({ queue: 300 });
    const tickets = Array.from({ length: 200 }, (_, seed) => scheduler.submit(ask(seed, 40), `c${seed % 9}`));
    const reading = tickets.map(read);
    for (const [index, ticket] of tickets.entries()) {
      if (index % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      ticket.cut();
    }
    await Promise.all(reading);
    await idle(scheduler);
    const after = ask(1, 8, 4);
    await read(scheduler.submit(after, 'x'));
    expect(after.every(({ ids }) => ids.length === 8)).toBe(true);
  });

  it('ends with an error for all where it is closed', async () => {
    const scheduler = create({ rows: 1 });
    const reading = [1, 2].map((seed) => read(scheduler.submit(ask(seed, 60), 'a')));
    const settled = Promise.allSettled(reading);
    await scheduler.close(new Error('closing'));
    for (const result of await settled) expect(result).toMatchObject({ reason: { message: 'closing' } });
  });
});

describe('a fair queue', () => {
  it('serves clients in turn, and a client in its order', () => {
    const items = fc.array(fc.record({ client: fc.constantFrom('a', 'b', 'c'), count: fc.nat(3) }), { maxLength: 40 });
    fc.assert(
      fc.property(items, (list) => {
        const queue = new FairQueue<{ client: string; index: number }>();
        const added = list.map(({ client }, index) => ({ client, index }));
        for (const item of added) queue.add(item.client, item);
        const taken = list.flatMap(({ count }) => queue.take(count));
        const rest = queue.take(Infinity);
        const all = [...taken, ...rest];
        expect(queue.size).toBe(0);
        expect(all.length).toBe(added.length);
        for (const client of ['a', 'b', 'c']) {
          const own = all.filter((item) => item.client === client);
          expect(own).toEqual(added.filter((item) => item.client === client));
        }
        // Nobody is served twice while another waits.
        const waiting = (client: string, from: number): boolean =>
          all.slice(from).some((item) => item.client === client);
        all.forEach((item, at) => {
          const next = all.findIndex((other, place) => place > at && other.client === item.client);
          if (next < 0) return;
          const between = new Set(all.slice(at + 1, next).map(({ client }) => client));
          for (const client of ['a', 'b', 'c'])
            if (client !== item.client && waiting(client, next)) expect(between).toContain(client);
        });
      }),
    );
  });

  it('lets go of those that do not wait any more', () => {
    const queue = new FairQueue<number>();
    for (const [index, client] of ['a', 'a', 'b', 'c'].entries()) queue.add(client, index);
    queue.remove((item) => item % 2 === 1);
    expect(queue.size).toBe(2);
    expect(queue.take(9)).toEqual([0, 2]);
  });
});
