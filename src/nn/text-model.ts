import type { z } from 'zod';
import type { EmbeddingSpec } from './layers.js';
import type { Tensor, TensorSpec } from '../tensor/index.js';

/** What models of text have in common, so that one stage pretrains each of them and one command puts each to a task. */

export interface TextConfig {
  readonly vocabularySize: number;
  /** Longest sequence, in tokens. */
  readonly contextLength: number;
  /** Numbers of a state. */
  readonly width: number;
}

export interface TextForward {
  /** int32 [T] or [B, T]; 0, 1, 2, … by default. */
  readonly positions?: Tensor;
  /** Added to the attention scores; broadcasts to [B, H, T, T]. */
  readonly mask?: Tensor;
  /** int32 [2]: turns dropout on. */
  readonly dropoutKey?: Tensor;
}

/** A model that is trained on as a whole with a task's head on the state of one token. */
export interface TextBody {
  readonly config: TextConfig;
  readonly parameters: object;
  /** tokens int32 [B, T] → states [B, T, width] */
  hidden(parameters: never, tokens: Tensor, forward?: TextForward): Tensor;
  /** The token whose state has seen the whole sequence. */
  readonly reads: 'first' | 'last';
  /** states [..., width] → logits of the token after each, of a model that predicts it. */
  head?(parameters: never, hidden: Tensor): Tensor;
}

/** Sequences filled up at the end. */
export interface PaddedText {
  /** int32 [B, T] */
  readonly tokens: Tensor;
  /** int32 [B], at least 1 */
  readonly lengths: Tensor;
}

/** A model that stays as it is, and whose numbers of a text a task's head reads. */
export interface TextFeatures {
  /** How many readings it gives of a text, which a head mixes by learned shares. */
  readonly layers: number;
  readonly width: number;
  /** Tokens that it reads of a text. */
  readonly longest: number;
  /** The mean over a text's tokens: [B, layers, width]. */
  of(parameters: never, text: PaddedText): Tensor;
}

interface PretrainingLoss {
  /** Shapes of a batch. */
  batch(batchSize: number): Readonly<Record<string, TensorSpec>>;
  /** In nats per prediction. */
  loss(parameters: never, batch: never): { readonly loss: Tensor; readonly metrics?: Readonly<Record<string, Tensor>> };
}

/** One problem that a model learns from text alone by: over stretches of it, or over tokens with their neighbours. */
export type Pretraining = PretrainingLoss &
  (
    | { readonly reads: 'windows' }
    | {
        readonly reads: 'skip-grams';
        readonly skipGrams: { readonly window: number; readonly negatives: number; readonly subsample: number };
      }
  );

export interface TextModel {
  readonly config: TextConfig;
  /** Among them tokens.weight [vocabulary, width]: the vector of each token. */
  readonly parameters: { readonly tokens: EmbeddingSpec };
  readonly pretraining: Pretraining;
  readonly body?: TextBody;
  readonly features?: TextFeatures;
}

/** A model by name: its settings, and how they become one. */
export interface TextModelDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly title: string;
  /** The paper. */
  readonly source: string;
  /** Settings but for the vocabulary's size; the descriptions are the help. */
  readonly schema: Schema;
  /** Control tokens that it needs beside the tokenizer's. */
  readonly controls: readonly string[];
  /** @param controls the ids of the control tokens, in their order */
  build(settings: z.output<Schema>, vocabulary: { size: number; controls: readonly number[] }): TextModel;
}
