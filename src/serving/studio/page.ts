import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import type { Env } from '../context.js';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The Studio's page, from the folder in which it was built. */
export function pageRoutes(folder: string): Hono<Env> {
  const app = new Hono<Env>();
  const file = async (name: string, caching: string): Promise<Response> => {
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (bytes === undefined) return new Response('Not found', { status: 404 });
    const type = types[extname(name)] ?? 'application/octet-stream';
    return new Response(bytes, { headers: { 'content-type': type, 'cache-control': caching } });
  };
  app.use(compress());
  app.get('/', () => file('index.html', 'no-cache'));
  app.get('/icon.svg', () => file('icon.svg', 'max-age=3600'));
  // Their names change with their content.
  app.get('/assets/:name{[\\w-][\\w.-]*}', (c) =>
    file(join('assets', c.req.param('name')), 'max-age=31536000, immutable'),
  );
  return app;
}
