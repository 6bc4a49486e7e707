import { apiErrorOf } from './api-error.js';

/** Comments that keep a connection open while there is nothing to tell. */
const PING_SECONDS = 15;

export interface EventStreamOptions {
  /** The reader has gone. */
  readonly onCancel: () => void;
  readonly onError?: (error: unknown) => void;
  readonly pingSeconds?: number;
}

/**
 * Values as server-sent events, then `[DONE]`. Each is made when the reader is ready for it. An error under way becomes
 * an event of its own, after which nothing comes.
 */
export function eventStream(values: AsyncIterable<unknown>, options: EventStreamOptions): ReadableStream<Uint8Array> {
  const { onCancel, onError, pingSeconds = PING_SECONDS } = options;
  const iterator = values[Symbol.asyncIterator]();
  const utf8 = new TextEncoder();
  const event = (data: string): Uint8Array => utf8.encode(`data: ${data}\n\n`);
  let next: Promise<IteratorResult<unknown>> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        next ??= iterator.next();
        try {
          const result = await orAfter(next, pingSeconds);
          if (result === undefined) {
            controller.enqueue(utf8.encode(': ping\n\n'));
            return;
          }
          next = undefined;
          if (result.done !== true) {
            controller.enqueue(event(JSON.stringify(result.value)));
            return;
          }
          controller.enqueue(event('[DONE]'));
        } catch (error) {
          onError?.(error);
          controller.enqueue(event(JSON.stringify(apiErrorOf(error).body)));
        }
        controller.close();
      },
      cancel: () => {
        onCancel();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The promise's value, or undefined when it takes longer than so many seconds. */
async function orAfter<Value>(promise: Promise<Value>, seconds: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, 1000 * seconds, undefined);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
