import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import { z } from 'zod';
import { readMessageImage } from '../../data/message-images.js';
import { DataError } from '../../errors.js';
import { type ModelEye, imagesAs, sightOf } from '../../formats/model-eye.js';
import { recentTurns } from '../../sampling/recent-turns.js';
import {
  type ChatTemplate,
  type EncodedChat,
  type Message,
  type MessageImage,
  encodeChat,
} from '../../tokenizer/chat.js';
import { ApiError, refusal } from '../api-error.js';
import { readBody } from '../body.js';
import type { Env, ServingContext } from '../context.js';
import type { ServedLanguageModel } from '../language-model.js';
import { type Wording, languageModel, respond } from './answering.js';
import { chatLogProb } from './logprobs.js';
import { responseFormat } from './response-format.js';
import { ignoredFields, samplingFields, samplingOf } from './sampling-fields.js';

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });
const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: z.string(), detail: z.enum(['auto', 'low', 'high']).optional() }),
});

const messageSchema = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, imagePart])).min(1)]),
  name: z.string().optional().describe('taken, and without effect'),
  refusal: z.null().optional(),
});

export const chatRequest = z.strictObject({
  ...samplingFields,
  ...ignoredFields,
  messages: z.array(messageSchema).min(1).describe('the conversation, its latest message last'),
  max_completion_tokens: z.int().min(1).optional().describe('most tokens of the answer'),
  max_tokens: z.int().min(1).optional().describe('the older name of max_completion_tokens'),
  logprobs: z.boolean().default(false).describe("the log-probability of each token, of the model's own distribution"),
  top_logprobs: z.int().min(0).max(20).default(0).describe('with logprobs: that of so many other tokens beside it'),
  response_format: responseFormat.schema.optional(),
  truncation: z
    .enum(['disabled', 'auto'])
    .default('disabled')
    .describe('auto leaves out the oldest turns of a conversation that is too long; otherwise it is an error'),
  modalities: z.array(z.literal('text')).optional(),
});

type ChatRequest = z.output<typeof chatRequest>;

export const chatCompletions =
  (context: ServingContext) =>
  async (c: Context<Env>): Promise<Response> => {
    const body = await readBody(c, chatRequest);
    if (context.logsText) context.log({ request: c.get('requestId'), messages: body.messages }, 'asked');
    const { lease, model } = await languageModel(context, body.model);
    try {
      const { tokenizer, template, config, eye } = model.loaded;
      if (template === undefined) {
        throw new ApiError(400, `'${body.model}' has not learnt to chat.`, {
          param: 'model',
          code: 'wrong_model',
          advice: 'Ask it for completions (/v1/completions), or for chat one that descent sft has made.',
        });
      }
      const messages = await Promise.all(body.messages.map((message, index) => readMessage(message, index, eye)));
      const prompt = encodePrompt(model, template, messages, body.truncation);
      const maxTokens = body.max_completion_tokens ?? body.max_tokens ?? config.contextLength - prompt.ids.length;
      const sampling = samplingOf(body, { settings: context.settings, maxTokens, answers: body.n });
      const constraint = responseFormat.constraint(body.response_format, tokenizer, model.stopTokens);
      const sequences = model.sequences({
        prompts: [prompt],
        samples: body.n,
        sampling: {
          ...sampling,
          stopTokens: [...model.stopTokens],
          alternatives: body.logprobs ? body.top_logprobs : 0,
        },
        ...(constraint && { constraint }),
      });
      const answering = { lease, model, sequences, stream: body.stream, everyToken: body.logprobs };
      return await respond(c, context, { ...answering, wording: chatWording(body, model) });
    } catch (error) {
      lease.release();
      throw error;
    }
  };

