import { z } from 'zod';
import { ConfigError } from '../errors.js';
import { averageSchema } from './average.js';
import { guardSchema } from './guard.js';
import { optimizerSchema } from './optimizer.js';
import { scheduleSchema } from './schedule.js';

/** Everything about a training run that is a setting. The descriptions are the command line's help. */
export const trainingSchema = z.strictObject({
  steps: z.int().positive().default(1000).describe('Optimizer steps of the whole run.'),
  seed: z.int().min(0).default(1).describe('Seed of dropout and of every other draw in training.'),
  accumulation: z
    .int()
    .positive()
    .default(1)
    .describe('Batches whose gradients are averaged into one step; for a larger batch than memory holds.'),
  lanes: z
    .int()
    .positive()
    .default(1)
    .describe('Batches of one step that are computed side by side, on a share of the threads each; CPU only.'),
  clipNorm: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe('The gradient is scaled down to this norm when it is longer; null for no clipping.'),
  optimizer: optimizerSchema.prefault({}),
  schedule: scheduleSchema.prefault({}),
  average: averageSchema
    .nullable()
    .default(null)
    .describe('Keeps an exponential moving average of the parameters; null for none.'),
  guard: guardSchema.prefault({}),
  logEvery: z.int().positive().default(1).describe('Steps between lines of metrics.jsonl.'),
  evaluateEvery: z
    .int()
    .positive()
    .default(250)
    .describe('Steps between evaluations; the last step is always evaluated.'),
  sampleEvery: z.int().positive().default(500).describe('Steps between samples; the last step always gives some.'),
  checkpointEvery: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Steps between checkpoints, besides those by time; null for by time only.'),
  checkpointSeconds: z
    .number()
    .positive()
    .nullable()
    .default(60)
    .describe('Seconds after which the next step is followed by a checkpoint; null for never. The end always has one.'),
});

export type TrainingSettings = z.input<typeof trainingSchema>;
/** The settings with every default filled in. */
export type TrainingConfig = z.output<typeof trainingSchema>;

/**
 * Checks settings and fills in the defaults.
 *
 * @param where said in front of each key in an error, e.g. a file's name
 * @throws ConfigError that names every key that is wrong, and why
 */
export function parseSettings<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where = 'settings',
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${[where, ...issue.path].join('.')}: ${issue.message}`);
  throw new ConfigError(problems.join('\n'), { advice: 'Mend these keys; --help lists them all with their defaults.' });
}
