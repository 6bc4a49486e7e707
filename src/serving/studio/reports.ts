import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import type { Env } from '../context.js';

/** Addresses kept; those given out longest ago are forgotten. */
const KEPT = 200;

/**
 * Reports of runs as pages of their own. A window that opens an address brings no key with it, so the address is the
 * permission: whoever may ask for a report is given one that nobody else can guess, for as long as the server lives.
 */
export class Reports {
  readonly #folders = new Map<string, string>();

  /** An address below that of `routes` for the report of the run in a folder. */
  give(folder: string): string {
    const name = randomUUID();
    this.#folders.set(name, folder);
    const [oldest] = this.#folders.keys();
    if (this.#folders.size > KEPT) this.#folders.delete(oldest!);
    return `/reports/${name}`;
  }

  /** To be mounted at /reports, where no key is asked for. */
  routes(): Hono<Env> {
    const app = new Hono<Env>();
    app.get('/:name', async (c) => {
      const folder = this.#folders.get(c.req.param('name'));
      const page = folder && (await readFile(join(folder, 'report.html'), 'utf8').catch(() => undefined));
      if (page === undefined) return c.text('There is no such report any more: open it from its run again.', 404);
      // The report draws its curves itself, with nothing from elsewhere.
      c.set(
        'policy',
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; sandbox allow-scripts",
      );
      return c.html(page);
    });
    return app;
  }
}
