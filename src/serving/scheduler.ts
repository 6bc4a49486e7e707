import type { DecodingBatch } from '../sampling/decoding-batch.js';
import type { FinishReason, SampledToken, Sequence } from '../sampling/sequence.js';
import { ApiError } from './api-error.js';
import { Channel } from './channel.js';
import { FairQueue } from './fair-queue.js';

/** A step of one of the answers to a request. */
export interface AnswerEvent {
  /** Which of the answers. */
  readonly choice: number;
  /** Absent where an answer was cut off. */
  readonly token?: SampledToken;
  /** Text that has become certain. */
  readonly text: string;
  readonly finishReason?: FinishReason;
}

/** A request that is being answered. */
export interface Ticket {
  /** For one reader; ends when every answer has. */
  readonly events: AsyncIterable<AnswerEvent>;
  /** When every answer has ended, read or not. */
  readonly ended: Promise<void>;
  /** Ends the answers as they are, and frees their rows before the next step; with an error, that is what is read. */
  cut(error?: Error): void;
}

export interface SchedulerOptions {
  /** Makes the batch that answers are written in; a new one when the last failed. */
  readonly createBatch: () => DecodingBatch;
  /** Most answers written side by side. */
  readonly rows: number;
  /** Most answers that may wait for a row. */
  readonly queue: number;
  /** Most steps that a reader may leave unread before its request ends. */
  readonly unread: number;
  /** Told when the engine failed. */
  readonly onFailure?: (error: unknown) => void;
}

interface Waiting {
  readonly sequence: Sequence;
  readonly choice: number;
  readonly channel: Channel<AnswerEvent>;
  /** Ends the channel after the last of its answers. */
  readonly finished: () => void;
  readonly cut: (error?: Error) => void;
}

/**
 * Steps between two times that answers are let into a batch that is more than half full: all who are in it wait while
 * their prompts are read, so that newcomers wait for one another a little.
 */
const STEPS_BETWEEN = 4;

/**
 * Continuous batching: answers come into the batch and leave it between two steps, so that a short one never waits for a
 * long one beside it. It runs while there is something to write, and gives its cache back when there is not.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #queue = new FairQueue<Waiting>();
  readonly #running = new Map<Sequence, Waiting>();
  #batch: DecodingBatch;
  #loop: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#batch = options.createBatch();
  }

  /** Answers being written. */
  get active(): number {
    let count = 0;
    for (const { finishReason } of this.#running.keys()) if (finishReason === undefined) count++;
    return count;
  }

  /** Answers waiting for a row. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Puts the answers to a request in line.
   *
   * @param client whose turn it takes
   * @throws ApiError (429) when too many wait
   */
  submit(sequences: readonly Sequence[], client: string): Ticket {
    const { rows, queue } = this.#options;
    const free = Math.max(0, rows - this.active);
    if (this.waiting + sequences.length > queue + free) {
      throw new ApiError(429, `${this.waiting} answers are waiting already; there is room for ${queue}.`, {
        code: 'queue_full',
        retryAfter: 1,
        advice: 'Ask again a little later.',
      });
    }
    const channel = new Channel<AnswerEvent>();
    let unfinished = sequences.length;
    const { promise: ended, resolve } = withResolvers();
    const end = (error?: Error): void => {
      channel.end(error);
      resolve();
    };
    const finished = (): void => {
      if (--unfinished === 0) end();
    };
    const cut = (error?: Error): void => {
      sequences.forEach((sequence, choice) => {
        if (sequence.finishReason !== undefined) return;
        const text = sequence.finish('abort');
        channel.push({ choice, text, finishReason: 'abort' });
      });
      this.#queue.remove(({ sequence }) => sequence.finishReason !== undefined);
      end(error);
    };
    sequences.forEach((sequence, choice) => {
      const { finishReason } = sequence;
      if (finishReason === undefined) this.#queue.add(client, { sequence, choice, channel, finished, cut });
      else {
        // Nothing was to be written.
        channel.push({ choice, text: '', finishReason });
        finished();
      }
    });
    this.#wake();
    return { events: channel, ended, cut };
  }

  /** Ends every request, and resolves when nothing runs any more. */
  async close(error?: Error): Promise<void> {
    for (const { cut } of [...this.#queue.take(Infinity), ...this.#running.values()]) cut(error);
    await this.#loop;
  }

  #wake(): void {
    this.#loop ??= this.#run().finally(() => {
      this.#loop = undefined;
      if (this.waiting > 0) this.#wake();
    });
  }

  async #run(): Promise<void> {
    // Those that come together begin together.
    await Promise.resolve();
    try {
      for (let steps = 0; this.waiting > 0 || this.active > 0; steps++) {
        if (this.active <= this.#options.rows / 2 || steps >= STEPS_BETWEEN) {
          steps = 0;
          await this.#letIn();
        }
        for (const { sequence, token, text } of await this.#batch.step()) this.#deliver(sequence, token, text);
        this.#forgetFinished();
      }
      await this.#batch.close();
    } catch (error) {
      // The batch is in an unknown state: all who were in it are told, and the next request begins anew.
      for (const { cut } of this.#running.values()) cut(error as Error);
      this.#forgetFinished();
      this.#batch = this.#options.createBatch();
      this.#options.onFailure?.(error);
    }
  }

  async #letIn(): Promise<void> {
    const next = this.#queue.take(this.#options.rows - this.active);
    for (const waiting of next) this.#running.set(waiting.sequence, waiting);
    await this.#batch.admit(next.map(({ sequence }) => sequence));
  }

  #deliver(sequence: Sequence, token: SampledToken, text: string): void {
    const { choice, channel, finished, cut } = this.#running.get(sequence)!;
    const { finishReason } = sequence;
    channel.push({ choice, token, text, ...(finishReason && { finishReason }) });
    if (finishReason !== undefined) finished();
    else if (channel.unread > this.#options.unread) {
      cut(new ApiError(503, 'The client reads too slowly: its answer was given up.', { code: 'slow_reader' }));
    }
  }

  #forgetFinished(): void {
    for (const sequence of this.#running.keys()) {
      if (sequence.finishReason !== undefined) this.#running.delete(sequence);
    }
  }
}

/** Promise.withResolvers, which Node 20 has not. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
