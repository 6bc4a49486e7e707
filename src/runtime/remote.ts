import { Worker } from 'node:worker_threads';
import { RuntimeError } from '../errors.js';
import type { Method, ReplyMessage, RequestMessage, RequestOf, ResultOf } from './protocol.js';

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Starts the worker from the compiled file, or from source where this file itself runs from source. */
function spawn(): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./engine-worker.js', import.meta.url));
  const file = new URL('./engine-worker.ts', import.meta.url).href;
  const loader = import.meta.resolve('tsx/esm/api');
  const start = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(file)}); })`;
  return new Worker(start, { eval: true });
}

/** The worker thread, as functions that return promises. It keeps the process alive only while it has work. */
export class Remote {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #ended: RuntimeError | undefined;

  constructor(worker = spawn()) {
    this.#worker = worker;
    this.#worker.unref();
    this.#worker.on('message', (reply: ReplyMessage) => this.#settle(reply));
    this.#worker.on('error', (cause) =>
      this.#end(new RuntimeError(`the engine's worker failed: ${String(cause)}`, { cause })),
    );
    this.#worker.on('exit', (code) => this.#end(new RuntimeError(`the engine's worker ended with code ${code}`)));
  }

  call<Name extends Method>(
    method: Name,
    request: RequestOf<Name>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<ResultOf<Name>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      if (this.#pending.size === 0) this.#worker.ref();
      this.#pending.set(id, { resolve: resolve, reject });
      this.#worker.postMessage({ id, method, request } satisfies RequestMessage, transfer);
    });
  }

  /** Ends the worker; calls under way are rejected. */
  async close(): Promise<void> {
    this.#end(new RuntimeError('the engine was disposed', { advice: 'create a new Engine' }));
    await this.#worker.terminate();
  }

  #settle(reply: ReplyMessage): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ('error' in reply) pending.reject(new RuntimeError(reply.error));
    else pending.resolve(reply.result);
  }

  #end(error: RuntimeError): void {
    this.#ended ??= error;
    for (const pending of this.#pending.values()) pending.reject(this.#ended);
    this.#pending.clear();
  }
}
