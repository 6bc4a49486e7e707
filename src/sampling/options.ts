import { z } from 'zod';
import { ConfigError } from '../errors.js';

/** Every setting of sampling, with what it means. The texts are also the command line's help. */
export const samplingSchema = z.object({
  maxTokens: z.int().positive().default(128).describe('most tokens to generate'),
  temperature: z.number().min(0).default(1).describe('divides the logits; 0 takes the most probable token'),
  topK: z.int().nonnegative().default(0).describe('sample among the K most probable tokens; 0: all'),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('sample among the fewest tokens whose probabilities reach this sum (nucleus sampling)'),
  minP: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("leave out tokens with less than this share of the most probable token's probability"),
  repetitionPenalty: z
    .number()
    .positive()
    .default(1)
    .describe('weakens the logits of tokens in the prompt and the answer by this factor; 1: off'),
  frequencyPenalty: z.number().default(0).describe('taken from a logit for every time its token was generated'),
  presencePenalty: z.number().default(0).describe('taken from a logit once its token was generated'),
  logitBias: z
    .record(z.string().regex(/^\d+$/, 'keys are token ids'), z.number())
    .default({})
    .describe('added to the logits of tokens, by id'),
  stopTokens: z.array(z.int().nonnegative()).default([]).describe('ids that end the answer; they are part of its ids'),
  stop: z.array(z.string().min(1)).default([]).describe('texts that end the answer; they are not part of its text'),
  alternatives: z
    .int()
    .nonnegative()
    .default(0)
    .describe("how many of the model's most probable tokens to report beside each token"),
  seed: z.int().nonnegative().default(0).describe('equal seeds give equal answers, alone or in any batch'),
});

export type SamplingOptions = z.input<typeof samplingSchema>;
export type SamplingSettings = z.output<typeof samplingSchema>;

/** Checks the options and fills in the defaults. @throws ConfigError naming the key */
export function samplingSettings(options: SamplingOptions): SamplingSettings {
  const parsed = samplingSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigError(`sampling.${issue!.path.join('.')}: ${issue!.message}`);
}

/** Whether nothing but temperature shapes the distribution, so that the token can be drawn where the logits are. */
export const isPlain = (settings: SamplingSettings): boolean =>
  settings.topK === 0 &&
  settings.topP === 1 &&
  settings.minP === 0 &&
  settings.repetitionPenalty === 1 &&
  settings.frequencyPenalty === 0 &&
  settings.presencePenalty === 0 &&
  settings.alternatives === 0 &&
  Object.keys(settings.logitBias).length === 0;
