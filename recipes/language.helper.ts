import { join } from 'node:path';
import { type CorpusTokens, keptTokenizer, keptTokens, makeTokenizer } from '../src/cli/stages/corpus.js';
import { pretrain } from '../src/cli/stages/pretrain.js';
import { type PretrainConfig, tokenizerSchema } from '../src/cli/stages/settings.js';
import { type StageContext, contentId, fingerprintOf, modelFolderOf } from '../src/cli/stages/stage.js';
import type { RecipeRow } from '../src/cli/recipe.js';
import { type TaskEvaluation, evaluateTasks } from '../src/cli/task-evaluation.js';
import { type DocumentPart, documentsFromTexts } from '../src/data/sources/documents.js';
import type { Estimate } from '../src/evaluation/bootstrap.js';
import { type LoadedModel, loadModel } from '../src/formats/model-folder.js';
import type { Task } from '../src/prompting/task.js';
import type { Tokenizer } from '../src/tokenizer/tokenizer.js';

/** What the recipes share that train language models on texts and ask them by prompts. */

/** What a small model of today is made of, as in the quickstart. */
export const smallModel = {
  positions: 'rotary',
  activation: 'squared-relu',
  normalisation: 'rms',
  bias: false,
} as const;

/** How they all train: so many steps, evaluated so often on the way. */
export const trainingFor = (steps: number, learningRate: number, evaluations = 4) =>
  ({
    steps,
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.95, weightDecay: 0.1 },
    schedule: {
      ...{ kind: 'linear', decayOver: 0.5, finalFraction: 0.05 },
      warmupSteps: Math.min(60, Math.floor(steps / 2)),
      learningRate,
    },
    evaluateEvery: Math.max(1, Math.floor(steps / evaluations)),
  }) as const;

export interface Corpus {
  readonly tokenizer: Tokenizer;
  readonly tokens: CorpusTokens;
  readonly id: string;
  readonly name: string;
}

/** Texts as tokens of a tokenizer made of them, kept in a folder. */
export async function corpusOf(options: {
  folder: string;
  name: string;
  documents: readonly (DocumentPart | string)[];
  tokenizer: Readonly<{ kind?: 'bpe' | 'characters'; vocabularySize?: number }>;
  /** Texts that the tokenizer has to know as well. */
  also?: readonly string[];
  /** Share of the text, from its end, that the validation loss is measured on. */
  validation?: number;
  signal?: AbortSignal | undefined;
}): Promise<Corpus> {
  const { folder, name, documents, also = [], validation = 0.05, signal } = options;
  const texts = documents.map((document) => (typeof document === 'string' ? document : document.text));
  const config = tokenizerSchema.parse(options.tokenizer);
  const id = await contentId(texts);
  const tokenizer = await keptTokenizer({
    folder: join(folder, 'tokenizer'),
    fingerprint: fingerprintOf([id, also, config]),
    make: () => makeTokenizer([...texts, ...also], config, signal),
  });
  const tokens = await keptTokens({
    folder: join(folder, 'data'),
    fingerprint: id,
    tokenizer,
    documents: () => documentsFromTexts(texts, name),
    validation,
    splitBy: 'tail',
    signal,
  });
  return { tokenizer, tokens, id, name };
}

/** A model pretrained on a corpus, or the one that was. */
export async function pretrained(
  context: StageContext,
  options: { folder: string; corpus: Corpus; config: PretrainConfig },
): Promise<LoadedModel> {
  const { folder, corpus, config } = options;
  const { tokenizer, tokens, id, name } = corpus;
  const size = `${tokens.train.length.toLocaleString('en')} tokens`;
  const ancestors = [{ role: 'data', name, id, size }];
  await pretrain(context, { out: folder, config, tokenizer, ...tokens, ancestors });
  return loadModel(modelFolderOf(folder));
}

/** Models on tasks, as `descent eval --task` measures them. */
export const evaluated = (
  { engine, signal }: StageContext,
  options: { models: readonly LoadedModel[]; tasks: readonly Task[]; shots?: readonly number[] } & Pick<
    Parameters<typeof evaluateTasks>[0],
    'limit' | 'data' | 'out' | 'say'
  >,
): Promise<TaskEvaluation[]> =>
  evaluateTasks({ shots: [0], seed: 1, ...options, engine: () => Promise.resolve(engine), ...(signal && { signal }) });

/** What is saved of them: models by their ids. */
export const detailsOf = (evaluations: readonly TaskEvaluation[]) =>
  evaluations.map(({ records: _records, model: _folder, cached: _cached, ...rest }) => rest);

/** The headline of one of them. */
export const headlineOf = ({ figures, headline }: TaskEvaluation): Estimate => figures[headline]!;

/** An estimate as a row. */
export const rowOf = (
  metric: string,
  { value, standardError }: Pick<Estimate, 'value' | 'standardError'>,
  target?: Pick<RecipeRow, 'target' | 'direction'>,
): RecipeRow => ({ metric, value, standardError, ...target });

/** How far one figure lies above another, of different questions or models: their errors add up. */
export const difference = (from: Estimate, to: Estimate): Pick<Estimate, 'value' | 'standardError'> => ({
  value: to.value - from.value,
  standardError: Math.hypot(from.standardError, to.standardError),
});

/** The mean of figures of different questions. */
export function meanOver(figures: readonly Pick<Estimate, 'value' | 'standardError'>[]): Estimate {
  const value = figures.reduce((sum, each) => sum + each.value, 0) / figures.length;
  const standardError = Math.hypot(...figures.map((each) => each.standardError)) / figures.length;
  return { value, standardError, low: value - 1.96 * standardError, high: value + 1.96 * standardError };
}

/** A gain less two standard errors: above 0, it is beyond chance. */
export const beyondError = ({ value, standardError }: Pick<Estimate, 'value' | 'standardError'>): number =>
  value - 2 * standardError;
