import { describe, expect, it } from 'vitest';
import { checkSecurity, isLoopback, type SecurityOptions } from './security.js';
import { tinyServer } from './tiny-models.test-helper.js';

interface Asked {
  readonly security?: SecurityOptions;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

async function ask({ security = {}, path = '/v1/models', method = 'GET', headers = {} }: Asked): Promise<Response> {
  return tinyServer({ models: [], security }).ask(path, { method, headers });
}
const status = async (asked: Asked): Promise<number> => (await ask(asked)).status;

describe('the address', () => {
  it('is loopback alone without a key', () => {
    for (const host of ['127.0.0.1', 'localhost', '::1', '127.8.9.1']) expect(isLoopback(host)).toBe(true);
    for (const host of ['0.0.0.0', '192.168.1.2', '127.evil.com', 'localhost.evil.com', '::']) {
      expect(isLoopback(host)).toBe(false);
      expect(() => checkSecurity({ host })).toThrow(/no API key/);
      expect(() => checkSecurity({ host, keys: ['k'] })).not.toThrow();
    }
    expect(() => checkSecurity({ host: '0.0.0.0', keys: [' '] })).toThrow(/empty/);
  });

  it('answers to no name but its own', async () => {
    for (const host of ['127.0.0.1:8080', 'localhost:1', 'LOCALHOST', '[::1]:8080']) {
      expect(await status({ headers: { host } })).toBe(200);
    }
    for (const host of ['evil.com', 'evil.com:8080', '127.0.0.1.evil.com', 'localhost.evil.com:8080', '192.168.0.7']) {
      const response = await ask({ headers: { host } });
      expect(response.status).toBe(403);
      expect(((await response.json()) as { error: { code: string } }).error.code).toBe('host_not_allowed');
    }
    expect(await status({ headers: { host: 'lab.local:80' }, security: { allowedHosts: ['lab.local'] } })).toBe(200);
  });

  it('may be any where others reach it, unless it is said which', async () => {
    const security = { host: '0.0.0.0', keys: ['k'] };
    const headers = { host: 'server.lan', authorization: 'Bearer k' };
    expect(await status({ security, headers })).toBe(200);
    expect(await status({ security: { ...security, allowedHosts: ['other.lan'] }, headers })).toBe(403);
  });
});

describe('the origin', () => {
  it('is the server itself, or one that is allowed', async () => {
    const host = { host: '127.0.0.1:8080' };
    expect(await status({ headers: { ...host, origin: 'http://127.0.0.1:8080' } })).toBe(200);
    for (const origin of [
      'http://evil.com',
      'http://127.0.0.1:9999',
      'null',
      'file://',
      'http://127.0.0.1:8080.evil.com',
    ]) {
      const response = await ask({ headers: { ...host, origin }, method: 'POST', path: '/v1/chat/completions' });
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    const security = { allowedOrigins: ['http://localhost:5173/'] };
    const headers = { ...host, origin: 'http://localhost:5173' };
    const allowed = await ask({ headers, security });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
    const preflight = await ask({
      ...{ security, method: 'OPTIONS', path: '/v1/chat/completions' },
      headers: { ...headers, 'access-control-request-headers': 'authorization, content-type' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization, content-type');
  });
});

describe('the key', () => {
  const security = { keys: ['first-key', 'second'] };
  it.each([
    ['none', {}, 401],
    ['another', { authorization: 'Bearer wrong' }, 401],
    ['a beginning of it', { authorization: 'Bearer first' }, 401],
    ['another scheme', { authorization: 'Basic first-key' }, 401],
    ['the first', { authorization: 'Bearer first-key' }, 200],
    ['the second', { authorization: 'bearer second' }, 200],
  ] as const)('%s', async (_name, headers, expected) => {
    for (const path of ['/v1/models', '/metrics', '/openapi.json']) {
      expect(await status({ security, path, headers })).toBe(expected);
    }
    expect(await status({ security, path: '/health', headers })).toBe(200);
  });
});

it('sends headers that keep pages from doing harm, and no wildcard', async () => {
  const { headers } = await ask({});
  expect(headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('access-control-allow-origin')).toBeNull();
  expect(headers.get('x-request-id')).toMatch(/^req_/);
});

it('refuses bodies that are too large, however they are sent', async () => {
  const server = tinyServer({ models: [], settings: { bodyMiB: 0.001 } });
  const large = JSON.stringify({ model: 'a', prompt: 'x'.repeat(2000) });
  const known = await server.ask('/v1/completions', {
    method: 'POST',
    body: large,
    headers: { 'content-length': '2020' },
  });
  const stream = new Blob([large]).stream();
  const unknown = await server.ask('/v1/completions', { method: 'POST', body: stream, duplex: 'half' } as never);
  for (const response of [known, unknown]) {
    expect(response.status).toBe(413);
    expect(((await response.json()) as { error: { code: string } }).error.code).toBe('body_too_large');
  }
});

it('finds no model outside its folders, whatever the name', async () => {
  const server = tinyServer({ models: [{ path: 'src/serving' }] });
  for (const name of ['../formats', '..%2f..%2fetc', '/etc/passwd', '....//', 'a%00b', '__proto__', 'constructor']) {
    expect((await server.ask(`/v1/models/${encodeURIComponent(name)}`)).status).toBe(404);
    const response = await server.post('/v1/completions', { model: name, prompt: 'x' });
    expect(response.status).toBe(404);
  }
});
