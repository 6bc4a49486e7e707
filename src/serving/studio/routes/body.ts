import type { Context } from 'hono';
import type { z } from 'zod';
import { ConfigError } from '../../../errors.js';

/** A request's JSON, checked. @throws ConfigError naming what is wrong */
export async function bodyOf<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  const value: unknown = await c.req.json().catch(() => {
    throw new ConfigError('The body should be JSON');
  });
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** A part of the path. */
export const param = (c: Context, name: string): string => c.req.param(name) ?? '';
