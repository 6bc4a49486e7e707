import type { ServedImageModel } from './image-model.js';
import type { ServedLanguageModel } from './language-model.js';
import type { Metrics } from './metrics.js';
import type { ModelRegistry } from './registry.js';
import type { SecurityOptions } from './security.js';
import type { ServingSettings } from './settings.js';

export type ServedModel = ServedLanguageModel | ServedImageModel;

/** What is written about a request; its text only where that was asked for. */
export type Log = (entry: Readonly<Record<string, unknown>>, message: string) => void;

/** What every route works with. */
export interface ServingContext {
  readonly registry: ModelRegistry<ServedModel>;
  readonly settings: ServingSettings;
  readonly security: SecurityOptions;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Whether the log may hold what people write and are answered. */
  readonly logsText: boolean;
  /** Fires when the server ends: no new requests, and later the end of those under way. */
  readonly closing: AbortSignal;
  readonly ended: AbortSignal;
}

/** What Hono keeps for a request. */
export interface Env {
  Variables: {
    requestId: string;
    /** A content security policy of the page's own. */
    policy?: string;
  };
  /** Of node-server, where a request came over a socket. */
  Bindings: { incoming?: { socket?: { remoteAddress?: string } } };
}