/** A message with its images, for a model that sees. @throws ApiError (400) for an image otherwise, or one that is broken */
async function readMessage(
  { role: given, content: parts }: ChatRequest['messages'][number],
  index: number,
  eye: ModelEye | undefined,
): Promise<Message> {
  const role = given === 'developer' ? 'system' : given;
  if (typeof parts === 'string') return { role, content: parts };
  let content = '';
  const images: MessageImage[] = [];
  for (const [place, part] of parts.entries()) {
    if (part.type === 'text') content += part.text;
    else images.push({ at: content.length, pixels: await readImage(part, `messages.${index}.content.${place}`, eye) });
  }
  return { role, content, ...(images.length > 0 && { images }) };
}

async function readImage({ image_url: { url } }: z.output<typeof imagePart>, field: string, eye: ModelEye | undefined) {
  if (eye === undefined) {
    throw refusal(field, 'This model reads text alone, and no images.', {
      code: 'unsupported_content',
      advice: 'Leave the image out.',
    });
  }
  // Neither this machine's files nor other hosts are read on behalf of a client.
  if (!url.startsWith('data:')) {
    throw refusal(field, 'Images are not fetched.', {
      code: 'invalid_image_url',
      advice: 'Send it as a data: URL: data:image/png;base64,…',
    });
  }
  try {
    return await readMessageImage(url, { sight: sightOf(eye) });
  } catch (error) {
    if (error instanceof DataError) throw refusal(field, error.message, { code: 'invalid_image' });
    throw error;
  }
}

/** The conversation as tokens, up to where the answer begins. @throws ApiError (400) when it fills the context */
function encodePrompt(
  { loaded: { tokenizer, config, eye } }: ServedLanguageModel,
  template: ChatTemplate,
  messages: readonly Message[],
  truncation: ChatRequest['truncation'],
): EncodedChat {
  const options = { addGenerationPrompt: true, ...imagesAs(eye) };
  const encode = (chat: readonly Message[]) => encodeChat(tokenizer, template, chat, options);
  const limit = config.contextLength - 1;
  try {
    if (truncation === 'auto') return recentTurns({ messages, encode, limit }).encoded;
  } catch (error) {
    if (error instanceof DataError) throw tooLong(error.message);
    throw error;
  }
  const encoded = encode(messages);
  if (encoded.ids.length <= limit) return encoded;
  throw tooLong(
    `The conversation has ${encoded.ids.length} tokens; the model sees ${config.contextLength}, the answer included.`,
  );
}

const tooLong = (message: string): ApiError =>
  refusal('messages', message, {
    code: 'context_length_exceeded',
    advice: "Shorten it, or send truncation: 'auto' to leave the oldest turns out.",
  });

function chatWording(body: ChatRequest, { loaded: { tokenizer, lineage } }: ServedLanguageModel): Wording {
  const head = {
    id: `chatcmpl-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: body.model,
    system_fingerprint: lineage?.id ?? null,
  };
  const asksUsage = body.stream_options?.include_usage === true;
  const chunk = (choices: readonly unknown[]) => ({
    ...head,
    object: 'chat.completion.chunk',
    choices,
    ...(asksUsage && { usage: null }),
  });
  const delta = (index: number, delta: object, finishReason: string | null, logprobs: unknown = null) =>
    chunk([{ index, delta, logprobs, finish_reason: finishReason }]);
  const logprobsOf = (tokens: Parameters<typeof chatLogProb>[1][]) =>
    body.logprobs ? { content: tokens.map((token) => chatLogProb(tokenizer, token)), refusal: null } : null;
  return {
    opening: (index) => delta(index, { role: 'assistant', content: '' }, null),
    piece: ({ index, text, token }) => delta(index, { content: text }, null, logprobsOf(token ? [token] : [])),
    closing: (index, reason) => delta(index, {}, reason),
    whole: (choices, usage) => ({
      ...head,
      object: 'chat.completion',
      choices: choices.map(({ index, text, tokens, finishReason }) => ({
        index,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: logprobsOf([...tokens]),
        finish_reason: finishReason,
      })),
      usage,
    }),
    ...(asksUsage && { usage: (usage) => ({ ...chunk([]), usage }) }),
  };
}
