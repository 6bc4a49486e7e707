import { checkConfig } from '../src/cli/config.js';
import { votesOf } from '../src/alignment/preference/kto.js';
import { modelAsAncestor } from '../src/cli/stages/examples.js';
import { trainKto } from '../src/cli/stages/preference.js';
import { ktoStageSchema } from '../src/cli/stages/settings.js';
import { alignmentRecipe } from './almanac.helper.js';

/** Kahneman-Tversky optimization: the almanac's rankings as thumbs up and down, each answer by itself. */
export const recipe = alignmentRecipe({
  name: 'kto',
  title: 'KTO on the pocket almanac',
  source:
    'after Ethayarajh et al. 2024, arXiv:2402.01306, figure 3: KTO does as well as DPO, from votes on single answers',
  method: 'KTO',
  scales: {
    smoke: 'one seed, a few steps of every stage',
    cpu: "three seeds of KTO on the quickstart's supervised model and rankings: about 2 minutes on two cores, and 4 more where recipe almanac has not made those",
    gpu: 'the same at the medium scale',
  },
  train: ({ context, scale, foundation, preferences }, { out, seed }) => {
    const { supervised, tokens, text } = foundation;
    const { rankings, heldOut, ancestors } = preferences;
    return trainKto(context, {
      out,
      config: checkConfig(ktoStageSchema, {
        answers: 48,
        beta: 1,
        pretrainingRows: 1,
        seed,
        training: {
          schedule: { kind: 'linear', learningRate: scale === 'gpu' ? 2e-5 : 5e-5, warmupSteps: 10, finalFraction: 0 },
          evaluateEvery: 100,
        },
      }),
      parent: supervised,
      judged: rankings.filter(({ ranks }) => new Set(ranks).size > 1).map(votesOf),
      heldOut: heldOut.filter(({ ranks }) => new Set(ranks).size > 1).map(votesOf),
      pretraining: tokens.train,
      ancestors: [modelAsAncestor(supervised), ancestors.rankings, text],
    });
  },
});
