import { z } from 'zod';

const MIB = 2 ** 20;

/** Every setting of serving, with what it means. The texts are also the command line's help. */
export const servingSchema = z.object({
  rows: z.int().positive().max(256).default(32).describe('most answers of a model written side by side'),
  queue: z.int().nonnegative().default(64).describe('answers that may wait for a row; one more is refused (429)'),
  maxTokens: z.int().positive().default(1024).describe('most tokens of one answer, whatever a request asks for'),
  maxChoices: z.int().positive().default(8).describe('most answers to one request, all prompts together'),
  maxSeconds: z
    .number()
    .positive()
    .default(300)
    .describe('longest a request may take; what is written by then is its answer'),
  unread: z
    .int()
    .positive()
    .default(4096)
    .describe('tokens that a client may leave unread before its answer is given up'),
  bodyMiB: z.number().positive().default(8).describe('largest body of a request'),
  memoryMiB: z
    .number()
    .positive()
    .default(4096)
    .describe('memory for models; those unused for longest are unloaded to keep it'),
  keptMiB: z
    .number()
    .nonnegative()
    .default(256)
    .describe('of each model: memory for chats that may go on, whose beginning is then not read again; 0: none'),
  graceSeconds: z.number().nonnegative().default(20).describe('how long the end of the server waits for answers'),
});

export type ServingOptions = z.input<typeof servingSchema>;
export type ServingSettings = z.output<typeof servingSchema>;

export const bytesOf = (mib: number): number => Math.round(mib * MIB);
