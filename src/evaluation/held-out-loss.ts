import type { BatchList } from '../data/batch.js';
import type { Gpt, GptParameters } from '../families/autoregressive/gpt.js';
import type { Engine, Store } from '../runtime/engine.js';
import { type LanguageModelTensors, languageModelBatch, languageModelLoss } from '../training/language-model.js';

export interface HeldOutLoss {
  /** Mean cross-entropy, nats per counted token. */
  readonly loss: number;
  /** exp(loss) */
  readonly perplexity: number;
  /** Tokens counted. */
  readonly tokens: number;
}

/** Compiles the mean loss over a fixed list of batches; the parameters are read anew at each call. */
export async function heldOutLoss(options: {
  engine: Engine;
  model: Gpt;
  store: Store;
  batches: BatchList;
  batchSize: number;
  contextLength: number;
  packed?: boolean;
}): Promise<(options?: { signal?: AbortSignal }) => Promise<HeldOutLoss>> {
  const { engine, model, store, batches, batchSize, contextLength, packed } = options;
  const { images } = batches;
  const shape = { batchSize, contextLength, packed, ...(images !== undefined && { images }) };
  const spec = languageModelBatch({ model, ...shape });
  const { key: _noDropout, ...batchSpec } = spec as Record<string, unknown>;
  const program = await engine.compile(
    ({ parameters, batch }: { parameters: GptParameters; batch: LanguageModelTensors }) => ({
      loss: languageModelLoss(model, parameters, batch),
    }),
    { parameters: model.parameters, batch: batchSpec } as never,
    { name: 'held-out-loss' },
  );
  return async ({ signal } = {}) => {
    let total = 0;
    let tokens = 0;
    for (const batch of batches) {
      signal?.throwIfAborted();
      const counted = batch.mask.reduce((sum, weight) => sum + weight, 0);
      if (counted === 0) continue;
      const { loss } = (await program.run({ parameters: store, batch })) as { loss: Float32Array };
      total += loss[0]! * counted;
      tokens += counted;
    }
    const mean = total / tokens;
    return { loss: mean, perplexity: Math.exp(mean), tokens };
  };
}
