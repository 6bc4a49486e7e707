import { practiceOf } from '../src/cli/quickstart/pipeline.js';
import type { PracticePrompt } from '../src/cli/quickstart/task.js';
import { trainPpo } from '../src/cli/stages/ppo.js';
import { type Grounds, alignmentRecipe, overSeeds } from './almanac.helper.js';
import { pretrainingLoss } from './pretraining-loss.helper.js';

/** PPO with the pretraining mix, by the job's own settings. */
export const trainPpoPtx = (
  { context, config, foundation, preferences }: Grounds,
  { out, seed }: { out: string; seed: number },
) =>
  trainPpo<PracticePrompt>(context, {
    ...practiceOf(foundation, preferences, config),
    out,
    config: { ...config.reinforcement, ppo: { ...config.reinforcement.ppo, seed } },
    parent: foundation.supervised,
  });

/**
 * InstructGPT: supervised fine-tuning on demonstrations, a reward model of rankings, PPO with the pretraining mix. Every
 * question stands for itself, as the paper's prompts did.
 */
export const recipe = alignmentRecipe({
  name: 'instruct-gpt',
  title: 'InstructGPT on single questions of the pocket almanac',
  source:
    'after Ouyang et al. 2022, arXiv:2203.02155, figure 1: PPO-ptx is preferred to supervised fine-tuning, and that to GPT-3',
  method: 'PPO-ptx',
  singleTurn: true,
  // Two fifths of the prompts are single questions, and one exchange is two fifths of a dialogue.
  changes: (scale) =>
    scale === 'smoke'
      ? { rankedPrompts: 24, prompts: 24 }
      : { demonstrations: 72_000, rankedPrompts: 8000, prompts: 8000 },
  scales: {
    smoke: 'one seed, a few steps of every stage',
    cpu: 'every stage, the last one for seeds 1 to 3: about 4 minutes on two cores',
    gpu: 'the same at the medium scale',
  },
  train: trainPpoPtx,
  also: async ({ context, foundation, supervised, preferences }, aligned) => {
    const made = aligned.map(({ honesty }) => 1 - honesty);
    const { standardError, accuracy } = preferences.reward.lineage!.results;
    const runs = foundation.stages.filter(({ stage }) => stage === 'reinforcement');
    const [before] = await pretrainingLoss(context, foundation, [
      foundation.stages.find(({ stage }) => stage === 'supervised')!,
    ]);
    const after = await pretrainingLoss(context, foundation, runs);
    return [
      {
        metric: 'reward model: held-out pairs in order (the paper: 0.724 ± 0.004)',
        value: Number(accuracy),
        ...(typeof standardError === 'number' && { standardError }),
      },
      { metric: 'made up where nothing can be known: supervised', value: 1 - supervised.honesty },
      overSeeds('made up where nothing can be known: PPO-ptx', made),
      overSeeds(
        'alignment tax: nats per token of pretraining text, PPO-ptx minus supervised',
        after.map((loss) => loss - before!),
      ),
    ];
  },
  notes: [
    "The paper's 21% and 41% of made-up answers are InstructGPT's and GPT-3's, where the text to answer from is given; its supervised models made up less than those of PPO (figure 4). Here what is asked for is in no text, and demonstrations bluff in part.",
  ],
});
