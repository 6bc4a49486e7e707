/** A quickstart of seconds, as its configuration: every stage runs, and little is learnt. */
export const tinyQuickstart = ({ pretraining, supervised, iterations }: Readonly<Record<TinyLength, number>>) => ({
  vocabularySize: 400,
  documents: 400,
  demonstrations: 120,
  rankedPrompts: 8,
  prompts: 8,
  questionsPerKind: 1,
  pretraining: {
    model: { layers: 1, heads: 2, width: 32, contextLength: 192 },
    batchSize: 4,
    evaluationWindows: 4,
    training: { steps: pretraining },
  },
  supervised: { batchSize: 4, training: { steps: supervised } },
  reward: { answers: 18, time: 192 },
  reinforcement: { ppo: { iterations, rolloutSize: 8, minibatchSize: 4, maxTokens: 8 } },
});

/** Steps of pretraining and of supervised fine-tuning, rounds of PPO. */
type TinyLength = 'pretraining' | 'supervised' | 'iterations';
