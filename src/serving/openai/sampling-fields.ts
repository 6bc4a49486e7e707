import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { SamplingOptions } from '../../sampling/options.js';
import { refusal } from '../api-error.js';
import type { ServingSettings } from '../settings.js';

/** What requests for text have in common: how it is drawn, and how it is sent. */
export const samplingFields = {
  model: z.string().describe('its name, as /v1/models lists it'),
  temperature: z.number().min(0).max(2).default(1).describe('divides the logits; 0 takes the most probable token'),
  top_p: z.number().gt(0).max(1).default(1).describe('sample among the fewest tokens whose probabilities reach this'),
  top_k: z.int().nonnegative().default(0).describe('sample among so many of the most probable tokens; 0: all'),
  min_p: z.number().min(0).max(1).default(0).describe('leave out tokens with less than this share of the greatest'),
  frequency_penalty: z.number().min(-2).max(2).default(0).describe('for every time a token was generated'),
  presence_penalty: z.number().min(-2).max(2).default(0).describe('once a token was generated'),
  repetition_penalty: z.number().positive().default(1).describe('weakens tokens of the prompt and the answer'),
  logit_bias: z
    .record(z.string().regex(/^\d+$/, 'keys are token ids'), z.number().min(-100).max(100))
    .default({})
    .describe('added to the logits of tokens, by id'),
  n: z.int().min(1).default(1).describe('answers to each prompt'),
  seed: z.int().nonnegative().optional().describe('equal seeds give equal answers'),
  stop: z
    .union([z.string().min(1), z.array(z.string().min(1)).max(16)])
    .default([])
    .describe('texts that end the answer and are not part of it'),
  stream: z.boolean().default(false).describe('send the answer as it is written, as server-sent events'),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().default(false).describe('one event more, with the numbers of tokens'),
      include_obfuscation: z.literal(false).optional(),
    })
    .optional(),
};

/** Fields that change nothing in the answer. */
export const ignoredFields = Object.fromEntries(
  ['user', 'metadata', 'store', 'service_tier', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'].map(
    (name) => [name, z.unknown().optional().describe('taken, and without effect')],
  ),
) as Record<string, z.ZodOptional<z.ZodUnknown>>;

type SamplingFields = z.output<z.ZodObject<typeof samplingFields>>;

/**
 * The options of sampling that a request asks for, within what the server allows.
 *
 * @param maxTokens as asked; 0 is taken for 1
 * @param answers of the request, all prompts together
 * @throws ApiError (400) for more answers than are allowed
 */
export function samplingOf(
  fields: Omit<SamplingFields, 'model' | 'stream' | 'stream_options'>,
  { settings, maxTokens, answers }: { settings: ServingSettings; maxTokens: number; answers: number },
): SamplingOptions {
  if (answers > settings.maxChoices) {
    throw refusal('n', `${answers} answers are asked for; this server gives at most ${settings.maxChoices}.`);
  }
  return {
    maxTokens: Math.max(1, Math.min(maxTokens, settings.maxTokens)),
    temperature: fields.temperature,
    topP: fields.top_p,
    topK: fields.top_k,
    minP: fields.min_p,
    frequencyPenalty: fields.frequency_penalty,
    presencePenalty: fields.presence_penalty,
    repetitionPenalty: fields.repetition_penalty,
    logitBias: fields.logit_bias,
    stop: typeof fields.stop === 'string' ? [fields.stop] : fields.stop,
    seed: fields.seed ?? randomInt(2 ** 32),
  };
}
