import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { pageRoutes } from '../../serving/studio/page.js';
import { builtPage } from './built.js';

/** Of all that comes with the first look at the Studio, as it is sent. */
const MOST_BYTES = 200 * 1024;

describe('the built page', () => {
  let routes: ReturnType<typeof pageRoutes>;
  beforeAll(async () => {
    routes = pageRoutes(await builtPage());
  }, 600_000);

  /** A file as a browser gets it: how many bytes it takes, and its text. */
  async function fetched(path: string): Promise<{ bytes: number; text: string }> {
    const response = await routes.request(path, { headers: { 'accept-encoding': 'gzip' } });
    expect(response.status, path).toBe(200);
    const sent = await response.arrayBuffer();
    const bytes = Buffer.from(sent);
    const isZipped = response.headers.get('content-encoding') === 'gzip';
    return { bytes: sent.byteLength, text: (isZipped ? gunzipSync(bytes) : bytes).toString('utf8') };
  }

  it('comes in 200 KB at first, with all that its files call for at once', async () => {
    const waiting = ['/'];
    const sizes = new Map<string, number>();
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (sizes.has(path)) continue;
      const { bytes, text } = await fetched(path);
      sizes.set(path, bytes);
      // What a page loads, and what a module imports before it runs; a style sheet's fonts and pictures too.
      const wanted = path.endsWith('.js')
        ? text.matchAll(/(?:\bfrom|\bimport)\s*["'](\.[^"']+)["']/g)
        : path.endsWith('.css')
          ? text.matchAll(/url\(["']?(?!data:)([^"')]+)/g)
          : text.matchAll(/(?:src|href)="([^"#]+)"/g);
      for (const [, name] of wanted) waiting.push(new URL(name!, `http://studio${path}`).pathname);
    }
    expect([...sizes.keys()].some((path) => path.endsWith('.js'))).toBe(true);
    expect([...sizes.keys()].some((path) => path.endsWith('.css'))).toBe(true);
    const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    expect(total, JSON.stringify([...sizes])).toBeLessThanOrEqual(MOST_BYTES);
  });
});
