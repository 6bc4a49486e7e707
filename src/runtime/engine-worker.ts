import { parentPort } from 'node:worker_threads';
import type { ReplyMessage, RequestMessage } from './protocol.js';
import { WorkerCore } from './worker-core.js';

/** The worker thread's entry: answers requests one after the other, in the order in which they came. */

const port = parentPort!;
const core = new WorkerCore();

async function answer({ id, method, request }: RequestMessage): Promise<void> {
  try {
    const handler = core[method].bind(core) as (request: unknown) => unknown;
    const result = await handler(request);
    port.postMessage({ id, result } satisfies ReplyMessage, transferable(result));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    port.postMessage({ id, error: text } satisfies ReplyMessage);
  }
}

/** The arrays of a result: they change hands without being copied. */
function transferable(result: unknown): ArrayBuffer[] {
  if (!Array.isArray(result)) return [];
  return result.flatMap((item) => (ArrayBuffer.isView(item) ? [item.buffer as ArrayBuffer] : []));
}

let queue = Promise.resolve();
port.on('message', (message: RequestMessage) => {
  queue = queue.then(() => answer(message));
});
