import type { Context } from 'hono';
import type { SampledToken, Sequence } from '../../sampling/sequence.js';
import { ApiError } from '../api-error.js';
import type { Env, ServedModel, ServingContext } from '../context.js';
import type { ServedLanguageModel } from '../language-model.js';
import type { Lease } from '../registry.js';
import type { AnswerEvent, Ticket } from '../scheduler.js';
import { eventStream } from '../sse.js';

export type FinishReason = 'stop' | 'length';

/** A finished answer. */
export interface Choice {
  readonly index: number;
  readonly text: string;
  /** Without the one that ended it. */
  readonly tokens: readonly SampledToken[];
  readonly finishReason: FinishReason;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

/** A part of an answer on its way. */
export interface Piece {
  readonly index: number;
  readonly text: string;
  /** Absent where text comes that was held back, and for the token that ends an answer. */
  readonly token?: SampledToken;
  /** Of the whole answer, up to this piece. */
  readonly offset: number;
}

/** How an interface puts answers into words. */
export interface Wording {
  /** What comes before the first piece of each answer. */
  opening?(index: number): unknown;
  piece(piece: Piece): unknown;
  closing(index: number, reason: FinishReason): unknown;
  whole(choices: readonly Choice[], usage: Usage): unknown;
  /** The event with the numbers of tokens, where a stream is to have one. */
  usage?(usage: Usage): unknown;
}

export interface Answering {
  readonly lease: Lease<ServedModel>;
  readonly model: ServedLanguageModel;
  readonly sequences: readonly Sequence[];
  readonly stream: boolean;
  /** Whether a piece is sent for every token, text or not. */
  readonly everyToken: boolean;
  readonly wording: Wording;
}

/** A language model for as long as a request needs it. @throws ApiError (400) for a model of another kind */
export async function languageModel(
  { registry }: ServingContext,
  name: string,
): Promise<{ lease: Lease<ServedModel>; model: ServedLanguageModel }> {
  const { kind } = await registry.find(name);
  if (kind !== 'language-model') {
    throw new ApiError(400, `'${name}' is a ${kind.replace('-', ' ')}: it writes no text.`, {
      param: 'model',
      code: 'wrong_model',
    });
  }
  const lease = await registry.acquire(name);
  return { lease, model: lease.model as ServedLanguageModel };
}

/** Whose turn a request takes in the queue: its key's, or its address's. */
const clientOf = (c: Context<Env>): string =>
  c.req.header('authorization') ?? (c.env as Env['Bindings'] | undefined)?.incoming?.socket?.remoteAddress ?? '';

/** Has the answers written and sends them, as they are written or when they are whole; then lets go of the model. */
export async function respond(c: Context<Env>, context: ServingContext, answering: Answering): Promise<Response> {
  const { lease, model, sequences, stream, wording } = answering;
  const started = performance.now();
  let ticket: Ticket;
  try {
    ticket = model.scheduler.submit(sequences, clientOf(c));
  } catch (error) {
    lease.release();
    throw error;
  }
  const gone = (): void => ticket.cut();
  const ending = (): void => ticket.cut(new ApiError(503, 'The server is shutting down.', { code: 'shutting_down' }));
  const timer = setTimeout(() => {
    // What was written by now is the answer; where nothing was, it is better to ask again.
    const isBegun = sequences.some(({ ids }) => ids.length > 0);
    ticket.cut(
      isBegun ? undefined : new ApiError(503, 'No row became free in time.', { code: 'timeout', retryAfter: 5 }),
    );
  }, 1000 * context.settings.maxSeconds);
  const { signal } = c.req.raw;
  signal.addEventListener('abort', gone);
  context.ended.addEventListener('abort', ending);
  if (signal.aborted) gone();
  if (context.ended.aborted) ending();
  const seconds = (): number => (performance.now() - started) / 1000;
  void ticket.ended.then(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', gone);
    context.ended.removeEventListener('abort', ending);
    lease.release();
    report(c, context, answering, seconds());
  });
  const events = onFirst(ticket.events, () => context.metrics.firstToken(lease.entry.name, seconds()));

  if (stream) {
    const onError = (error: unknown): void =>
      context.log({ request: c.get('requestId'), error: String(error) }, 'error');
    return c.body(eventStream(piecesOf(events, answering), { onCancel: gone, onError }), 200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
  }
  for await (const _ of events);
  const choices = sequences.map((sequence, index) => choiceOf(sequence, index));
  return c.json(wording.whole(choices, usageOf(sequences)) as object);
}

/** For the metrics and the log. */
function report(c: Context<Env>, context: ServingContext, { lease, sequences }: Answering, seconds: number): void {
  const { prompt_tokens: prompt, completion_tokens: generated, prompt_tokens_details: details } = usageOf(sequences);
  const figures = { prompt, generated, shared: details.cached_tokens, seconds };
  const { name } = lease.entry;
  context.metrics.answered(name, figures);
  const finishReasons = sequences.map(({ finishReason }) => finishReason);
  const said = context.logsText ? { answers: sequences.map(({ text }) => text) } : {};
  context.log({ request: c.get('requestId'), model: name, ...figures, finishReasons, ...said }, 'answered');
}

async function* onFirst<Value>(values: AsyncIterable<Value>, first: () => void): AsyncGenerator<Value> {
  let isFirst = true;
  for await (const value of values) {
    if (isFirst) first();
    isFirst = false;
    yield value;
  }
}

/** The events of a stream, in the interface's words. */
async function* piecesOf(events: AsyncIterable<AnswerEvent>, answering: Answering): AsyncGenerator {
  const { sequences, everyToken, wording } = answering;
  const offsets = sequences.map(() => 0);
  if (wording.opening) for (const index of sequences.keys()) yield wording.opening(index);
  for await (const { choice: index, token, text, finishReason } of events) {
    const isSaid = token !== undefined && token.id !== sequences[index]!.stoppedBy;
    if (text !== '' || (everyToken && isSaid)) {
      yield wording.piece({ index, text, offset: offsets[index]!, ...(isSaid && { token }) });
      offsets[index]! += text.length;
    }
    if (finishReason !== undefined) yield wording.closing(index, reasonOf(finishReason));
  }
  if (wording.usage) yield wording.usage(usageOf(sequences));
}

function choiceOf({ text, tokens, finishReason, stoppedBy }: Sequence, index: number): Choice {
  const said = typeof stoppedBy === 'number' ? tokens.slice(0, -1) : tokens;
  return { index, text, tokens: said, finishReason: reasonOf(finishReason) };
}

const reasonOf = (reason: Sequence['finishReason']): FinishReason => (reason === 'stop' ? 'stop' : 'length');

/** A prompt that several answers share counts once. */
function usageOf(sequences: readonly Sequence[]): Usage {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const first = [...new Map(sequences.map((sequence) => [sequence.prompt, sequence])).values()];
  const prompt = sum(first.map((sequence) => sequence.prompt.length));
  const completion = sum(sequences.map(({ ids }) => ids.length));
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: sum(first.map(({ shared }) => shared)) },
  };
}
