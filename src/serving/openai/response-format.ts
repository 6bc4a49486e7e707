import { z } from 'zod';
import type { Constraint } from '../../sampling/constraint/constraint.js';
import { jsonConstraint } from '../../sampling/constraint/json.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';

/** What an answer is to look like, as a restriction of what may be written. */
const schema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: z.string().optional(),
      description: z.string().optional(),
      schema: z.record(z.string(), z.unknown()).default({}),
      strict: z.boolean().optional(),
    }),
  }),
]);

type ResponseFormat = z.output<typeof schema>;

/** @throws ConfigError naming the keyword of a schema that is not supported, or for a tokenizer without bytes */
function constraint(
  format: ResponseFormat | undefined,
  tokenizer: Tokenizer,
  stopTokens: readonly number[],
): (() => Constraint) | undefined {
  if (format === undefined || format.type === 'text') return undefined;
  const wanted = format.type === 'json_object' ? { type: 'object' } : format.json_schema.schema;
  return jsonConstraint(tokenizer, wanted, stopTokens);
}

export const responseFormat = { schema, constraint };
