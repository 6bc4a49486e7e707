import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { ApiError, apiErrorOf } from './api-error.js';
import type { Env, ServingContext } from './context.js';
import { openAiRoutes } from './openai/routes.js';
import { openApiDocument } from './openapi.js';
import { checkAddress, checkKey } from './security.js';
import { bytesOf } from './settings.js';

export interface AppOptions {
  readonly context: ServingContext;
  /** Routes of further pages and interfaces, mounted at their paths before anything else answers there. */
  readonly mount?: Readonly<Record<string, Hono<Env>>>;
}

/** Paths that want a key where there are keys; pages and /health do not. */
const guarded = ['/v1/*', '/api/*', '/metrics', '/openapi.json'];

/** The server as one function from request to response; it needs no port. */
export function createApp({ context, mount = {} }: AppOptions): Hono<Env> {
  const { settings, security, metrics, log, registry, closing } = context;
  const app = new Hono<Env>();

  app.use(requestId({ generator: () => `req_${crypto.randomUUID()}` }));
  app.use(async (c, next) => {
    const started = performance.now();
    await next();
    const policy = c.get('policy');
    if (policy !== undefined) c.res.headers.set('content-security-policy', policy);
    const { method, path } = c.req;
    const { status } = c.res;
    metrics.request(metricPath(path), status);
    const milliseconds = Math.round(performance.now() - started);
    log({ request: c.get('requestId'), method, path, status, milliseconds }, 'request');
  });
  app.use(secureHeaders(headers));
  app.use(checkAddress(security));
  for (const path of guarded) app.use(path, checkKey(security));
  app.use(
    bodyLimit({
      maxSize: bytesOf(settings.bodyMiB),
      onError: () => {
        throw new ApiError(413, `The body is larger than ${settings.bodyMiB} MiB.`, { code: 'body_too_large' });
      },
    }),
  );
  app.use('/v1/*', async (_, next) => {
    if (closing.aborted) throw new ApiError(503, 'The server is shutting down.', { code: 'shutting_down' });
    await next();
  });

  app.get('/health', (c) =>
    c.json({ status: closing.aborted ? 'closing' : 'ok', models: registry.loaded.map(({ name }) => name) }),
  );
  app.get('/metrics', async (c) => {
    c.header('content-type', metrics.registry.contentType);
    return c.body(await metrics.registry.metrics());
  });
  app.get('/openapi.json', (c) => c.json(openApiDocument()));
  app.route('/v1', openAiRoutes(context));
  for (const [path, routes] of Object.entries(mount)) app.route(path, routes);

  app.notFound((c) => {
    const { body } = new ApiError(404, `There is nothing at ${c.req.method} ${c.req.path}.`, { code: 'not_found' });
    return c.json(body, 404);
  });
  app.onError((error, c) => {
    const known = apiErrorOf(error);
    if (known.status >= 500) {
      const cause = error instanceof ApiError ? error.message : (error.stack ?? error.message);
      log({ request: c.get('requestId'), error: cause }, 'error');
    }
    for (const [name, value] of Object.entries(known.headers)) c.header(name, value);
    return c.json(known.body, known.status);
  });
  return app;
}

const headers = {
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    styleSrc: ["'self'", "'unsafe-inline'"],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  // The server speaks HTTP; what stands before it says so if it speaks HTTPS.
  strictTransportSecurity: false,
  crossOriginResourcePolicy: 'same-site',
  xFrameOptions: 'DENY',
  referrerPolicy: 'no-referrer',
};

/** Few enough for a label: the names of models and files are not among them. */
const metricPath = (path: string): string =>
  /^\/(v1\/(chat\/completions|completions|embeddings|models|images\/generations)|health|metrics|openapi\.json|api)\b/.exec(
    path,
  )?.[0] ?? 'other';
