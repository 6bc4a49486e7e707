import type { Context } from 'hono';
import type { z } from 'zod';
import { ApiError, refusal } from './api-error.js';

/**
 * The body of a request, checked. A field that is null counts as left out.
 *
 * @throws ApiError (400) naming the field
 */
export async function readBody<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  const text = await c.req.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new ApiError(400, `The body is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(withoutNulls(body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue!.path.map(String);
  if (issue!.code === 'unrecognized_keys') {
    const param = [...path, issue.keys[0]!].join('.');
    throw refusal(param, `'${param}' is not supported here.`, {
      code: 'unsupported_parameter',
      advice: 'Leave it out.',
    });
  }
  const param = path.join('.');
  throw refusal(param, param === '' ? issue!.message : `${param}: ${issue!.message}`, { code: 'invalid_value' });
}

const withoutNulls = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && !Array.isArray(body)
    ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
    : body;
