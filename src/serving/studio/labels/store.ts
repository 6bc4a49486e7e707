import { interval, krippendorffAlpha, pairJudgements } from '../../../evaluation/agreement.js';
import { ConfigError } from '../../../errors.js';
import type { Message } from '../../../tokenizer/chat.js';
import type { Connection } from './database.js';
import { type PairVote, standings } from './standings.js';
import type { CandidateAnswer, ItemKind, Judgement, LabelItem, LabelSet, SetProgress, Verdict } from './types.js';

/** Minutes for which an item that is being looked at is not given to others. */
const CLAIM_MINUTES = 10;

interface ItemRow {
  readonly id: number;
  readonly kind: ItemKind;
  readonly messages: string;
  readonly answers: string;
  readonly heldOut: number;
}

interface JudgementRow {
  readonly id: number;
  readonly itemId: number;
  readonly labeler: string;
  readonly kind: string;
  readonly body: string;
  readonly at: string;
}

/** Sets of things to judge, the queue of each, and every judgement. */
export class LabelStore {
  readonly #database: Connection;
  readonly #now: () => Date;

  constructor(database: Connection, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#now = now;
  }

  createSet({ name, guidelines = '', overlap = 1, heldOut = 0.1 }: NewSet): LabelSet {
    const base =
      name
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
        .replaceAll(/^-|-$/g, '') || 'set';
    const taken = new Set(this.#all<{ id: string }>('SELECT id FROM sets').map(({ id }) => id));
    let id = base;
    for (let number = 2; taken.has(id); number++) id = `${base}-${number}`;
    const set = { id, name, guidelines, overlap, heldOut, createdAt: this.#now().toISOString() };
    this.#database
      .prepare('INSERT INTO sets (id, name, guidelines, overlap, heldOut, createdAt) VALUES (?, ?, ?, ?, ?, ?)')
      .run(id, name, guidelines, overlap, heldOut, set.createdAt);
    return set;
  }

  updateSet(id: string, change: Partial<Pick<LabelSet, 'name' | 'guidelines' | 'overlap'>>): LabelSet {
    const { name, guidelines, overlap } = { ...this.set(id), ...change };
    this.#database
      .prepare('UPDATE sets SET name = ?, guidelines = ?, overlap = ? WHERE id = ?')
      .run(name, guidelines, overlap, id);
    return this.set(id);
  }

  /** @throws ConfigError when there is none */
  set(id: string): LabelSet {
    const [set] = this.#all<LabelSet>('SELECT * FROM sets WHERE id = ?', id);
    if (set === undefined) throw new ConfigError(`There is no label set '${id}'`);
    return set;
  }

  sets(): SetProgress[] {
    return this.#all<LabelSet>('SELECT * FROM sets ORDER BY createdAt DESC').map((set) => this.#progressOf(set));
  }

  progress(id: string): SetProgress {
    return this.#progressOf(this.set(id));
  }

  /**
   * Adds things to judge. Every so-many-th prompt is held out, and nothing is trained on it; a prompt that the set already
   * has stays on the side on which it is.
   */
  addItems(setId: string, items: readonly NewItem[]): number[] {
    const { heldOut } = this.set(setId);
    const known = new Map(
      this.#all<ItemRow>('SELECT messages, heldOut FROM items WHERE setId = ?', setId).map((row) => [
        row.messages,
        row.heldOut,
      ]),
    );
    const insert = this.#database.prepare(
      'INSERT INTO items (setId, kind, messages, answers, heldOut, createdAt) VALUES (?, ?, ?, ?, ?, ?)',
    );
    return this.#database.transaction(() =>
      items.map(({ kind, messages, answers = [] }) => {
        const text = JSON.stringify(messages);
        const number = known.size + 1;
        const isHeldOut = known.get(text) ?? Number(Math.floor(number * heldOut) > Math.floor((number - 1) * heldOut));
        known.set(text, isHeldOut);
        const { lastInsertRowid } = insert.run(
          ...[setId, kind, text, JSON.stringify(answers), isHeldOut, this.#now().toISOString()],
        );
        return Number(lastInsertRowid);
      }),
    )();
  }

  /** Gives a waiting prompt its answers: it can now be ranked, unless they are one. */
  giveAnswers(itemId: number, answers: readonly CandidateAnswer[]): void {
    // Of equal answers of one model one is enough; equal ones of two models tie.
    const seen = new Map(answers.map((answer) => [JSON.stringify([answer.model, answer.text]), answer]));
    const kind: ItemKind = seen.size > 1 ? 'ranking' : 'unrankable';
    this.#database
      .prepare("UPDATE items SET kind = ?, answers = ? WHERE id = ? AND kind = 'waiting'")
      .run(kind, JSON.stringify([...seen.values()]), itemId);
  }

  /** Prompts without answers. */
  waiting(setId: string, most: number): LabelItem[] {
    return this.#all<ItemRow>(
      "SELECT * FROM items WHERE setId = ? AND kind = 'waiting' ORDER BY id LIMIT ?",
      setId,
      most,
    ).map(itemOf);
  }

  items(setId: string): LabelItem[] {
    return this.#all<ItemRow>('SELECT * FROM items WHERE setId = ? ORDER BY id', setId).map(itemOf);
  }

  /**
   * What a labeler is to judge next: not judged by them, wanted by the set's overlap, and not being looked at by as many
   * others as are still needed. Items that others have begun come first, so that overlaps fill up.
   */
  next(setId: string, labeler: string): LabelItem | undefined {
    const { overlap } = this.set(setId);
    const now = this.#now().getTime();
    const [row] = this.#all<ItemRow>(
      `SELECT items.*,
         (SELECT COUNT(*) FROM judgements WHERE itemId = items.id AND undoneAt IS NULL AND kind <> 'skip') AS judged,
         (SELECT COUNT(*) FROM claims WHERE itemId = items.id AND labeler <> ? AND until > ?) AS claimed,
         (SELECT COUNT(*) FROM claims WHERE itemId = items.id AND labeler = ? AND until > ?) AS own
       FROM items
       WHERE setId = ? AND items.kind IN ('ranking', 'demonstration')
         AND NOT EXISTS (SELECT 1 FROM judgements WHERE itemId = items.id AND labeler = ? AND undoneAt IS NULL)
         AND judged + claimed < ?
       ORDER BY own DESC, judged DESC, items.id LIMIT 1`,
      ...[labeler, now, labeler, now, setId, labeler, overlap],
    );
    if (row === undefined) return undefined;
    this.#claim(row.id, labeler);
    return itemOf(row);
  }

  /** @throws ConfigError when the verdict does not fit the item */
  judge(itemId: number, labeler: string, verdict: Verdict): Judgement {
    const [row] = this.#all<ItemRow>('SELECT * FROM items WHERE id = ?', itemId);
    if (row === undefined) throw new ConfigError(`There is no item ${itemId}`);
    const { answers } = itemOf(row);
    if (verdict.kind === 'ranking') checkRanks(verdict.ranks, answers.length);
    if (verdict.kind === 'thumbs' && verdict.thumbs.length !== answers.length) {
      throw new ConfigError(`thumbs: ${verdict.thumbs.length} for ${answers.length} answers`);
    }
    if (verdict.kind === 'demonstration' && verdict.text.trim() === '') {
      throw new ConfigError('text: a demonstration needs some');
    }
    const { kind, ...body } = verdict;
    const at = this.#now().toISOString();
    const id = this.#database.transaction(() => {
      // Judging again takes the earlier judgement back.
      this.#database
        .prepare('UPDATE judgements SET undoneAt = ? WHERE itemId = ? AND labeler = ? AND undoneAt IS NULL')
        .run(at, itemId, labeler);
      this.#database.prepare('DELETE FROM claims WHERE itemId = ? AND labeler = ?').run(itemId, labeler);
      return this.#database
        .prepare('INSERT INTO judgements (itemId, labeler, kind, body, at) VALUES (?, ?, ?, ?, ?)')
        .run(itemId, labeler, kind, JSON.stringify(body), at).lastInsertRowid;
    })();
    return { id: Number(id), itemId, labeler, verdict, at };
  }

  /** Thumbs on the answers of a chat. Those that the labeler gave to the same dialogue before are taken back. */
  thumb(setId: string, labeler: string, { messages, answers, thumbs }: Thumbs): Judgement {
    const at = this.#now().toISOString();
    this.#database
      .prepare(
        `UPDATE judgements SET undoneAt = ? WHERE labeler = ? AND undoneAt IS NULL AND kind = 'thumbs'
         AND itemId IN (SELECT id FROM items WHERE setId = ? AND messages = ?)`,
      )
      .run(at, labeler, setId, JSON.stringify(messages));
    const [item] = this.addItems(setId, [{ kind: 'thumbs', messages, answers }]);
    return this.judge(item!, labeler, { kind: 'thumbs', thumbs });
  }

  /** Takes a labeler's last judgement back. @returns the item, which is theirs again, and what they had said */
  undo(setId: string, labeler: string): { readonly item: LabelItem; readonly verdict: Verdict } | undefined {
    const [last] = this.#all<JudgementRow>(
      `SELECT judgements.* FROM judgements JOIN items ON items.id = itemId
       WHERE setId = ? AND labeler = ? AND undoneAt IS NULL ORDER BY judgements.id DESC LIMIT 1`,
      ...[setId, labeler],
    );
    if (last === undefined) return undefined;
    this.#database.prepare('UPDATE judgements SET undoneAt = ? WHERE id = ?').run(this.#now().toISOString(), last.id);
    this.#claim(last.itemId, labeler);
    const [row] = this.#all<ItemRow>('SELECT * FROM items WHERE id = ?', last.itemId);
    return { item: itemOf(row!), verdict: judgementOf(last).verdict };
  }

  /** Judgements that hold, in the order in which they were made. */
  judgements(setId: string): Judgement[] {
    return this.#all<JudgementRow>(
      `SELECT judgements.* FROM judgements JOIN items ON items.id = itemId
       WHERE setId = ? AND undoneAt IS NULL ORDER BY judgements.id`,
      setId,
    ).map(judgementOf);
  }

  #progressOf(set: LabelSet): SetProgress {
    const items = this.items(set.id);
    const judgements = this.judgements(set.id);
    const count = (list: readonly Judgement[], kind: Verdict['kind']): number =>
      list.filter(({ verdict }) => verdict.kind === kind).length;
    const ofItem = new Map<number, Judgement[]>();
    for (const each of judgements) ofItem.set(each.itemId, [...(ofItem.get(each.itemId) ?? []), each]);
    const done = [...ofItem.values()].filter((list) => list.length - count(list, 'skip') >= set.overlap).length;
    const byName = new Map<string, number>();
    for (const { labeler } of judgements) byName.set(labeler, (byName.get(labeler) ?? 0) + 1);
    const rankings = [...ofItem.values()].map((list) =>
      list.flatMap(({ verdict }) => (verdict.kind === 'ranking' ? [pairJudgements(verdict.ranks)] : [])),
    );
    const shared = rankings.filter((list) => list.length >= 2);
    const units = shared.flatMap((list) => list[0]!.map((_, pair) => list.map((signs) => signs[pair]!)));
    const agreement = krippendorffAlpha(units, interval);
    return {
      ...set,
      items: items.length,
      waiting: items.filter(({ kind }) => kind === 'waiting').length,
      done,
      rankings: count(judgements, 'ranking'),
      demonstrations: count(judgements, 'demonstration'),
      labelers: [...byName].map(([name, number]) => ({ name, judgements: number })),
      ...(agreement !== undefined && { agreement }),
      sharedItems: shared.length,
      models: standings(pairVotes(items, judgements)),
    };
  }

  #claim(itemId: number, labeler: string): void {
    const until = this.#now().getTime() + CLAIM_MINUTES * 60_000;
    this.#database
      .prepare('INSERT OR REPLACE INTO claims (itemId, labeler, until) VALUES (?, ?, ?)')
      .run(itemId, labeler, until);
  }

  #all<Row>(sql: string, ...values: unknown[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[];
  }
}

