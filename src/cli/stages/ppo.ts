import { createPpo, type PpoOptions } from '../../alignment/ppo/ppo.js';
import type { PpoPrompt, RewardFunction } from '../../alignment/ppo/rollouts.js';
import { createScorer } from '../../alignment/reward-model.js';
import { bodyFrom, scalarModel } from '../../alignment/scalar-model.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import { type LoadedModel, languageModelOf, rewardModelOf, saveModel } from '../../formats/model-folder.js';
import { initialise, leavesOf } from '../../nn/parameters.js';
import type { Store } from '../../runtime/engine.js';
import { createGenerator } from '../../sampling/generator.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import { languageModelTerm } from '../../training/language-model.js';
import type { PpoStageConfig } from './settings.js';
import { answersEvery, shownAnswers } from './shown-answers.js';
import { type StageContext, finishedStage, fingerprintOf, modelFolderOf, trainInFolder } from './stage.js';

export interface PpoStageOptions<Prompt extends PpoPrompt> {
  readonly out: string;
  readonly config: PpoStageConfig;
  /** The supervised model: where the policy starts, and what it is held near to. */
  readonly parent: LoadedModel;
  /** A reward model's folder, or any function of the answers. */
  readonly reward: LoadedModel | RewardFunction<Prompt>;
  readonly prompts: readonly Prompt[];
  /** What the pretraining mix is drawn from. */
  readonly pretraining?: Parameters<typeof languageModelTerm>[0]['source'];
  readonly onRollout?: PpoOptions<Prompt>['onRollout'];
  readonly ancestors: readonly Ancestor[];
  readonly title?: string;
}

/** Aligns a supervised model by PPO and saves the policy as a model folder. */
export async function trainPpo<Prompt extends PpoPrompt>(
  context: StageContext,
  options: PpoStageOptions<Prompt>,
): Promise<Lineage> {
  const { out, config, parent, prompts, pretraining, ancestors } = options;
  const fingerprint = fingerprintOf([config, ancestors.map(({ role, id, name }) => [role, id, name]), prompts.length]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const { engine } = context;
  const { tokenizer } = parent;
  const model = languageModelOf(parent);
  const stores: Store[] = [];
  const newStore = async (specs: unknown, values: Record<string, Float32Array>, trainable: boolean): Promise<Store> => {
    const average = trainable && config.training.average !== null;
    const store = await engine.createStore({ leaves: leavesOf(specs), trainable, average });
    stores.push(store);
    await store.write(values);
    return store;
  };
  try {
    const policy = await newStore(model.parameters, parent.values, true);
    const reference = await newStore(model.parameters, parent.values, false);
    const padToken = tokenizer.idOf(CONTROL.pad);
    const endToken = tokenizer.idOf(CONTROL.end);
    const { contextLength } = model.config;

    let reward: RewardFunction<Prompt>;
    let valueModel = scalarModel(model, { zeroHead: true });
    let valueStart: Record<string, Float32Array>;
    if (typeof options.reward === 'function') {
      reward = options.reward;
      valueStart = { ...initialise(valueModel.parameters, config.ppo.seed), ...bodyFrom(parent.values) };
    } else {
      valueModel = rewardModelOf(options.reward);
      valueStart = options.reward.values;
      const rewardStore = await newStore(valueModel.parameters, options.reward.values, false);
      const scorer = await createScorer({
        engine,
        model: valueModel,
        store: rewardStore,
        longest: contextLength,
        padToken,
      });
      reward = (samples) =>
        scorer.score(samples.map(({ prompt, response }) => Int32Array.from([...prompt.ids, ...response])));
    }
    const value = await newStore(valueModel.parameters, valueStart, true);

    const answers = shownAnswers(options.onRollout);
    const { maxTokens, temperature, stopAtEnd } = config.ppo;
    const generator = createGenerator({ engine, model, store: policy, tokenizer });
    const ppo = createPpo({
      engine,
      policy: { model, store: policy },
      reference,
      value: { model: valueModel, store: value },
      prompts,
      reward,
      sample: async (ids, { seed }) => {
        const stopTokens = stopAtEnd ? [endToken] : [];
        const written = await generator.generateBatch({ prompts: ids, maxTokens, temperature, seed, stopTokens });
        return written.map((answer) => answer.ids);
      },
      decode: (ids) => tokenizer.decode(ids),
      endToken,
      padToken,
      ...(pretraining && { pretraining: languageModelTerm({ model, source: pretraining, name: 'pretraining' }) }),
      settings: config.ppo,
      onRollout: answers.onRollout,
    });
    const result = await trainInFolder(context, {
      out,
      showsShare: false,
      title: options.title ?? 'PPO',
      config: config,
      fingerprint,
      stores: { policy, value },
      phases: ppo.phases,
      settings: {
        ...config.training,
        steps: ppo.steps,
        sampleEvery: answersEvery(config.training.sampleEvery, ppo.steps),
      },
      sample: answers.sample,
    });
    return await saveModel({
      folder: modelFolderOf(out),
      kind: 'language-model',
      config: model.config,
      values: await policy.read(config.training.average === null ? 'parameters' : 'average'),
      tokenizer,
      ...(parent.template && { template: parent.template }),
      lineage: {
        stage: 'reinforcement learning (PPO)',
        name: 'aligned',
        ancestors,
        settings: { fingerprint, ...config },
        results: { steps: result.steps, seconds: result.seconds },
      },
    });
  } finally {
    for (const store of stores) await store.dispose();
  }
}
