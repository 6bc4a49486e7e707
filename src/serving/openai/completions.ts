import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import { z } from 'zod';
import { MOST_READ_ALTERNATIVES, type ReadToken } from '../../sampling/text-reader.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { refusal } from '../api-error.js';
import { readBody } from '../body.js';
import type { Env, ServingContext } from '../context.js';
import type { ServedLanguageModel } from '../language-model.js';
import { type Wording, languageModel, respond } from './answering.js';
import { type ScoredToken, legacyLogProbs } from './logprobs.js';
import { ignoredFields, samplingFields, samplingOf } from './sampling-fields.js';

const tokenIds = z.array(z.int().nonnegative());

export const completionRequest = z.strictObject({
  ...samplingFields,
  ...ignoredFields,
  prompt: z
    .union([z.string(), tokenIds.min(1), z.array(z.string()).min(1), z.array(tokenIds.min(1)).min(1)])
    .default('')
    .describe('a text or its tokens, or several of them; an empty one begins a document'),
  max_tokens: z.int().min(0).default(16).describe('most tokens of an answer; 0, with echo, reads the prompt alone'),
  echo: z.boolean().default(false).describe('begin the answer with the prompt'),
  logprobs: z
    .int()
    .min(0)
    .max(MOST_READ_ALTERNATIVES)
    .optional()
    .describe('the log-probability of each token and of so many others in its place'),
  best_of: z.int().min(1).optional().describe('no more than n'),
});

type CompletionRequest = z.output<typeof completionRequest>;

/** What an answer with `echo` begins with. */
interface Echo {
  readonly text: string;
  readonly tokens: readonly ReadToken[];
}

export const completions =
  (context: ServingContext) =>
  async (c: Context<Env>): Promise<Response> => {
    const body = await readBody(c, completionRequest);
    if (body.best_of !== undefined && body.best_of !== body.n) {
      throw refusal('best_of', 'best_of other than n is not supported here.', { code: 'unsupported_parameter' });
    }
    if (body.max_tokens === 0 && !body.echo) throw refusal('max_tokens', 'max_tokens: 0 goes with echo alone.');
    if (context.logsText) context.log({ request: c.get('requestId'), prompt: body.prompt }, 'asked');
    const { lease, model } = await languageModel(context, body.model);
    try {
      const prompts = promptsOf(body.prompt, model.loaded.tokenizer);
      const answers = prompts.length * body.n;
      const sampling = samplingOf(body, { settings: context.settings, maxTokens: body.max_tokens, answers });
      const { logprobs: alternatives = 0 } = body;
      const sequences = model.sequences({
        prompts,
        samples: body.n,
        sampling: { ...sampling, stopTokens: [...model.stopTokens], alternatives },
      });
      const echoes = body.echo ? await echoesOf(model, prompts, body.logprobs) : [];
      const wording = completionWording(body, model, (index) => echoes[Math.floor(index / body.n)]);
      if (body.max_tokens === 0) for (const sequence of sequences) sequence.finish('length');
      return await respond(c, context, {
        ...{ lease, model, sequences, wording, stream: body.stream },
        everyToken: body.logprobs !== undefined,
      });
    } catch (error) {
      lease.release();
      throw error;
    }
  };

/** Prompts as tokens. A document begins where another has ended. */
function promptsOf(prompt: CompletionRequest['prompt'], tokenizer: Tokenizer): Int32Array[] {
  const isOne = typeof prompt === 'string' || typeof prompt[0] === 'number';
  const list = (isOne ? [prompt] : prompt) as (string | number[])[];
  const start = tokenizer.controlTokens.get(CONTROL.endOfText);
  return list.map((each) => {
    const ids = typeof each === 'string' ? tokenizer.encode(each) : Int32Array.from(each);
    return ids.length === 0 && start !== undefined ? Int32Array.of(start) : ids;
  });
}

function echoesOf(
  { reader, loaded: { tokenizer } }: ServedLanguageModel,
  prompts: readonly Int32Array[],
  logprobs: number | undefined,
): Promise<Echo[]> {
  return Promise.all(
    prompts.map(async (prompt) => ({
      text: tokenizer.decode(prompt, { skipControlTokens: true }),
      tokens: logprobs === undefined ? [] : await reader.score(prompt, logprobs),
    })),
  );
}

function completionWording(
  body: CompletionRequest,
  { loaded: { tokenizer, lineage } }: ServedLanguageModel,
  echoOf: (index: number) => Echo | undefined,
): Wording {
  const head = {
    id: `cmpl-${randomUUID()}`,
    object: 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model: body.model,
    system_fingerprint: lineage?.id ?? null,
  };
  const asksUsage = body.stream_options?.include_usage === true;
  const chunk = (choices: readonly unknown[]) => ({ ...head, choices, ...(asksUsage && { usage: null }) });
  const logprobsOf = (tokens: readonly ScoredToken[], offset: number) =>
    body.logprobs === undefined ? null : legacyLogProbs(tokenizer, tokens, offset);
  const choice = (
    index: number,
    text: string,
    tokens: readonly ScoredToken[],
    offset: number,
    reason: string | null,
  ) => ({
    index,
    text,
    logprobs: logprobsOf(tokens, offset),
    finish_reason: reason,
  });
  return {
    ...(body.echo && {
      opening: (index: number) => {
        const { text, tokens } = echoOf(index)!;
        return chunk([choice(index, text, tokens, 0, null)]);
      },
    }),
    piece: ({ index, text, token, offset }) =>
      chunk([choice(index, text, token ? [token] : [], (echoOf(index)?.text.length ?? 0) + offset, null)]),
    closing: (index, reason) => chunk([choice(index, '', [], 0, reason)]),
    whole: (choices, usage) => ({
      ...head,
      choices: choices.map(({ index, text, tokens, finishReason }) => {
        const echo = echoOf(index) ?? { text: '', tokens: [] };
        return choice(index, echo.text + text, [...echo.tokens, ...tokens], 0, finishReason);
      }),
      usage,
    }),
    ...(asksUsage && { usage: (usage) => ({ ...chunk([]), usage }) }),
  };
}
