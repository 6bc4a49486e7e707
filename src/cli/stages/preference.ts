import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupShape } from '../../alignment/group-batches.js';
import { answerShape } from '../../alignment/preference/answer-log-probs.js';
import { dpo } from '../../alignment/preference/dpo.js';
import { type JudgedExample, kto, voteWeights, withForeignAnswers } from '../../alignment/preference/kto.js';
import type { Objective } from '../../alignment/preference/objective.js';
import { heldOutPreference, preferencePhase, referenceLogProbs } from '../../alignment/preference/preference.js';
import { type RankedExample, checkRankings, usableRankings } from '../../alignment/reward-batches.js';
import type { TokenStore } from '../../data/token-store.js';
import { ConfigError, DataError } from '../../errors.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import type { LoadedModel } from '../../formats/model-folder.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import { pretrainingTerm } from './pretraining-term.js';
import type { DpoStageConfig, KtoStageConfig } from './settings.js';
import { type StageContext, finishedStage, fingerprintOf, kinOf, trainInFolder } from './stage.js';
import { saveDescendant, trainedModel } from './trained-weights.js';

interface PreferenceStageOptions<Config> {
  readonly out: string;
  readonly config: Config;
  /** The supervised model: where the policy starts, and what it is held near to. */
  readonly parent: LoadedModel;
  /** Text to keep in mind: what the model was pretrained on. */
  readonly pretraining?: TokenStore;
  readonly ancestors: readonly Ancestor[];
}

/** Aligns a supervised model by DPO or IPO on rankings: no reward model, no sampling. */
export async function trainDpo(
  context: StageContext,
  options: PreferenceStageOptions<DpoStageConfig> & {
    readonly rankings: readonly RankedExample[];
    readonly heldOut: readonly RankedExample[];
  },
): Promise<Lineage> {
  const { config, rankings, heldOut } = options;
  const time = timeOf(options);
  const { usable, ...leftOut } = usableRankings(rankings, time);
  checkRankings(usable, { name: 'dpo', answers: config.answers });
  return trainOn(context, {
    ...options,
    title: config.loss === 'ipo' ? 'IPO' : 'DPO',
    objective: dpo(config),
    examples: usable,
    heldOut: usableRankings(heldOut, time).usable,
    results: { rankings: usable.length, ...leftOut },
  });
}

/** Aligns a supervised model by KTO on answers that were liked or not, one by one. */
export async function trainKto(
  context: StageContext,
  options: PreferenceStageOptions<KtoStageConfig> & {
    readonly judged: readonly JudgedExample[];
    readonly heldOut: readonly JudgedExample[];
  },
): Promise<Lineage> {
  const { config, judged, heldOut } = options;
  const time = timeOf(options);
  const fitting = (list: readonly JudgedExample[]): JudgedExample[] =>
    list.filter(({ prompt, answers }) => answers.every(({ length }) => prompt.length + length <= time));
  const examples = withForeignAnswers(fitting(judged), time);
  if (examples.length === 0) {
    throw new DataError(`There are no two judged answers to different prompts that fit into ${time} tokens`, {
      advice: 'KTO compares each answer with one to another prompt; give more, or a longer --time.',
    });
  }
  const most = Math.max(...examples.map(({ answers }) => answers.length + 1));
  if (most > config.answers) {
    throw new ConfigError(`kto.answers: a batch of ${config.answers} answers does not take a prompt with ${most}`, {
      advice: `One of them is the answer to another prompt. Raise --answers to ${most} or more.`,
    });
  }
  return trainOn(context, {
    ...options,
    title: 'KTO',
    objective: kto({ beta: config.beta, ...voteWeights(examples, config) }),
    examples,
    heldOut: withForeignAnswers(fitting(heldOut), time),
    results: { prompts: examples.length, leftOut: judged.length - examples.length },
  });
}

const timeOf = ({ config, parent }: PreferenceStageOptions<{ time: number | null }>): number =>
  Math.min(config.time ?? Infinity, parent.config.contextLength);

async function trainOn<Example>(
  context: StageContext,
  options: PreferenceStageOptions<DpoStageConfig | KtoStageConfig> & {
    readonly title: string;
    readonly objective: Objective<Example>;
    readonly examples: readonly Example[];
    readonly heldOut: readonly Example[];
    readonly results: Readonly<Record<string, unknown>>;
  },
): Promise<Lineage> {
  const { out, config, parent, pretraining, ancestors, title, objective, examples, heldOut } = options;
  const { name } = objective;
  const fingerprint = fingerprintOf([name, config, kinOf(ancestors), examples.length]);
  const finished = await finishedStage(out, fingerprint);
  if (finished) return finished;

  const { engine } = context;
  const { model, weights } = await trainedModel(engine, parent, config);
  const { store } = weights;
  try {
    const groups = [...examples, ...heldOut].map(objective.groupOf);
    const padToken = parent.tokenizer.idOf(CONTROL.pad);
    const shape = answerShape(
      groupShape(groups, { answers: config.answers, longest: timeOf(options), padToken }),
      groups,
    );
    // What the policy says before its first step: no second model is needed, with adapters or without.
    const reference = await keptReference(join(out, 'reference.json'), fingerprint, () =>
      referenceLogProbs({ engine, model, store, groups, shape, signal: context.signal }),
    );
    const shared = { model, objective, shape };
    const { phase, source } = preferencePhase({
      ...shared,
      examples,
      reference: reference.slice(0, examples.length),
      seed: config.seed,
      also: pretrainingTerm(model, pretraining, config),
    });
    const measure =
      heldOut.length > 0
        ? await heldOutPreference({
            ...shared,
            engine,
            store,
            examples: heldOut,
            reference: reference.slice(examples.length),
          })
        : undefined;
    const result = await trainInFolder(context, {
      out,
      title,
      config,
      fingerprint,
      stores: { model: store },
      phases: [phase],
      settings: { ...config.training, steps: Math.max(1, Math.round(config.epochs * source.batchesPerEpoch)) },
      ...(measure && {
        evaluate: async ({ signal }) =>
          Object.fromEntries(
            Object.entries(await measure({ signal })).map(([key, value]) => [`heldOut.${key}`, value]),
          ),
      }),
    });
    return await saveDescendant({
      out,
      parent,
      weights,
      config: model.config,
      lineage: {
        stage: `preference optimization (${title})`,
        name: 'aligned',
        ancestors,
        settings: { fingerprint, ...config },
        results: {
          ...options.results,
          ...result.evaluation?.metrics,
          steps: result.steps,
          seconds: result.seconds,
        },
      },
    });
  } finally {
    await weights.dispose();
  }
}

/** The reference's log-probabilities, measured once for a run. */
async function keptReference(
  path: string,
  fingerprint: string,
  measure: () => Promise<number[][]>,
): Promise<number[][]> {
  if (existsSync(path)) {
    const saved = JSON.parse(await readFile(path, 'utf8')) as { fingerprint: string; logProbs: number[][] };
    if (saved.fingerprint === fingerprint) return saved.logProbs;
  }
  const logProbs = await measure();
  await mkdir(join(path, '..'), { recursive: true });
  await writeFileAtomically(path, JSON.stringify({ fingerprint, logProbs }));
  return logProbs;
}
