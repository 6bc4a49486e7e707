import { z } from 'zod';
import { chatRequest } from './openai/chat.js';
import { completionRequest } from './openai/completions.js';
import { embeddingRequest } from './openai/embeddings.js';
import { imageRequest } from './openai/images.js';

interface Operation {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly body?: z.ZodType;
  /** What it answers with. Default: JSON. */
  readonly answer?: readonly string[];
}

const operations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/chat/completions',
    summary: 'Answers a conversation',
    body: chatRequest,
    answer: ['application/json', 'text/event-stream'],
  },
  {
    method: 'post',
    path: '/v1/completions',
    summary: 'Goes on with a text',
    body: completionRequest,
    answer: ['application/json', 'text/event-stream'],
  },
  { method: 'post', path: '/v1/embeddings', summary: 'Texts as vectors', body: embeddingRequest },
  { method: 'post', path: '/v1/images/generations', summary: 'Draws images', body: imageRequest },
  { method: 'get', path: '/v1/models', summary: 'The models that there are' },
  { method: 'get', path: '/v1/models/{id}', summary: 'One of them' },
  { method: 'get', path: '/health', summary: 'Whether the server is well, and which models are in memory' },
  { method: 'get', path: '/metrics', summary: 'Figures for Prometheus', answer: ['text/plain'] },
];

const errorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});

/** The interface in OpenAPI 3.1, made of the very schemas that requests are checked with. */
export function openApiDocument(): object {
  const schemaOf = (schema: z.ZodType): object => z.toJSONSchema(schema, { io: 'input' });
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, summary, body, answer = ['application/json'] } of operations) {
    const id = /\{(\w+)\}/.exec(path)?.[1];
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        ...(id !== undefined && {
          parameters: [{ name: id, in: 'path', required: true, schema: { type: 'string' } }],
        }),
        ...(body && { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
        responses: {
          200: { description: summary, content: Object.fromEntries(answer.map((type) => [type, {}])) },
          default: {
            description: 'What was wrong',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
          },
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Descent', version: '1', description: "OpenAI's interface to models of one's own." },
    security: [{ key: [] }],
    components: {
      schemas: { Error: schemaOf(errorSchema) },
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
    paths,
  };
}
