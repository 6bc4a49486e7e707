import { batch, computed, effect, signal } from '@preact/signals';
import { Series, type SeriesState } from '../../src/serving/studio/series.js';
import type { LogEvent, RunProgress, RunView } from '../../src/serving/studio/wire.js';
import { get, request } from './api.js';
import { serverEvents } from './events.js';

/** What the page knows of runs. One stream tells it all; after a break it goes on from where it was. */

export const runs = signal<readonly RunView[] | undefined>(undefined);
export const isAnyRunning = computed(() => runs.value?.some(isRunning) === true);

export const isRunning = ({ state, launch }: RunView): boolean =>
  state?.status === 'running' || launch?.status === 'running';

/** The word for how a run is; what was started and has not logged anything yet is starting. */
export function statusOf({ state, launch }: RunView) {
  if (launch?.status === 'running') {
    // After training it still measures and saves.
    const hasBegun = state !== undefined && (state.status === 'running' || state.updated > launch.startedAt);
    return hasBegun ? 'running' : 'starting';
  }
  if (state !== undefined) return state.status;
  return launch?.exitCode === 0 ? 'finished' : launch?.exitCode === undefined ? 'ended' : 'failed';
}

/** The curves of a watched run. */
export interface WatchedLog {
  readonly curves: ReadonlyMap<string, Series>;
  readonly warnings: readonly { readonly step: number; readonly text: string }[];
  readonly progress?: RunProgress;
  /** Counts up with every change: the curves themselves are changed in place. */
  readonly version: number;
}

export const logs = signal<ReadonlyMap<string, WatchedLog>>(new Map());
const watched = signal<readonly string[]>([]);
const cursors = new Map<string, string>();

/** Which runs the page shows the curves of. */
export function watch(ids: readonly string[]): void {
  if (ids.join('\n') !== watched.peek().join('\n')) watched.value = ids;
}

effect(() => {
  const ids = watched.value;
  const abort = new AbortController();
  for (const id of cursors.keys()) {
    if (ids.includes(id)) continue;
    cursors.delete(id);
    logs.value = without(logs.peek(), id);
  }
  void listen(ids, abort.signal);
  return () => abort.abort();
});

/** Until nobody wants it any more, however often the connection breaks. */
async function listen(ids: readonly string[], signal: AbortSignal): Promise<void> {
  const query = new URLSearchParams(ids.map((id) => ['run', id]));
  for (let failures = 0; !signal.aborted;) {
    try {
      const known = [...cursors].filter(([id]) => ids.includes(id));
      const response = await request(`/api/events?${query}`, {
        signal,
        headers: known.length > 0 ? { 'last-event-id': encodeURIComponent(JSON.stringify(known)) } : {},
      });
      for await (const { event, data } of serverEvents(response)) {
        failures = 0;
        if (event === 'runs') runs.value = JSON.parse(data) as RunView[];
        if (event === 'log') take(JSON.parse(data) as LogEvent);
      }
    } catch {
      // Its absence is seen in what does not move; the next try may succeed.
    }
    failures++;
    await new Promise((resolve) => setTimeout(resolve, Math.min(10_000, 500 * 2 ** failures)));
  }
}

function take({ run, update, progress }: LogEvent): void {
  const earlier = logs.peek().get(run);
  const curves = update.whole ? seriesOf(update.whole) : new Map(earlier?.curves);
  append(curves, update);
  const closer = details.peek().get(run);
  if (closer && update.whole) details.value = without(details.peek(), run);
  else if (closer?.isOpen) append(closer.curves, update, 'later');
  cursors.set(run, update.cursor);
  const version = (earlier?.version ?? 0) + 1;
  const log = { curves, warnings: update.warnings, version, ...(progress && { progress }) };
  batch(() => {
    logs.value = new Map(logs.peek()).set(run, log);
  });
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): Map<string, Value> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

type Curves = Map<string, Series>;

const seriesOf = (states: Readonly<Record<string, SeriesState>>): Curves =>
  new Map(Object.entries(states).map(([key, state]) => [key, Series.from(state)]));

/** @param which `later` leaves out what may be there already */
function append(curves: Curves, { keys, rows }: LogEvent['update'], which: 'all' | 'later' = 'all'): void {
  for (const [step, ...values] of rows) {
    keys.forEach((key, index) => {
      const value = values[index];
      if (value === null || value === undefined) return;
      const series = curves.get(key) ?? new Series();
      curves.set(key, series);
      if (which === 'all' || step > (series.lastStep ?? -1)) series.append(step, value);
    });
  }
}

/** A part of a run's curves, thinned less than the whole. */
interface Detail {
  readonly curves: Curves;
  /** Whether what comes belongs to it. */
  readonly isOpen: boolean;
}

/** What is looked at closely, by run. */
export const details = signal<ReadonlyMap<string, Detail>>(new Map());

/** Fewer points than these across a chart are worth asking for more. */
const COARSE = 500;

/** Asks for the part of the runs' curves between two steps, where the whole ones have too few points of it. */
export async function lookCloser(
  ids: readonly string[],
  range: readonly [from: number, to: number] | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (range === undefined) {
    if (details.peek().size > 0) details.value = new Map();
    return;
  }
  const [from, to] = range;
  for (const id of ids) {
    const all = [...(logs.peek().get(id)?.curves.values() ?? [])];
    const isCoarse = all.some(
      ({ isWhole, steps }) => !isWhole && steps.filter((step) => step >= from && step <= to).length < COARSE,
    );
    if (!isCoarse) continue;
    const last = Math.max(...all.map(({ lastStep }) => lastStep ?? 0));
    const isOpen = to >= last;
    const states = await get<Record<string, SeriesState>>(
      '/api/run/window',
      { id, from: String(from), to: String(isOpen ? Number.MAX_SAFE_INTEGER : to) },
      signal,
    );
    const log = logs.peek().get(id);
    if (log === undefined) continue;
    batch(() => {
      details.value = new Map(details.peek()).set(id, { curves: seriesOf(states), isOpen });
      logs.value = new Map(logs.peek()).set(id, { ...log, version: log.version + 1 });
    });
  }
}
