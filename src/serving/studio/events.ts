import { setTimeout as sleep } from 'node:timers/promises';
import type { SSEStreamingApi } from 'hono/streaming';
import { readProgress } from './progress.js';
import type { RunLibrary } from './runs.js';
import type { LogEvent } from './wire.js';

/** How often what is watched is looked at, and the list of all runs. Milliseconds. */
const WATCH_EVERY = 400;
const LIST_EVERY = 2000;
/** A line now and then, so that nobody in between takes the connection for dead. */
const PING_EVERY = 15_000;

/**
 * Tells what happens in runs for as long as somebody listens: `runs` when the list of them changes, `log` with what a
 * watched run has logged since its cursor. The id of every event is the cursors so far; whoever comes back with it gets
 * nothing twice.
 *
 * @param watched cursors by run; empty for a run from its beginning
 */
export async function tellOfRuns(
  stream: SSEStreamingApi,
  library: RunLibrary,
  watched: ReadonlyMap<string, string>,
): Promise<void> {
  const cursors = new Map(watched);
  let [shownList, listedAt, toldAt] = ['', -Infinity, Date.now()];
  while (!stream.aborted) {
    if (Date.now() - listedAt >= LIST_EVERY) {
      listedAt = Date.now();
      const list = JSON.stringify(await library.list());
      if (list !== shownList) await stream.writeSSE({ event: 'runs', data: list });
      if (list !== shownList) toldAt = Date.now();
      shownList = list;
    }
    for (const [run, cursor] of cursors) {
      const update = await library.log(run).since(cursor);
      if (update.cursor === cursor) continue;
      cursors.set(run, update.cursor);
      const progress = await readProgress(library.folder(run), await library.state(run));
      const event: LogEvent = { run, update, ...(progress && { progress }) };
      await stream.writeSSE({
        event: 'log',
        id: encodeURIComponent(JSON.stringify([...cursors])),
        data: JSON.stringify(event),
      });
      toldAt = Date.now();
    }
    if (Date.now() - toldAt >= PING_EVERY) {
      await stream.write(': still here\n\n');
      toldAt = Date.now();
    }
    await sleep(WATCH_EVERY);
  }
}

/** Cursors as the page or a connection that comes back gives them: those of the latter count. */
export function cursorsOf(runs: readonly string[], lastEventId: string | undefined): Map<string, string> {
  const cursors = new Map(runs.map((run) => [run, '']));
  if (lastEventId === undefined || lastEventId === '') return cursors;
  try {
    const known = JSON.parse(decodeURIComponent(lastEventId)) as [string, string][];
    for (const [run, cursor] of known) if (cursors.has(run)) cursors.set(run, cursor);
  } catch {
    // An id that is none of ours: from the beginning.
  }
  return cursors;
}
