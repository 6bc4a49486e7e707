import { Hono } from 'hono';
import type { Env } from '../../context.js';
import type { ModelLibrary } from '../models.js';

/** Models with their lineage. */
export function modelRoutes(models: ModelLibrary): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', async (c) => c.json(await models.list()));
  app.get('/promotions', async (c) => c.json(await models.promotions()));
  app.post('/promote', async (c) => {
    await models.promote(c.req.query('id') ?? '');
    return c.json(await models.promotions());
  });
  app.get('/archive', async (c) => {
    const id = c.req.query('id') ?? '';
    const stream = await models.archive(id);
    const name = id.replaceAll(/[^\w.-]+/g, '-');
    return c.body(stream, 200, {
      'content-type': 'application/x-tar',
      'content-disposition': `attachment; filename="${name}.tar"`,
    });
  });
  return app;
}
