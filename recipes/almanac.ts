import { join } from 'node:path';
import { almanacTask } from '../src/cli/quickstart/almanac-task.js';
import { type PipelineResult, type StageName, runPipeline } from '../src/cli/quickstart/pipeline.js';
import type { QuickstartConfig } from '../src/cli/quickstart/settings.js';
import { openTokens } from '../src/cli/stages/corpus.js';
import { type StageContext } from '../src/cli/stages/stage.js';
import type { Recipe, RecipeOptions, RecipeResult, RecipeRow } from '../src/cli/recipe.js';
import { onEngine } from '../src/cli/recipe-engine.js';
import type { ExamResult } from '../src/evaluation/exam.js';
import { loadModel } from '../src/formats/model-folder.js';
import {
  aboutScores,
  almanacConfig,
  followUps,
  overSeeds,
  scoreGain,
  shareRight,
  withoutAnswers,
} from './almanac.helper.js';
import { pretrainingLoss } from './pretraining-loss.helper.js';

/**
 * InstructGPT's experiment on the pocket almanac: what PPO adds to supervised fine-tuning, what it costs, and how much
 * of the cost the pretraining mix saves. The same exam to every model, over several seeds.
 */

const seeds = { smoke: [1], cpu: [1, 2, 3] };

const withoutMix = (config: QuickstartConfig): QuickstartConfig => ({
  ...config,
  reinforcement: { ...config.reinforcement, ppo: { ...config.reinforcement.ppo, pretrainingCoefficient: 0 } },
});

/** What one seed came to. */
interface SeedResult {
  readonly seed: number;
  readonly supervised: ExamResult;
  readonly mixed: ExamResult;
  readonly unmixed: ExamResult;
  /** Nats per token on held-out pretraining text. */
  readonly loss: Readonly<Record<'pretrained' | 'supervised' | 'mixed' | 'unmixed', number>>;
  readonly pairAccuracy: number;
}

const run = (options: RecipeOptions): Promise<RecipeResult> =>
  onEngine(options, async (context) => {
    const scale = options.scale === 'smoke' ? 'smoke' : 'cpu';
    const results: SeedResult[] = [];
    for (const seed of seeds[scale]) {
      options.say?.(`Seed ${seed}`);
      results.push(await runSeed(context, join(options.folder, `seed-${seed}`), almanacConfig(scale, seed)));
    }
    return summarise(results);
  });

async function runSeed(context: StageContext, out: string, config: QuickstartConfig): Promise<SeedResult> {
  const task = almanacTask({ config });
  const withMix = await runPipeline(context, { out, config, task });
  const without = await runPipeline(context, {
    out,
    config: withoutMix(config),
    task,
    reinforcementName: '4-aligned-without-mix',
  });
  const { tokenizer } = await loadModel(withMix.model);
  const tokens = openTokens(join(out, 'data'), tokenizer);
  const lossOf = async (result: PipelineResult, stage: StageName): Promise<number> =>
    (await pretrainingLoss(context, { tokens }, [stageOf(result, stage)]))[0]!;
  const accuracy = stageOf(withMix, 'reward').lineage.results['accuracy'];
  return {
    seed: config.seed,
    supervised: stageOf(withMix, 'supervised').exam!,
    mixed: stageOf(withMix, 'reinforcement').exam!,
    unmixed: stageOf(without, 'reinforcement').exam!,
    loss: {
      pretrained: await lossOf(withMix, 'pretraining'),
      supervised: await lossOf(withMix, 'supervised'),
      mixed: await lossOf(withMix, 'reinforcement'),
      unmixed: await lossOf(without, 'reinforcement'),
    },
    pairAccuracy: typeof accuracy === 'number' ? accuracy : NaN,
  };
}

const stageOf = (result: PipelineResult, wanted: StageName) => result.stages.find(({ stage }) => stage === wanted)!;

function summarise(results: readonly SeedResult[]): RecipeResult {
  const over = (metric: string, figure: (result: SeedResult) => number, target?: number): RecipeRow =>
    overSeeds(metric, results.map(figure), target);
  const gain = scoreGain(results.map(({ supervised: from, mixed: to }) => ({ from, to })));
  const mixGain = scoreGain(results.map(({ unmixed: from, mixed: to }) => ({ from, to })));
  const beyond = gain.gain - 2 * gain.both;
  const rows: RecipeRow[] = [
    over('supervised: held-out paraphrases right', ({ supervised }) => shareRight(supervised, ['paraphrase']), 0.93),
    over('supervised: follow-ups right', ({ supervised }) => shareRight(supervised, followUps), 0.92),
    over('supervised: true score', ({ supervised }) => supervised.overall.score),
    over('reward model: held-out pairs in order', ({ pairAccuracy }) => pairAccuracy),
    over('PPO: true score', ({ mixed }) => mixed.overall.score),
    { metric: 'true score, PPO minus supervised', value: gain.gain, standardError: gain.both },
    { metric: headline, value: beyond, target: 0, direction: 'at least' },
    over(
      'taught facts right, PPO minus supervised',
      ({ supervised, mixed }) => mixed.knownFacts - supervised.knownFacts,
      -0.05,
    ),
    over('PPO: invented names refused', ({ mixed }) => shareRight(mixed, ['invented name']), 0.8),
    over('supervised: invented names refused', ({ supervised }) => shareRight(supervised, ['invented name'])),
    over('PPO: false refusals', ({ mixed }) => mixed.falseRefusals),
    over('PPO without the mix: true score', ({ unmixed }) => unmixed.overall.score),
    over(
      'taught facts right, PPO without the mix minus supervised',
      ({ supervised, unmixed }) => unmixed.knownFacts - supervised.knownFacts,
    ),
    { metric: 'true score that the mix saves', value: mixGain.gain, standardError: mixGain.both },
    over('held-out text, nats per token: pretrained', ({ loss }) => loss.pretrained),
    over('held-out text: supervised', ({ loss }) => loss.supervised),
    over('held-out text: PPO', ({ loss }) => loss.mixed),
    over('held-out text: PPO without the mix', ({ loss }) => loss.unmixed),
    over('held-out text: what the mix saves', ({ loss }) => loss.unmixed - loss.mixed),
  ];
  return {
    value: beyond,
    rows,
    details: {
      gain,
      mixGain,
      seeds: results.map(({ supervised, mixed, unmixed, ...rest }) => ({
        ...rest,
        supervised: withoutAnswers(supervised),
        mixed: withoutAnswers(mixed),
        unmixed: withoutAnswers(unmixed),
      })),
    },
    notes: [
      `Means over ${results.length} seed(s), ± the standard error over seeds; of a difference of true scores, over questions and seeds together.`,
      ...aboutScores,
    ],
  };
}

const headline = 'true score, PPO minus supervised, less two standard errors';

export const recipe: Recipe = {
  name: 'almanac',
  title: "InstructGPT's experiment on the pocket almanac",
  source:
    'after Ouyang et al. 2022, figures 1 and 29: PPO is preferred to supervised fine-tuning, PPO-ptx pays less tax',
  metric: headline,
  target: 0,
  direction: 'at least',
  scales: {
    smoke: 'one seed, a few steps of every stage: about half a minute',
    cpu: 'the quickstart for seeds 1 to 3, PPO with and without the pretraining mix: about 40 minutes on two cores',
  },
  run,
};
