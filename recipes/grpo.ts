import { checkConfig } from '../src/cli/config.js';
import { practiceOf } from '../src/cli/quickstart/pipeline.js';
import type { PracticePrompt } from '../src/cli/quickstart/task.js';
import { trainGrpo } from '../src/cli/stages/grpo.js';
import { grpoStageSchema } from '../src/cli/stages/settings.js';
import { alignmentRecipe } from './almanac.helper.js';

/** Group relative policy optimization against the almanac's reward model: PPO without a value model. */
export const recipe = alignmentRecipe({
  name: 'grpo',
  title: 'GRPO on the pocket almanac',
  source:
    'after Shao et al. 2024, arXiv:2402.03300, section 4: answers judged within their group do what a value model does',
  method: 'GRPO',
  scales: {
    smoke: 'one seed, a few steps of every stage',
    cpu: "three seeds of GRPO on the quickstart's supervised and reward models: about 2 minutes on two cores, and 4 more where recipe almanac has not made those",
    gpu: 'the same at the medium scale',
  },
  train: ({ context, scale, config, foundation, preferences }, { out, seed }) =>
    trainGrpo<PracticePrompt>(context, {
      ...practiceOf(foundation, preferences, config),
      out,
      config: checkConfig(grpoStageSchema, {
        grpo:
          scale === 'smoke'
            ? { iterations: 1, rolloutSize: 8, minibatchSize: 8, samplesPerPrompt: 4, maxTokens: 12, seed }
            : {
                iterations: scale === 'gpu' ? 120 : 40,
                rolloutSize: scale === 'gpu' ? 128 : 96,
                minibatchSize: scale === 'gpu' ? 128 : 96,
                samplesPerPrompt: 8,
                maxTokens: 24,
                klCoefficient: 0.1,
                pretrainingCoefficient: 0.3,
                seed,
              },
        training: {
          optimizer: { kind: 'adam', beta2: 0.95, epsilon: 1e-5, epsilonInside: 'tensorflow' },
          schedule: { kind: 'linear', learningRate: scale === 'gpu' ? 1e-4 : 6e-5, warmupSteps: 5, finalFraction: 0.1 },
        },
      }),
      parent: foundation.supervised,
    }),
});
