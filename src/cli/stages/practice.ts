import type { PracticeOptions } from '../../alignment/ppo/practice.js';
import type { PpoPrompt, RewardFunction } from '../../alignment/ppo/rollouts.js';
import type { RolloutConfig } from '../../alignment/ppo/settings.js';
import type { Json } from '../../data/json.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import type { LoadedModel } from '../../formats/model-folder.js';
import type { Store } from '../../runtime/engine.js';
import { createGenerator } from '../../sampling/generator.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import { languageModelTerm } from '../../training/language-model.js';
import type { Phase } from '../../training/phase.js';
import type { TrainingSettings } from '../../training/settings.js';
import { type Rewarding, rewarding } from './rewarding.js';
import { answersEvery, shownAnswers } from './shown-answers.js';
import { type StageContext, finishedStage, fingerprintOf, kinOf, trainInFolder } from './stage.js';
import { saveDescendant, trainedModel } from './trained-weights.js';

/** A stage in which a policy answers prompts and learns from what it is paid: PPO, and GRPO with its kin. */

export interface PracticeStageOptions<Prompt extends PpoPrompt, Config> {
  readonly out: string;
  readonly config: Config;
  /** The supervised model: where the policy starts, and what it is held near to. */
  readonly parent: LoadedModel;
  /** A reward model's folder, or any function of the answers. */
  readonly reward: LoadedModel | RewardFunction<Prompt>;
  readonly prompts: readonly Prompt[];
  /** What the pretraining mix is drawn from. */
  readonly pretraining?: Parameters<typeof languageModelTerm>[0]['source'];
  readonly onRollout?: PracticeOptions<Prompt>['onRollout'];
  readonly ancestors: readonly Ancestor[];
  readonly title?: string;
}

/** What a way of learning makes of a policy that practises: phases, and the stores they train beside the policy's. */
export interface Method<Prompt extends PpoPrompt> {
  readonly name: string;
  readonly rollouts: RolloutConfig;
  readonly start: (
    options: PracticeOptions<Prompt>,
    judge: Rewarding<Prompt>['judge'],
    keep: <Held extends { dispose(): Promise<void> }>(held: Held) => Held,
  ) => Promise<{ phases: readonly Phase[]; steps: number; stores: Readonly<Record<string, Store>> }>;
}

interface PracticeConfig {
  readonly lora: number | null;
  readonly training: Omit<TrainingSettings, 'steps'>;
}

/** Trains the policy and saves it as a model folder. */
export async function trainByPractice<Prompt extends PpoPrompt, Config extends PracticeConfig & Json>(
  context: StageContext,
  options: PracticeStageOptions<Prompt, Config>,
  { name, rollouts, start }: Method<Prompt>,
): Promise<Lineage> {
  const { out, config, parent, prompts, pretraining, ancestors } = options;
  const fingerprint = fingerprintOf([config, kinOf(ancestors), prompts.length]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const { engine } = context;
  const { tokenizer } = parent;
  const held: { dispose(): Promise<void> }[] = [];
  const keep = <Held extends { dispose(): Promise<void> }>(one: Held): Held => {
    held.push(one);
    return one;
  };
  try {
    const { lora, training } = config;
    const { model, weights } = await trainedModel(engine, parent, { lora, training, seed: rollouts.seed });
    keep(weights);
    const policy = weights.store;
    const reference = keep(await weights.frozenStart());
    const padToken = tokenizer.idOf(CONTROL.pad);
    const endToken = tokenizer.idOf(CONTROL.end);
    const { score, judge } = keep(await rewarding(engine, options.reward));

    const shown = shownAnswers(options.onRollout);
    const { maxTokens, temperature, stopAtEnd } = rollouts;
    const generator = keep(createGenerator({ engine, model, store: policy, tokenizer }));
    const { phases, steps, stores } = await start(
      {
        engine,
        policy: { model, store: policy },
        reference,
        prompts,
        reward: score,
        sample: async (ids, { seed }) => {
          const stopTokens = stopAtEnd ? [endToken] : [];
          const answers = await generator.generateBatch({ prompts: ids, maxTokens, temperature, seed, stopTokens });
          return answers.map((answer) => answer.ids);
        },
        decode: (ids) => tokenizer.decode(ids),
        endToken,
        padToken,
        ...(pretraining && { pretraining: languageModelTerm({ model, source: pretraining, name: 'pretraining' }) }),
        onRollout: shown.onRollout,
      },
      judge,
      keep,
    );
    const result = await trainInFolder(context, {
      out,
      showsShare: false,
      title: options.title ?? name,
      config,
      fingerprint,
      stores: { policy, ...stores },
      phases,
      settings: { ...config.training, steps, sampleEvery: answersEvery(config.training.sampleEvery ?? steps, steps) },
      sample: shown.sample,
    });
    return await saveDescendant({
      out,
      parent,
      weights,
      config: model.config,
      lineage: {
        stage: `reinforcement learning (${name})`,
        name: 'aligned',
        ancestors,
        settings: { fingerprint, ...(config as object) },
        results: { steps: result.steps, seconds: result.seconds },
      },
    });
  } finally {
    // What was made last may stand on what was made first.
    for (const one of held.reverse()) await one.dispose();
  }
}
