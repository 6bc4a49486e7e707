import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { ConfigError } from '../errors.js';
import { ApiError } from './api-error.js';

export interface SecurityOptions {
  /** The address that is listened on. Default: loopback. */
  readonly host?: string;
  /** Keys, one of which a request has to bring. Without any, only loopback is allowed. */
  readonly keys?: readonly string[];
  /** Names under which the server may be addressed, beside those of loopback where it listens there. */
  readonly allowedHosts?: readonly string[];
  /** Other origins whose pages may use the API, such as `http://localhost:5173`. */
  readonly allowedOrigins?: readonly string[];
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** @throws ConfigError for an address that others can reach, without a key */
export function checkSecurity({ host = '127.0.0.1', keys = [] }: SecurityOptions): void {
  if (keys.some((key) => key.trim() === ''))
    throw new ConfigError('An API key is empty', { advice: 'Give one of letters and digits.' });
  if (isLoopback(host) || keys.length > 0) return;
  throw new ConfigError(`${host} can be reached from other machines, and there is no API key`, {
    advice: 'Give one (--key-file, or DESCENT_API_KEY), or listen on 127.0.0.1 alone.',
  });
}

/**
 * Answers only those addressed by its own name, so that no other site's name can be led here (DNS rebinding), and only
 * its own pages and those of the origins that are allowed.
 */
export function checkAddress(options: SecurityOptions): MiddlewareHandler {
  const { host = '127.0.0.1', allowedHosts = [], allowedOrigins = [] } = options;
  const origins = new Set(allowedOrigins.map((origin) => origin.replace(/\/$/, '')));
  const isOurs = (name: string): boolean => {
    if (allowedHosts.includes(name)) return true;
    // Reachable from elsewhere, a machine has names that it does not know; a key is needed then.
    return isLoopback(host) ? isLoopback(name) : allowedHosts.length === 0;
  };
  return async (c, next) => {
    const asked = c.req.header('host') ?? new URL(c.req.url).host;
    if (!isOurs(hostnameOf(asked))) {
      throw new ApiError(403, `This server does not answer to the name '${asked}'.`, {
        code: 'host_not_allowed',
        advice: 'Serve with --allow-host if it should.',
      });
    }
    const origin = c.req.header('origin');
    if (origin === undefined) return next();
    const isOwn = hostOf(origin) === asked.toLowerCase();
    if (!isOwn && !origins.has(origin)) {
      throw new ApiError(403, `Pages of ${origin} may not use this server.`, {
        code: 'origin_not_allowed',
        advice: 'Serve with --allow-origin if they should.',
      });
    }
    if (!isOwn) {
      c.header('access-control-allow-origin', origin);
      c.header('access-control-expose-headers', 'x-request-id, retry-after');
      c.header('vary', 'origin');
    }
    if (c.req.method === 'OPTIONS') {
      c.header('access-control-allow-methods', 'GET, POST, DELETE');
      c.header('access-control-allow-headers', c.req.header('access-control-request-headers') ?? '');
      c.header('access-control-max-age', '600');
      return c.body(null, 204);
    }
    return next();
  };
}

/** Wants a key, where there are any; every key is compared in full, whatever is given. */
export function checkKey({ keys = [] }: SecurityOptions): MiddlewareHandler {
  const digests = keys.map(digest);
  return async (c, next) => {
    if (digests.length === 0) return next();
    const given = digest(/^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '');
    const found = digests.reduce((sum, key) => sum + Number(timingSafeEqual(key, given)), 0);
    if (found === 0) {
      throw new ApiError(401, 'This server needs an API key.', {
        code: 'invalid_api_key',
        advice: 'Send it as: Authorization: Bearer <key>.',
      });
    }
    return next();
  };
}

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();

const hostnameOf = (host: string): string => host.toLowerCase().replace(/:\d+$/, '');

/** Host and port of an origin; undefined for one that is no address, such as `null`. */
function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
