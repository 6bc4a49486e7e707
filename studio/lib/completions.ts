import { ServerError, request } from './api.js';
import { serverEvents } from './events.js';
import type { ModelView } from './models.js';

/** Answers by the server's own OpenAI-compatible interface, as they are written. */

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
  /** Data URLs. */
  readonly images?: readonly string[];
}

export interface SamplingOptions {
  readonly temperature: number;
  readonly topP: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** Whether each token is wanted with its alternatives. */
  readonly tokens: boolean;
}

/** A token as it was drawn. */
export interface ShownToken {
  readonly text: string;
  readonly logProb: number;
  readonly alternatives: readonly { readonly text: string; readonly logProb: number }[];
}

/** What one event of an answer brings. */
export interface AnswerPart {
  readonly text: string;
  readonly tokens: readonly ShownToken[];
  /** How it ended: 'stop', 'length', … */
  readonly finish?: string;
}

const ALTERNATIVES = 5;

/** Streams an answer. @throws ServerError, also for what goes wrong in the middle */
export async function* answer(
  model: Pick<ModelView, 'id' | 'chats'>,
  messages: readonly ChatMessage[],
  options: SamplingOptions,
  signal: AbortSignal,
): AsyncGenerator<AnswerPart> {
  const { temperature, topP, maxTokens, seed, tokens } = options;
  const sampling = { model: model.id, stream: true, temperature, top_p: topP, max_tokens: maxTokens, seed };
  const [path, body] = model.chats
    ? [
        '/v1/chat/completions',
        {
          messages: messages.map(wireMessage),
          truncation: 'auto',
          ...(tokens && { logprobs: true, top_logprobs: ALTERNATIVES }),
        },
      ]
    : ['/v1/completions', { prompt: asOneLine(messages), stop: ['\n'], ...(tokens && { logprobs: ALTERNATIVES }) }];
  const response = await request(path, {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...sampling, ...body }),
  });
  for await (const { data } of serverEvents(response)) {
    if (data === '[DONE]') return;
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error) throw new ServerError(chunk.error.message, response.status);
    const [choice] = chunk.choices ?? [];
    if (choice === undefined) continue;
    yield {
      text: choice.delta?.content ?? choice.text ?? '',
      tokens: tokensOf(choice),
      ...(choice.finish_reason && { finish: choice.finish_reason }),
    };
  }
}

/** A model that has only learnt to go on writing gets the turns as one line, and its answer is the rest of the line. */
const asOneLine = (messages: readonly ChatMessage[]): string => messages.map(({ content }) => content).join(' ');

const wireMessage = ({ role, content, images = [] }: ChatMessage) => ({
  role,
  content:
    images.length === 0
      ? content
      : [{ type: 'text', text: content }, ...images.map((url) => ({ type: 'image_url', image_url: { url } }))],
});

interface Chunk {
  readonly error?: { readonly message: string };
  readonly choices?: readonly Choice[];
}

interface Choice {
  readonly delta?: { readonly content?: string | null };
  readonly text?: string;
  readonly finish_reason?: string | null;
  readonly logprobs?: {
    readonly content?: readonly (WireToken & { readonly top_logprobs?: readonly WireToken[] })[] | null;
    readonly tokens?: readonly string[];
    readonly token_logprobs?: readonly (number | null)[];
    readonly top_logprobs?: readonly (Readonly<Record<string, number>> | null)[] | null;
  } | null;
}

interface WireToken {
  readonly token: string;
  readonly logprob: number;
}

function tokensOf({ logprobs }: Choice): ShownToken[] {
  if (logprobs?.content) {
    return logprobs.content.map(({ token, logprob, top_logprobs: top = [] }) => ({
      text: token,
      logProb: logprob,
      alternatives: top.map((each) => ({ text: each.token, logProb: each.logprob })),
    }));
  }
  return (logprobs?.tokens ?? []).map((text, index) => ({
    text,
    logProb: logprobs?.token_logprobs?.[index] ?? 0,
    alternatives: Object.entries(logprobs?.top_logprobs?.[index] ?? {}).map(([other, logProb]) => ({
      text: other,
      logProb,
    })),
  }));
}
