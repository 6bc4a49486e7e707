import { Hono } from 'hono';
import type { Env } from '../../context.js';
import type { StudioContext } from '../context.js';

/** The commands that can be started, and the form of each. */
export function formRoutes({ forms }: StudioContext): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', async (c) => c.json(await forms.list()));
  app.get('/form', async (c) => c.json(await forms.form(c.req.query('command') ?? '')));
  return app;
}
