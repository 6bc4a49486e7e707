import { batch, computed, effect, signal } from '@preact/signals';
import { Series } from '../../src/serving/studio/series.js';
import type { LogEvent, RunProgress, RunView } from '../../src/serving/studio/wire.js';
import { request } from './api.js';
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
    const rest = new Map(logs.peek());
    rest.delete(id);
    logs.value = rest;
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
  const curves = update.whole
    ? new Map(Object.entries(update.whole).map(([key, state]) => [key, Series.from(state)]))
    : new Map(earlier?.curves);
  for (const [step, ...values] of update.rows) {
    update.keys.forEach((key, index) => {
      const value = values[index];
      if (value === null || value === undefined) return;
      const series = curves.get(key) ?? new Series();
      curves.set(key, series);
      series.append(step, value);
    });
  }
  cursors.set(run, update.cursor);
  const version = (earlier?.version ?? 0) + 1;
  const log = { curves, warnings: update.warnings, version, ...(progress && { progress }) };
  batch(() => {
    logs.value = new Map(logs.peek()).set(run, log);
  });
}
