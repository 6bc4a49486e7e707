import { Hono } from 'hono';
import type { Env } from '../../context.js';
import type { StudioContext } from '../context.js';
import type { ModelLibrary } from '../models.js';
import { PictureDesk, pictureRequestSchema } from '../pictures.js';
import { bodyOf, param } from './body.js';

/** Pictures that image models draw. */
export function pictureRoutes(context: StudioContext, models: ModelLibrary, folder: string): Hono<Env> {
  const desk = new PictureDesk(context, folder);
  const app = new Hono<Env>();
  app.post('/', async (c) => {
    const request = await bodyOf(c, pictureRequestSchema);
    return c.json(await desk.draw(request, await models.folder(request.model), c.req.raw.signal));
  });
  app.get('/:id/:name', async (c) => {
    const name = param(c, 'name');
    const bytes = await desk.read(param(c, 'id'), name);
    const type = name.endsWith('.gif') ? 'image/gif' : 'image/png';
    return c.body(bytes as Uint8Array<ArrayBuffer>, 200, {
      'content-type': type,
      'cache-control': 'private, max-age=86400',
    });
  });
  return app;
}