export interface NewSet {
  readonly name: string;
  readonly guidelines?: string;
  readonly overlap?: number;
  readonly heldOut?: number;
}

export interface Thumbs {
  readonly messages: readonly Message[];
  readonly answers: readonly CandidateAnswer[];
  readonly thumbs: readonly number[];
}

export interface NewItem {
  readonly kind: ItemKind;
  readonly messages: readonly Message[];
  readonly answers?: readonly CandidateAnswer[];
}

/** What the rankings say of each two models. */
function pairVotes(items: readonly LabelItem[], judgements: readonly Judgement[]): PairVote[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return judgements.flatMap(({ itemId, verdict }) => {
    if (verdict.kind !== 'ranking') return [];
    const answers = byId.get(itemId)!.answers;
    return answers.flatMap(({ model: first }, index) =>
      answers.slice(index + 1).map(({ model: second }, more): PairVote => {
        const sign = Math.sign(verdict.ranks[index]! - verdict.ranks[index + 1 + more]!);
        return { first, second, winner: sign < 0 ? 'first' : sign > 0 ? 'second' : 'tie' };
      }),
    );
  });
}

const itemOf = ({ id, kind, messages, answers, heldOut }: ItemRow): LabelItem => ({
  id,
  kind,
  messages: JSON.parse(messages) as Message[],
  answers: JSON.parse(answers) as CandidateAnswer[],
  heldOut: heldOut === 1,
});

const judgementOf = ({ id, itemId, labeler, kind, body, at }: JudgementRow): Judgement => ({
  ...{ id, itemId, labeler, at },
  verdict: { kind, ...(JSON.parse(body) as object) } as Verdict,
});

function checkRanks(ranks: readonly number[], answers: number): void {
  const isRanks = ranks.length === answers && ranks.every((rank) => Number.isInteger(rank) && rank >= 0);
  if (!isRanks) throw new ConfigError(`ranks: there should be a whole number for each of the ${answers} answers`);
}
