import { z } from 'zod';
import { metricNames } from './metric-names.js';
import { sourceSchema } from './source-schema.js';

/** A task is data: where its examples are, how one becomes a prompt, what an answer is, and what counts as right. */

const choosing = z.strictObject({
  by: z.literal('choosing'),
  choices: z
    .union([
      z.array(z.string()).min(2),
      z.strictObject({
        each: z.string().describe('the field that lists the choices of an example'),
        as: z.string().default(' {{choice}}').describe('how a choice is written'),
      }),
    ])
    .describe('what may follow the prompt: templates that are the same for every example, or a list of its own'),
  prior: z
    .string()
    .optional()
    .describe(
      'a prompt that asks nothing, such as "Answer:": what a choice gains by the question is its log-probability less ' +
        'that behind this prompt (Brown et al. 2020, section 2.4)',
    ),
});

const predicting = z.strictObject({
  by: z.literal('predicting'),
});

const generating = z.strictObject({
  by: z.literal('generating'),
  maxTokens: z.int().positive().default(64).describe('most tokens of an answer'),
  stop: z.array(z.string().min(1)).default(['\n']).describe('texts that end it'),
  extract: z
    .string()
    .optional()
    .describe('a regular expression: its last match is the answer (the first group, where there is one), or nothing'),
  samples: z.int().positive().default(1).describe('answers drawn for each prompt'),
  temperature: z.number().min(0).default(0).describe('0: the most probable token at each step'),
  vote: z
    .boolean()
    .default(false)
    .describe('the answer given most often is the answer (self-consistency); otherwise each counts for its share'),
  avoid: z
    .enum(['nothing', 'stop words'])
    .default('nothing')
    .describe('leave out words such as "the" and "it" as answers, as GPT-2 did on LAMBADA'),
});

const reading = z.strictObject({
  by: z.literal('reading'),
  stride: z
    .int()
    .positive()
    .optional()
    .describe('tokens by which the window moves on; a smaller one gives each token more context (default: a window)'),
});

export const taskSchema = z.strictObject({
  name: z.string().regex(/^[\w.-]+$/, 'letters, digits, dots and dashes'),
  about: z.string().default('').describe('what it is, and after which paper'),
  source: sourceSchema,
  instruction: z.string().default('').describe('said once, before all examples'),
  prompt: z
    .union([z.string(), z.array(z.string()).min(1)])
    .default('')
    .describe('an example without its answer: a template, or several phrasings, of which a question has one by chance'),
  target: z.string().default('').describe('its answer, with the space before it: a template'),
  separator: z.string().default('\n\n').describe('what stands between two examples'),
  answer: z.discriminatedUnion('by', [choosing, predicting, generating, reading]),
  references: z.string().optional().describe('the field that lists every right answer (default: the target alone)'),
  metrics: z.array(z.enum(metricNames)).min(1).describe('what is measured; the first is the headline'),
  shots: z
    .strictObject({
      from: z.enum(['train', 'test']).default('train').describe('the split that examples are drawn from'),
      within: z.string().optional().describe('a field that an example has to share with the question'),
      apart: z.string().optional().describe('a field that it must not share with it'),
    })
    .prefault({}),
  tooLong: z
    .enum(['leave out', 'cut'])
    .default('leave out')
    .describe('a question that the context does not hold: left out and counted, or cut at its beginning'),
});

export type TaskSettings = z.input<typeof taskSchema>;
export type Task = z.output<typeof taskSchema>;
export type GeneratingSettings = z.input<typeof generating>;
export type AnswerForm = Task['answer']['by'];
