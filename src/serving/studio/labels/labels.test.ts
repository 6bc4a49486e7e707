import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Ranking, readRankings } from '../../../data/rankings.js';
import { ConfigError } from '../../../errors.js';
import { openDatabase } from './database.js';
import { jsonLines } from '../../../data/json.js';
import { exportLabels } from './export.js';
import { standings } from './standings.js';
import { LabelStore } from './store.js';
import type { CandidateAnswer } from './types.js';

let clock: number;
let store: LabelStore;
beforeEach(() => {
  clock = Date.parse('2026-01-01T00:00:00Z');
  store = new LabelStore(openDatabase(':memory:'), () => new Date(clock));
});

const answer = (text: string, model = 'sft'): CandidateAnswer => ({ text, model, seed: 7, temperature: 1 });
const question = (text: string) => [{ role: 'user' as const, content: text }];
const ranking = (text: string) => ({
  kind: 'ranking' as const,
  messages: question(text),
  answers: [answer('bad'), answer('good'), answer('fair')],
});

describe('a set of things to judge', () => {
  it('gets a name of its own', () => {
    expect(store.createSet({ name: 'My set!' }).id).toBe('my-set');
    expect(store.createSet({ name: 'My set' }).id).toBe('my-set-2');
    expect(store.createSet({ name: '标注' }).id).toBe('标注');
    expect(() => store.set('other')).toThrow(ConfigError);
  });

  it('holds out its share of the prompts, and a prompt stays on its side', () => {
    const { id } = store.createSet({ name: 'set', heldOut: 0.25 });
    store.addItems(
      id,
      Array.from({ length: 8 }, (_, index) => ranking(`q${index}`)),
    );
    store.addItems(id, [ranking('q3'), ranking('q0')]);
    const heldOut = store.items(id).map((item) => item.heldOut);
    expect(heldOut).toEqual([false, false, false, true, false, false, false, true, true, false]);
  });

  it('waits for answers before it is ranked', () => {
    const { id } = store.createSet({ name: 'set' });
    const [item] = store.addItems(id, [{ kind: 'waiting', messages: question('q') }]);
    expect(store.next(id, 'ann')).toBeUndefined();
    store.giveAnswers(item!, [answer('a'), answer('b')]);
    expect(store.next(id, 'ann')?.answers).toHaveLength(2);
    expect(store.progress(id).waiting).toBe(0);
  });
});

describe('a set with answers of several models', () => {
  it('compares them by its rankings', () => {
    const { id } = store.createSet({ name: 'old and new', heldOut: 1 });
    const [first, second] = store.addItems(id, [
      { kind: 'waiting', messages: question('one') },
      { kind: 'waiting', messages: question('two') },
    ]);
    store.giveAnswers(first!, [answer('a', 'old'), answer('b', 'new')]);
    store.giveAnswers(second!, [answer('same', 'new'), answer('same', 'old'), answer('same', 'old')]);
    store.judge(first!, 'ann', { kind: 'ranking', ranks: [1, 0] });
    store.judge(second!, 'ann', { kind: 'ranking', ranks: [0, 0] });
    expect(store.progress(id).models).toMatchObject([
      { model: 'new', wins: 1, losses: 0, ties: 1 },
      { model: 'old', wins: 0, losses: 1, ties: 1 },
    ]);
    expect(exportLabels(store.items(id), store.judgements(id)).rankings).toEqual([]);
  });

  it('does not ask to rank one answer', () => {
    const { id } = store.createSet({ name: 'set' });
    const [item] = store.addItems(id, [{ kind: 'waiting', messages: question('one') }]);
    store.giveAnswers(item!, [answer('a'), answer('a')]);
    expect(store.next(id, 'ann')).toBeUndefined();
    expect(store.items(id)[0]!.kind).toBe('unrankable');
  });
});

