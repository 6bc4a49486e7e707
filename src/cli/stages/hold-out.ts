import { counterRandom, shuffle } from '../../tensor/random.js';

/** Sets a share of the rows apart, drawn by chance and the same in every run; at least one of each where there are two. */
export function holdOut<Row>(rows: readonly Row[], share: number, seed = 0): { rest: Row[]; heldOut: Row[] } {
  const count = share === 0 ? 0 : Math.min(rows.length - 1, Math.max(1, Math.round(rows.length * share)));
  const order = shuffle(counterRandom(seed, 'held out', 0), Array.from(rows.keys()));
  const chosen = new Set(order.slice(0, count));
  return {
    rest: rows.filter((_, index) => !chosen.has(index)),
    heldOut: rows.filter((_, index) => chosen.has(index)),
  };
}
