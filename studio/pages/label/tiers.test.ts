import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  back,
  different,
  insertAt,
  move,
  press,
  rankingOf,
  ranksOf,
  remove,
  tieUp,
  tieWith,
  unranked,
} from './tiers.js';

const keys = (text: string, answers = 4) => {
  let [ranking, ties] = [unranked(answers), false];
  for (const key of text) {
    if (key === '=') ties = true;
    else {
      ranking = key === '<' ? back(ranking) : press(ranking, Number(key) - 1, ties);
      ties = false;
    }
  }
  return ranking;
};

describe('a ranking by keys', () => {
  it('takes numbers from the best on, with ties and corrections', () => {
    expect(ranksOf(keys('3142'))).toEqual([1, 3, 0, 2]);
    expect(ranksOf(keys('31=42'))).toEqual([1, 2, 0, 1]);
    expect(ranksOf(keys('31<24'))).toBeUndefined();
    expect(ranksOf(keys('31<241'))).toEqual([3, 1, 0, 2]);
    expect(keys('33').tiers).toEqual([[2]]);
  });
});

describe('answers that say the same', () => {
  it('are one, and each knows which', () => {
    const { first, of } = different(['yes', 'no', 'yes', 'no', 'perhaps']);
    expect([first, of]).toEqual([
      [0, 1, 4],
      [0, 1, 0, 1, 2],
    ]);
    expect(different([])).toEqual({ first: [], of: [] });
  });
});

describe('a ranking by hand', () => {
  it('moves past tiers and out of ties', () => {
    const ranking = rankingOf([0, 1, 1, 2]);
    expect(ranksOf(move(ranking, 3, -1))).toEqual([0, 2, 2, 1]);
    expect(ranksOf(move(ranking, 2, -1))).toEqual([0, 2, 1, 3]);
    expect(ranksOf(move(ranking, 2, 1))).toEqual([0, 1, 2, 3]);
    expect(move(ranking, 0, -1)).toEqual(ranking);
    expect(ranksOf(tieUp(ranking, 3))).toEqual([0, 1, 1, 1]);
    expect(ranksOf(insertAt(ranking, 3, 0))).toEqual([1, 2, 2, 0]);
    expect(ranksOf(insertAt(ranking, 0, 3))).toEqual([2, 0, 0, 1].map((place) => (place === 2 ? 2 : place)));
  });

  it('keeps every answer in exactly one place, whatever is done', () => {
    const answers = 5;
    const index = fc.nat(answers - 1);
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('up', 'down', 'tie', 'remove'), answer: index, place: fc.constant(0) }),
      fc.record({ kind: fc.constantFrom('insert', 'with'), answer: index, place: fc.nat(answers) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let ranking = unranked(answers);
        for (const { kind, answer, place } of steps) {
          if (kind === 'up') ranking = move(ranking, answer, -1);
          if (kind === 'down') ranking = move(ranking, answer, 1);
          if (kind === 'tie') ranking = tieUp(ranking, answer);
          if (kind === 'remove') ranking = remove(ranking, answer);
          if (kind === 'insert') ranking = insertAt(ranking, answer, Math.min(place, ranking.tiers.length));
          if (kind === 'with' && place < ranking.tiers.length) ranking = tieWith(ranking, answer, place);
          const all = [...ranking.tiers.flat(), ...ranking.pool].sort();
          expect(all).toEqual([0, 1, 2, 3, 4]);
          expect(ranking.tiers.every((tier) => tier.length > 0)).toBe(true);
        }
      }),
    );
  });

  it('is the same after it was given and taken back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 2, maxLength: 9 }), (given) => {
        const ranks = ranksOf(rankingOf(given))!;
        const order = (list: readonly number[]) => list.flatMap((a) => list.map((b) => Math.sign(a - b)));
        expect(order(ranks)).toEqual(order(given));
      }),
    );
  });
});
