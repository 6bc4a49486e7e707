/**
 * A watch over the figures of a run: what goes wrong slowly, such as a generator that draws one image over and over, is no
 * reason to stop, and one wants to know of it while the run goes on.
 */

/** What is wrong, by condition, in words; from figures smoothed over many steps. A condition without words is not there. */
export type Watch = (figures: Readonly<Record<string, number>>) => Readonly<Record<string, string | undefined>>;

/** What the watch remembers; part of a checkpoint. */
export interface WatchState {
  /** How often each figure was seen, and its smoothed value. */
  readonly figures: Readonly<Record<string, { readonly count: number; readonly value: number }>>;
  /** Conditions that were told, and how many more steps each has to be absent before it may be told again. */
  readonly told: Readonly<Record<string, number>>;
}

export const initialWatchState: WatchState = { figures: {}, told: {} };

/** Steps that a figure is smoothed over, and that a condition has to be absent to have passed. */
const window = 100;
/** A figure that was seen less often says nothing yet. */
const patience = 200;

/**
 * Takes one more step into account: exponential means over about a hundred steps, true means at first.
 *
 * @returns what is to be told now: each condition once, and again only after it has passed
 */
export function watchFigures(
  { figures, told }: WatchState,
  metrics: Readonly<Record<string, number>>,
  watch: Watch,
): { readonly state: WatchState; readonly warnings: readonly string[] } {
  const next = { ...figures };
  for (const [name, seen] of Object.entries(metrics)) {
    if (!Number.isFinite(seen)) continue;
    const { count, value } = next[name] ?? { count: 0, value: 0 };
    next[name] = { count: count + 1, value: value + (seen - value) * Math.max(1 / (count + 1), 1 / window) };
  }
  const known = Object.entries(next).filter(([, { count }]) => count >= patience);
  const found = watch(Object.fromEntries(known.map(([name, { value }]) => [name, value])));
  const present = Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const names = new Set(present.map(([name]) => name));
  const waiting = Object.entries(told)
    .filter(([name]) => !names.has(name))
    .map(([name, steps]) => [name, steps - 1] as const)
    .filter(([, steps]) => steps > 0);
  return {
    state: {
      figures: next,
      told: Object.fromEntries([...waiting, ...present.map(([name]) => [name, window] as const)]),
    },
    warnings: present.filter(([name]) => told[name] === undefined).map(([, words]) => words),
  };
}
