import { z } from 'zod';
import { samplingSchema } from '../sampling/options.js';

/** Sampling on the command line. Stop tokens are the command's own affair. */
const { stopTokens: _stopTokens, ...shape } = samplingSchema.shape;
export const generateSchema = z.strictObject(shape);
export type GenerateConfig = z.output<typeof generateSchema>;

/** A chat is less adventurous than a story. */
export const chatSchema = z.strictObject({
  ...shape,
  temperature: z.number().min(0).default(0.2).describe('divides the logits; 0 takes the most probable token'),
});
