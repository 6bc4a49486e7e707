/** A ranking in the making: tiers of answers that tie, best first, and answers that have no place yet. All by index. */

export interface Ranking {
  readonly tiers: readonly (readonly number[])[];
  readonly pool: readonly number[];
}

export const unranked = (answers: number): Ranking => ({
  tiers: [],
  pool: Array.from({ length: answers }, (_, index) => index),
});

/** Answers of the same words are one: where each different text comes first, and which of these each answer is. */
export function different(texts: readonly string[]): {
  readonly first: readonly number[];
  readonly of: readonly number[];
} {
  const all = [...new Set(texts)];
  return { first: all.map((text) => texts.indexOf(text)), of: texts.map((text) => all.indexOf(text)) };
}

/** A ranking as it was given: the place of each answer, 0 the best. */
export function rankingOf(ranks: readonly number[]): Ranking {
  const places = [...new Set(ranks)].sort((a, b) => a - b);
  return {
    tiers: places.map((place) => ranks.flatMap((rank, index) => (rank === place ? [index] : []))),
    pool: [],
  };
}

/** The place of each answer, 0 the best; undefined while some have none. */
export function ranksOf({ tiers, pool }: Ranking): number[] | undefined {
  if (pool.length > 0) return undefined;
  const ranks: number[] = [];
  tiers.forEach((tier, place) => tier.forEach((answer) => (ranks[answer] = place)));
  return ranks;
}

/** Takes an answer out of wherever it is, into the pool. */
export function remove({ tiers, pool }: Ranking, answer: number): Ranking {
  return {
    tiers: tiers.map((tier) => tier.filter((each) => each !== answer)).filter((tier) => tier.length > 0),
    pool: [...pool.filter((each) => each !== answer), answer].sort((a, b) => a - b),
  };
}

/** Puts an answer into a tier, to tie with those that are there. */
export function tieWith(ranking: Ranking, answer: number, tier: number): Ranking {
  const mates = ranking.tiers[tier]!.filter((each) => each !== answer);
  if (mates.length === 0) return ranking;
  const { tiers, pool } = remove(ranking, answer);
  return {
    tiers: tiers.map((each) => (each.includes(mates[0]!) ? [...each, answer].sort((a, b) => a - b) : each)),
    pool: pool.filter((each) => each !== answer),
  };
}

/** Gives an answer a tier of its own, before the tier that is at this place now. */
export function insertAt(ranking: Ranking, answer: number, place: number): Ranking {
  const before = ranking.tiers.slice(0, place).filter((tier) => tier.some((each) => each !== answer)).length;
  const { tiers, pool } = remove(ranking, answer);
  return {
    tiers: [...tiers.slice(0, before), [answer], ...tiers.slice(before)],
    pool: pool.filter((each) => each !== answer),
  };
}

const tierOf = ({ tiers }: Ranking, answer: number): number => tiers.findIndex((tier) => tier.includes(answer));

/** One place up (−1) or down (+1): out of a tie into a tier of its own, or past the next tier. */
export function move(ranking: Ranking, answer: number, direction: -1 | 1): Ranking {
  const at = tierOf(ranking, answer);
  if (at < 0) return insertAt(ranking, answer, ranking.tiers.length);
  const isTied = ranking.tiers[at]!.length > 1;
  if (isTied) return insertAt(ranking, answer, direction < 0 ? at : at + 1);
  const place = direction < 0 ? at - 1 : at + 2;
  return place < 0 || place > ranking.tiers.length ? ranking : insertAt(ranking, answer, place);
}

/** Ties an answer with the tier above its own. */
export function tieUp(ranking: Ranking, answer: number): Ranking {
  const at = tierOf(ranking, answer);
  if (at < 0) return ranking.tiers.length > 0 ? tieWith(ranking, answer, ranking.tiers.length - 1) : ranking;
  return at === 0 ? ranking : tieWith(ranking, answer, at - 1);
}

/** The next place for an answer that has none: its number was pressed. */
export function press(ranking: Ranking, answer: number, ties: boolean): Ranking {
  if (!ranking.pool.includes(answer)) return ranking;
  const last = ranking.tiers.length - 1;
  return ties && last >= 0 ? tieWith(ranking, answer, last) : insertAt(ranking, answer, last + 1);
}

/** Takes back the last place that was given. */
export function back(ranking: Ranking): Ranking {
  const last = ranking.tiers.at(-1)?.at(-1);
  return last === undefined ? ranking : remove(ranking, last);
}
