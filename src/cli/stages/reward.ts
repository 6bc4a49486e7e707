import { type RankedExample, rewardShape, rewardSource, usableRankings } from '../../alignment/reward-batches.js';
import { createScorer, normaliseScores, pairAccuracy, rewardPhase } from '../../alignment/reward-model.js';
import { bodyFrom, scalarModel } from '../../alignment/scalar-model.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import { type LoadedModel, languageModelOf } from '../../formats/model-folder.js';
import { initialise } from '../../nn/parameters.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { RewardConfig } from './settings.js';
import { adapted, saveDescendant, trainedWeights } from './trained-weights.js';
import { type StageContext, finishedStage, fingerprintOf, kinOf, trainInFolder } from './stage.js';

export interface RewardOptions {
  readonly out: string;
  readonly config: RewardConfig;
  /** The supervised model. */
  readonly parent: LoadedModel;
  readonly rankings: readonly RankedExample[];
  readonly heldOut: readonly RankedExample[];
  /** Good answers that scores are centred on: mean 0, standard deviation 1. */
  readonly reference: readonly Int32Array[];
  readonly ancestors: readonly Ancestor[];
}

/** Trains a reward model on rankings, from the supervised model's body. */
export async function trainReward(context: StageContext, options: RewardOptions): Promise<Lineage> {
  const { out, config, parent, rankings, heldOut, reference, ancestors } = options;
  const fingerprint = fingerprintOf([config, kinOf(ancestors), rankings.length]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const { engine } = context;
  const model = scalarModel(adapted(languageModelOf(parent), config.lora));
  const padToken = parent.tokenizer.idOf(CONTROL.pad);
  const time = Math.min(config.time ?? Infinity, model.body.config.contextLength);
  const { usable, ...leftOut } = usableRankings(rankings, time);
  const { usable: usableHeldOut } = usableRankings(heldOut, time);
  const weights = await trainedWeights(engine, {
    specs: model.parameters,
    values: { ...initialise(model.parameters, config.seed), ...bodyFrom(parent.values) },
    rank: config.lora,
    average: config.training.average !== null,
    seed: config.seed,
  });
  const { store } = weights;
  try {
    const shape = rewardShape(usable, { answers: config.answers, longest: time, padToken });
    const source = rewardSource(usable, { ...shape, seed: config.seed });
    const scorer = await createScorer({ engine, model, store, longest: time, padToken });
    await normaliseScores({ scorer, store, reference });
    const steps = Math.max(1, Math.round(config.epochs * source.batchesPerEpoch));
    const result = await trainInFolder(context, {
      out,
      title: 'Reward model',
      config: config,
      fingerprint,
      stores: { model: store },
      phases: [rewardPhase({ model, source, shape, centreCoefficient: config.centreCoefficient })],
      settings: { ...config.training, steps },
      ...(usableHeldOut.length > 0 && {
        evaluate: async (aborts) => ({
          heldOutPairAccuracy: (await pairAccuracy(scorer, usableHeldOut, aborts)).accuracy,
        }),
      }),
    });
    if (config.training.average !== null) await store.write(await store.read('average'));
    const before = await normaliseScores({ scorer, store, reference });
    const accuracy = await pairAccuracy(scorer, usableHeldOut);
    return await saveDescendant({
      out,
      parent,
      weights,
      from: 'parameters',
      kind: 'reward-model',
      config: model.body.config,
      lineage: {
        stage: 'reward model',
        name: 'reward',
        ancestors,
        settings: { fingerprint, ...config },
        results: {
          ...accuracy,
          rankings: usable.length,
          ...leftOut,
          scoreMean: before.mean,
          scoreDeviation: before.standardDeviation,
          steps,
          seconds: result.seconds,
        },
      },
    });
  } finally {
    await weights.dispose();
  }
}
