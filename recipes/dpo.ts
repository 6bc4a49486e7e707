import { checkConfig } from '../src/cli/config.js';
import { modelAsAncestor } from '../src/cli/stages/examples.js';
import { trainDpo } from '../src/cli/stages/preference.js';
import { dpoStageSchema } from '../src/cli/stages/settings.js';
import { alignmentRecipe } from './almanac.helper.js';

/** Direct preference optimization on the rankings that the almanac's reward model learns from, and without that model. */
export const recipe = alignmentRecipe({
  name: 'dpo',
  title: 'DPO on the pocket almanac',
  source:
    'after Rafailov et al. 2023, arXiv:2305.18290, figures 2 and 3: DPO improves on supervised fine-tuning without a reward model or sampling',
  method: 'DPO',
  scales: {
    smoke: 'one seed, a few steps of every stage',
    cpu: "three seeds of DPO on the quickstart's supervised model and rankings: about a minute on two cores, and 4 more where recipe almanac has not made those",
    gpu: 'the same at the medium scale',
  },
  train: ({ context, scale, foundation, preferences }, { out, seed }) => {
    const { supervised, tokens, text } = foundation;
    const { rankings, heldOut, ancestors } = preferences;
    return trainDpo(context, {
      out,
      config: checkConfig(dpoStageSchema, {
        answers: 40,
        beta: 1,
        pretrainingRows: 1,
        seed,
        training: {
          schedule: { kind: 'linear', learningRate: scale === 'gpu' ? 2e-5 : 5e-5, warmupSteps: 10, finalFraction: 0 },
          evaluateEvery: 100,
        },
      }),
      parent: supervised,
      rankings,
      heldOut,
      pretraining: tokens.train,
      ancestors: [modelAsAncestor(supervised), ancestors.rankings, text],
    });
  },
});
