import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { ConfigError } from '../errors.js';
import type { Env } from '../serving/context.js';

export interface Listening {
  /** Where it answers, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Takes no more connections, and resolves when those there are have ended. */
  close(): Promise<void>;
}

/** A connection on which nothing moved for so long, because its client does not read, is given up. */
const IDLE_SECONDS = 120;
/** For the last bytes of answers that are complete. */
const FLUSH_SECONDS = 2;

/** Puts a server on a port; 0 takes a free one. @throws ConfigError when it cannot be had */
export async function listen(
  app: Pick<Hono<Env>, 'fetch'>,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch as never }) as Server;
  server.setTimeout(1000 * IDLE_SECONDS);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'something else is there already' : cause.message;
      const advice = 'Choose another with --port; 0 takes a free one.';
      reject(new ConfigError(`Cannot listen on ${host}, port ${port}: ${reason}`, { advice, cause }));
    });
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), 1000 * FLUSH_SECONDS);
      await closed;
      clearTimeout(timer);
    },
  };
}
