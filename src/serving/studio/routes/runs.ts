import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import type { Env } from '../../context.js';
import { ConfigError } from '../../../errors.js';
import { runCommand } from '../command.js';
import type { StudioContext } from '../context.js';
import { cursorsOf, tellOfRuns } from '../events.js';
import { Launcher, launchOutput, launchRequestSchema, stopLaunch } from '../launches.js';
import type { Reports } from '../reports.js';
import type { RunLibrary } from '../runs.js';
import { bodyOf } from './body.js';

const startSchema = launchRequestSchema.extend({
  /** The run's name: its folder below that of the runs. */
  id: z.string(),
});

/** Runs: what there is, what happens in them, starting and stopping. A run's name may hold slashes, so it is a query. */
export function runRoutes(context: StudioContext, runs: RunLibrary, reports: Reports): Hono<Env> {
  const launcher = new Launcher(context);
  const app = new Hono<Env>();
  const idOf = (value: string | undefined): string => {
    if (value === undefined) throw new ConfigError('id: which run?');
    return value;
  };

  app.get('/runs', async (c) => c.json(await runs.list()));
  app.get('/run', async (c) => c.json(await runs.view(idOf(c.req.query('id')))));
  app.get('/run/window', async (c) => {
    const [from, to] = ['from', 'to'].map((name) => Number(c.req.query(name)));
    if (!(from! <= to!)) throw new ConfigError('from, to: two steps');
    return c.json(await runs.log(idOf(c.req.query('id'))).between(from!, to!));
  });
  app.get('/run/samples', async (c) => c.json(await runs.samples(idOf(c.req.query('id')))));
  app.get('/run/output', async (c) => c.json({ text: await launchOutput(runs.folder(idOf(c.req.query('id')))) }));
  app.get('/run/picture', async (c) => {
    const name = c.req.query('name') ?? '';
    if (!/^pictures\/[\w.-]+\.png$/.test(name)) throw new ConfigError(`'${name}' is no picture of a run`);
    const bytes = await readFile(join(runs.folder(idOf(c.req.query('id'))), name)).catch(() => {
      throw new ConfigError(`There is no picture ${name}`);
    });
    return c.body(bytes, 200, { 'content-type': 'image/png', 'cache-control': 'private, max-age=86400' });
  });
  /** Writes the report where there is none yet. */
  app.post('/run/report', async (c) => {
    const folder = runs.folder(idOf(c.req.query('id')));
    if (!existsSync(join(folder, 'report.html'))) await runCommand(context, ['report', folder], c.req.raw.signal);
    return c.json({ address: reports.give(folder) });
  });
  app.get('/events', (c) => {
    const watched = cursorsOf(c.req.queries('run') ?? [], c.req.header('last-event-id'));
    for (const run of watched.keys()) runs.folder(run);
    return streamSSE(c, (stream) => tellOfRuns(stream, runs, watched));
  });

  app.post('/runs', async (c) => {
    const { id, ...request } = await bodyOf(c, startSchema);
    const folder = runs.newFolder(id);
    const words = await context.forms.words({ ...request, flags: { ...request.flags, out: folder } });
    await launcher.start(folder, { words, request });
    return c.json({ id });
  });
  app.post('/run/stop', async (c) => {
    const id = idOf(c.req.query('id'));
    const stopped = (await stopLaunch(runs.folder(id))) || (await runs.stop(id));
    if (!stopped) throw new ConfigError(`${id} is not running`);
    return c.json({ stopped });
  });
  app.post('/run/resume', async (c) => {
    await launcher.resume(runs.folder(idOf(c.req.query('id'))));
    return c.json({ resumed: true });
  });
  return app;
}
