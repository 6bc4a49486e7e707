import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { evaluationsOf } from '../src/cli/evaluations.js';
import { keptTokens } from '../src/cli/stages/corpus.js';
import { pretrain } from '../src/cli/stages/pretrain.js';
import type { PretrainConfig } from '../src/cli/stages/settings.js';
import type { RecipeOptions } from '../src/cli/recipe.js';
import { onEngine } from '../src/cli/recipe-engine.js';
import { documentsFromTexts } from '../src/data/sources/documents.js';
import { listDataFiles, readText } from '../src/data/sources/files.js';
import { DataError } from '../src/errors.js';
import { CharacterTokenizer } from '../src/tokenizer/character-tokenizer.js';

/** nanoGPT's Shakespeare on characters: the text, and a training run on it. */

const usualPlaces = ['../shared/data/text-tinyshakespeare/input.txt.gz', 'data/shakespeare.txt', 'input.txt'];

async function readShakespeare(path: string | undefined): Promise<{ text: string; path: string }> {
  const found = path ?? usualPlaces.find((place) => existsSync(place));
  if (found === undefined) {
    throw new DataError('The text of Tiny Shakespeare is not here', {
      advice:
        'Give it with --data: the 1,115,394 characters of input.txt that nanoGPT and char-rnn train on. ' +
        `Also looked for: ${usualPlaces.join(', ')}.`,
    });
  }
  const chunks: string[] = [];
  for (const file of await listDataFiles([found])) for await (const chunk of readText(file)) chunks.push(chunk);
  return { text: chunks.join(''), path: found };
}

export interface ShakespeareRun {
  readonly text: string;
  readonly threads: number;
  readonly results: Readonly<Record<string, unknown>>;
  /** Over the held-out tenth, at the end. */
  readonly validationLoss: number;
  /** The least of all evaluations, and the step it was at: what nanoGPT reports. */
  readonly best: { readonly loss: number; readonly step: number };
  readonly seconds: number;
}

/** Trains a GPT of these settings on nine tenths of the text, and measures it on the last one. */
export async function trainOnShakespeare(options: RecipeOptions, config: PretrainConfig): Promise<ShakespeareRun> {
  const { folder, signal } = options;
  const { text, path } = await readShakespeare(options.data);
  const tokenizer = CharacterTokenizer.fromText(text);
  const fingerprint = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const tokens = await keptTokens({
    folder: join(folder, 'data'),
    fingerprint,
    tokenizer,
    documents: () => documentsFromTexts([text], path),
    validation: 0.1,
    splitBy: 'tail',
    endOfDocument: null,
    signal,
  });
  return onEngine(options, async (context) => {
    const { results } = await pretrain(context, {
      out: folder,
      config,
      tokenizer,
      train: tokens.train,
      validation: tokens.validation,
      ancestors: [{ role: 'data', name: 'Tiny Shakespeare', id: fingerprint, size: `${text.length} characters` }],
    });
    const { validationLoss, seconds } = results as { validationLoss: number; seconds: number };
    const evaluations = (await evaluationsOf(folder)) as unknown as readonly { step: number; validationLoss: number }[];
    const best = evaluations.reduce(
      (least, { step, validationLoss: loss }) => (loss < least.loss ? { loss, step } : least),
      { loss: validationLoss, step: config.training.steps },
    );
    return { text, threads: context.engine.threads, results, validationLoss, best, seconds };
  });
}