describe('the queue', () => {
  it('gives each item to as many labelers as the overlap says, and to none twice', () => {
    const { id } = store.createSet({ name: 'set', overlap: 2 });
    const items = store.addItems(id, [ranking('one'), ranking('two')]);
    const judged: Record<string, number[]> = { ann: [], bob: [], eve: [] };
    for (let round = 0; round < 4; round++) {
      for (const labeler of Object.keys(judged)) {
        const item = store.next(id, labeler);
        if (item === undefined) continue;
        judged[labeler]!.push(item.id);
        store.judge(item.id, labeler, { kind: 'ranking', ranks: [2, 0, 1] });
      }
    }
    const all = Object.values(judged).flat();
    for (const item of items) expect(all.filter((each) => each === item)).toHaveLength(2);
    for (const list of Object.values(judged)) expect(new Set(list).size).toBe(list.length);
    expect(store.progress(id)).toMatchObject({ done: 2, rankings: 4, sharedItems: 2, agreement: 1 });
  });

  it('does not give away what somebody is looking at, until they have gone', () => {
    const { id } = store.createSet({ name: 'set' });
    const [first, second] = store.addItems(id, [ranking('one'), ranking('two')]);
    expect(store.next(id, 'ann')?.id).toBe(first);
    expect(store.next(id, 'ann')?.id).toBe(first);
    expect(store.next(id, 'bob')?.id).toBe(second);
    expect(store.next(id, 'eve')).toBeUndefined();
    clock += 11 * 60_000;
    expect(store.next(id, 'eve')?.id).toBe(first);
  });

  it('leaves a skipped item to others, and counts one that cannot be judged', () => {
    const { id } = store.createSet({ name: 'set' });
    const [item] = store.addItems(id, [ranking('one')]);
    store.judge(item!, 'ann', { kind: 'skip' });
    expect(store.next(id, 'ann')).toBeUndefined();
    expect(store.next(id, 'bob')?.id).toBe(item);
    store.judge(item!, 'bob', { kind: 'unsure', reason: 'no sense' });
    expect(store.next(id, 'eve')).toBeUndefined();
    expect(store.progress(id).done).toBe(1);
  });

  it('gives an undone item back, with what was said', () => {
    const { id } = store.createSet({ name: 'set' });
    const [first, second] = store.addItems(id, [ranking('one'), ranking('two')]);
    store.judge(first!, 'ann', { kind: 'ranking', ranks: [1, 0, 1] });
    store.judge(second!, 'ann', { kind: 'skip' });
    expect(store.undo(id, 'ann')).toMatchObject({ item: { id: second }, verdict: { kind: 'skip' } });
    expect(store.undo(id, 'ann')).toMatchObject({
      item: { id: first },
      verdict: { kind: 'ranking', ranks: [1, 0, 1] },
    });
    expect(store.undo(id, 'ann')).toBeUndefined();
    expect(store.judgements(id)).toEqual([]);
    expect(store.next(id, 'ann')).toBeDefined();
  });

  it('refuses a verdict that does not fit', () => {
    const { id } = store.createSet({ name: 'set' });
    const [item] = store.addItems(id, [ranking('one')]);
    expect(() => store.judge(item!, 'ann', { kind: 'ranking', ranks: [0, 1] })).toThrow(/each of the 3 answers/);
    expect(() => store.judge(item!, 'ann', { kind: 'demonstration', text: ' ' })).toThrow(/demonstration/);
    expect(() => store.judge(99, 'ann', { kind: 'skip' })).toThrow(/no item 99/);
  });
});

describe('export', () => {
  it('is what training reads, without what is held out', async () => {
    const { id } = store.createSet({ name: 'set', heldOut: 0.5 });
    const [first, second, third] = store.addItems(id, [
      ranking('one'),
      ranking('two'),
      { kind: 'thumbs', messages: question('three'), answers: [answer('yes'), answer('no'), answer('hm')] },
    ]);
    store.judge(first!, 'ann', { kind: 'ranking', ranks: [1, 0, 1] });
    store.judge(second!, 'ann', { kind: 'ranking', ranks: [2, 0, 1] });
    store.judge(third!, 'bob', { kind: 'thumbs', thumbs: [1, -1, 0] });
    const exported = exportLabels(store.items(id), store.judgements(id));
    expect(exported.heldOut).toEqual([{ messages: question('two') }]);
    expect(exported.prompts).toHaveLength(2);

    const folder = await mkdtemp(join(tmpdir(), 'descent-labels-'));
    try {
      const path = join(folder, 'rankings.jsonl');
      await writeFile(path, jsonLines(exported.rankings));
      const read: Ranking[] = [];
      for await (const each of readRankings({ paths: [path] })) read.push(each);
      expect(read.map(({ messages, answers }) => [messages[0]!.content, answers])).toEqual([
        [
          'one',
          [
            { text: 'good', rank: 0 },
            { text: 'bad', rank: 1 },
            { text: 'fair', rank: 1 },
          ],
        ],
        [
          'three',
          [
            { text: 'yes', rank: 0 },
            { text: 'no', rank: 1 },
          ],
        ],
      ]);
      expect(exported.rankings[0]).toMatchObject({ labeler: 'ann', at: '2026-01-01T00:00:00.000Z' });
      expect(exported.rankings[0]).toMatchObject({ answers: [{ model: 'sft', seed: 7 }, {}, {}] });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('holds the last thumbs on a dialogue', () => {
    const { id } = store.createSet({ name: 'chat', heldOut: 0 });
    const given = { messages: question('one'), answers: [answer('yes'), answer('no')] };
    store.thumb(id, 'ann', { ...given, thumbs: [1, 0] });
    store.thumb(id, 'ann', { ...given, thumbs: [1, -1] });
    expect(exportLabels(store.items(id), store.judgements(id)).rankings).toHaveLength(1);
  });

  it('leaves out rankings in which all tie', () => {
    const { id } = store.createSet({ name: 'set', heldOut: 0 });
    const [item] = store.addItems(id, [ranking('one')]);
    store.judge(item!, 'ann', { kind: 'ranking', ranks: [0, 0, 0] });
    expect(exportLabels(store.items(id), store.judgements(id)).rankings).toEqual([]);
  });
});

describe('Elo', () => {
  const vote = (first: string, second: string, winner: 'first' | 'second' | 'tie' | 'neither') => ({
    first,
    second,
    winner,
  });

  it('moves half a step for a first win, keeps the sum, and nothing for a tie of equals', () => {
    expect(standings([vote('a', 'b', 'first')])).toEqual([
      { model: 'a', rating: 1016, wins: 1, losses: 0, ties: 0 },
      { model: 'b', rating: 984, wins: 0, losses: 1, ties: 0 },
    ]);
    expect(standings([vote('a', 'b', 'neither')]).map(({ rating }) => rating)).toEqual([1000, 1000]);
    const many = standings([vote('a', 'b', 'first'), vote('b', 'c', 'tie'), vote('c', 'a', 'second')]);
    expect(many.reduce((sum, { rating }) => sum + rating, 0)).toBeCloseTo(3000, 9);
    expect(many.map(({ model }) => model)).toEqual(['a', 'b', 'c']);
  });
});
