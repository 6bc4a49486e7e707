import { common, counted, runs } from './text-overlap.js';

/**
 * BLEU (Papineni et al. 2002) and chrF2 (Popović 2015) of a corpus, as sacreBLEU defines them (Post 2018): BLEU with the
 * tokenisation 13a and exponential smoothing, chrF over 1 to 6 characters without white space. Both are functions of
 * sums over sentences.
 */

const bleuOrder = 4;
const chrfOrder = 6;
const beta = 2;

/** WMT's mteval-13a; characters of scripts without spaces stand alone. */
export const tokenise13a = (text: string): string[] =>
  ` ${text.replaceAll('\n', ' ').replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>')} `
    .replace(/([{-~[-` -&(-+:-@/])/g, ' $1 ')
    .replace(/([^0-9])([.,])/g, '$1 $2 ')
    .replace(/([.,])([^0-9])/g, ' $1 $2')
    .replace(/([0-9])(-)/g, '$1 $2 ')
    .replace(/\p{Script=Han}|[\u3000-\u303f\uff00-\uffef]/gu, ' $& ')
    .split(/\s+/)
    .filter((token) => token !== '');

/** Of one sentence: its length, the nearest reference's, and for each order the shared runs and all of them. */
export function bleuRow(answer: string, references: readonly string[]): number[] {
  const said = tokenise13a(answer);
  const right = references.map(tokenise13a);
  const nearest = right
    .map(({ length }) => length)
    .reduce((best, length) => {
      const [distance, least] = [Math.abs(length - said.length), Math.abs(best - said.length)];
      return distance < least || (distance === least && length < best) ? length : best;
    }, Infinity);
  const orders = Array.from({ length: bleuOrder }, (_, index) => {
    const most = new Map<string, number>();
    for (const reference of right) {
      for (const [run, count] of counted(runs(reference, index + 1))) {
        most.set(run, Math.max(count, most.get(run) ?? 0));
      }
    }
    const all = runs(said, index + 1);
    return [common(counted(all), most), all.length];
  });
  return [said.length, Number.isFinite(nearest) ? nearest : 0, ...orders.flat()];
}

/** 0 to 100. */
export function bleuOf(sums: readonly number[]): number {
  const [said, right, ...orders] = sums as [number, number, ...number[]];
  if (orders.every((count, index) => index % 2 === 1 || count === 0)) return 0;
  let smooth = 1;
  let logs = 0;
  for (let order = 0; order < bleuOrder; order++) {
    const [shared, all] = [orders[2 * order]!, orders[2 * order + 1]!];
    if (all === 0) return 0;
    if (shared === 0) smooth *= 2;
    logs += Math.log(shared === 0 ? 1 / (smooth * all) : shared / all);
  }
  const brevity = said < right ? Math.exp(1 - right / said) : 1;
  return 100 * brevity * Math.exp(logs / bleuOrder);
}

/** Of one sentence: for each order the runs said, those of the reference, and the shared ones; of the best reference. */
export function chrfRow(answer: string, references: readonly string[]): number[] {
  const characters = (text: string): string[] => Array.from(text.replace(/\s+/g, ''));
  const said = characters(answer);
  let best: number[] | undefined;
  for (const reference of references) {
    const right = characters(reference);
    const row = Array.from({ length: chrfOrder }, (_, index) => {
      const [one, other] = [runs(said, index + 1), runs(right, index + 1)];
      // Longer runs than the reference has count on neither side.
      return [other.length > 0 ? one.length : 0, other.length, common(counted(one), counted(other))];
    }).flat();
    if (best === undefined || chrfOf(row) > chrfOf(best)) best = row;
  }
  return best ?? new Array<number>(3 * chrfOrder).fill(0);
}

/** 0 to 100. */
export function chrfOf(sums: readonly number[]): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let order = 0; order < chrfOrder; order++) {
    const [said, right, shared] = sums.slice(3 * order, 3 * order + 3) as [number, number, number];
    if (said === 0 || right === 0) continue;
    precision += shared / said;
    recall += shared / right;
    orders++;
  }
  if (precision + recall === 0) return 0;
  [precision, recall] = [precision / orders, recall / orders];
  return (100 * (1 + beta ** 2) * precision * recall) / (beta ** 2 * precision + recall);
}
