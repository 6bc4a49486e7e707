import { join } from 'node:path';
import { Hono } from 'hono';
import { ApiError } from '../api-error.js';
import type { Env } from '../context.js';
import { DescentError } from '../../errors.js';
import type { StudioContext } from './context.js';
import { formRoutes } from './routes/forms.js';
import { labelRoutes } from './routes/labels.js';
import { modelRoutes } from './routes/models.js';
import { pictureRoutes } from './routes/pictures.js';
import { runRoutes } from './routes/runs.js';
import { ModelLibrary } from './models.js';
import { Reports } from './reports.js';
import { RunLibrary } from './runs.js';
import type { ErrorView } from './wire.js';

/**
 * The Studio's own part of the server, to be mounted at /api.
 *
 * @param reports whose own routes are mounted beside it
 */
export function studioRoutes(context: StudioContext, reports = new Reports()): Hono<Env> {
  const runs = new RunLibrary(context.runs);
  const models = new ModelLibrary(context.runs, context.cwd);
  const kept = join(runs.root, 'studio');
  const app = new Hono<Env>();
  app.onError((error, c) => {
    // Whoever has gone away is told nothing.
    if (c.req.raw.signal.aborted) return new Response(null, { status: 499 });
    // What went wrong inside is told and logged as everywhere.
    if (!(error instanceof DescentError)) throw error;
    const { message, advice } = error;
    const status = error instanceof ApiError ? error.status : 400;
    return c.json<ErrorView>({ error: { message, ...(advice !== undefined && { advice }) } }, status);
  });
  app.route('/', runRoutes(context, runs, reports));
  app.route('/forms', formRoutes(context));
  app.route('/models', modelRoutes(models));
  app.route('/pictures', pictureRoutes(context, models, join(kept, 'pictures')));
  app.route('/', labelRoutes(context, kept));
  return app;
}
