import type { Context } from 'hono';
import { z } from 'zod';
import { refusal } from '../api-error.js';
import { readBody } from '../body.js';
import type { Env, ServingContext } from '../context.js';
import { languageModel } from './answering.js';
import { ignoredFields, samplingFields } from './sampling-fields.js';

const tokenIds = z.array(z.int().nonnegative()).min(1);

export const embeddingRequest = z.strictObject({
  ...ignoredFields,
  model: samplingFields.model,
  input: z
    .union([z.string().min(1), tokenIds, z.array(z.string().min(1)).min(1), z.array(tokenIds).min(1)])
    .describe('a text or its tokens, or several of them'),
  encoding_format: z.enum(['float', 'base64']).default('float').describe('numbers, or the bytes of float32'),
});

/** Most texts of one request. */
const MOST_INPUTS = 256;

export const embeddings =
  (context: ServingContext) =>
  async (c: Context<Env>): Promise<Response> => {
    const body = await readBody(c, embeddingRequest);
    const isOne = typeof body.input === 'string' || typeof body.input[0] === 'number';
    const inputs = (isOne ? [body.input] : body.input) as (string | number[])[];
    if (inputs.length > MOST_INPUTS) throw refusal('input', `At most ${MOST_INPUTS} texts can be read at once.`);
    const { lease, model } = await languageModel(context, body.model);
    try {
      const { tokenizer, config } = model.loaded;
      const texts = inputs.map((input) =>
        typeof input === 'string' ? tokenizer.encode(input) : Int32Array.from(input),
      );
      texts.forEach((ids, index) => {
        const param = isOne ? 'input' : `input.${index}`;
        if (ids.length > config.contextLength) {
          throw refusal(param, `The text has ${ids.length} tokens; the model sees ${config.contextLength}.`, {
            code: 'context_length_exceeded',
          });
        }
        if (ids.some((id) => id >= config.vocabularySize))
          throw refusal(param, 'There is a token beyond the vocabulary.');
      });
      const data = [];
      for (const [index, ids] of texts.entries()) {
        c.req.raw.signal.throwIfAborted();
        const vector = await model.reader.embed(ids);
        const embedding =
          body.encoding_format === 'float' ? [...vector] : Buffer.from(vector.buffer).toString('base64');
        data.push({ object: 'embedding', index, embedding });
      }
      const tokens = texts.reduce((sum, ids) => sum + ids.length, 0);
      const usage = { prompt_tokens: tokens, total_tokens: tokens };
      return c.json({ object: 'list', data, model: body.model, usage });
    } finally {
      lease.release();
    }
  };
