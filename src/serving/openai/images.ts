import { randomInt } from 'node:crypto';
import type { Context } from 'hono';
import { z } from 'zod';
import { ApiError, refusal } from '../api-error.js';
import { readBody } from '../body.js';
import type { Env, ServingContext } from '../context.js';
import type { ServedImageModel } from '../image-model.js';
import { ignoredFields, samplingFields } from './sampling-fields.js';

export const imageRequest = z.strictObject({
  ...ignoredFields,
  model: samplingFields.model,
  prompt: z
    .string()
    .default('')
    .describe('a class of the model by its name or number, or a text where it draws from text; empty: any'),
  n: z.int().min(1).max(64).default(1).describe('images'),
  size: z.string().optional().describe("the model's own, such as 28x28"),
  response_format: z.literal('b64_json').default('b64_json'),
  output_format: z.literal('png').default('png'),
  seed: samplingFields.seed,
  temperature: z.number().positive().max(2).default(1).describe('scales the noise: below 1 more typical'),
  steps: z.int().min(1).max(1000).optional().describe('of diffusion models: steps from noise to an image'),
  guidance: z
    .number()
    .min(0)
    .max(50)
    .optional()
    .describe('of diffusion models told a class or a caption: above 1, more of it'),
});

export const imageGenerations =
  (context: ServingContext) =>
  async (c: Context<Env>): Promise<Response> => {
    const body = await readBody(c, imageRequest);
    const { registry, metrics, settings } = context;
    const { kind } = await registry.find(body.model);
    if (kind !== 'image-model') {
      throw refusal('model', `'${body.model}' is a ${kind.replace('-', ' ')}: it draws no images.`, {
        code: 'wrong_model',
      });
    }
    const started = performance.now();
    const lease = await registry.acquire(body.model);
    try {
      const model = lease.model as ServedImageModel;
      const size = `${model.width}x${model.height}`;
      if (body.size !== undefined && body.size !== 'auto' && body.size !== size) {
        throw refusal('size', `'${body.model}' draws ${size}.`);
      }
      const { steps, guidance } = body;
      const denoising = steps === undefined && guidance === undefined ? undefined : { steps, guidance };
      const signal = AbortSignal.any([
        c.req.raw.signal,
        context.ended,
        AbortSignal.timeout(Math.round(1000 * settings.maxSeconds)),
      ]);
      const images = await model.draw({
        prompt: body.prompt,
        count: body.n,
        seed: body.seed ?? randomInt(2 ** 32),
        temperature: body.temperature,
        ...(denoising && { denoising }),
        signal,
      });
      metrics.drawn(body.model, images.length, (performance.now() - started) / 1000);
      return c.json({
        created: Math.floor(Date.now() / 1000),
        output_format: 'png',
        data: images.map((png) => ({ b64_json: Buffer.from(png).toString('base64') })),
      });
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') {
        throw new ApiError(503, `Drawing took longer than ${settings.maxSeconds} s.`, {
          code: 'timeout',
          cause: error,
        });
      }
      throw error;
    } finally {
      lease.release();
    }
  };
