/** Every metric of a task, with what it means. They are computed in src/evaluation/task-metrics.ts. */
const metricMeanings = {
  accuracy: 'share of examples whose right choice is the most probable',
  'accuracy per token': 'the same, log-probabilities divided by the number of tokens',
  'accuracy per byte': 'the same, log-probabilities divided by the number of bytes',
  'accuracy by prior': 'the same, log-probabilities less those behind a prompt that asks nothing',
  'whole answer': 'share of targets of which every token is the most probable one',
  'last token': 'share of targets whose last token is the most probable one, given those before it',
  'target perplexity per token': 'exp of the mean negative log-probability of a token of the targets',
  'target perplexity': 'exp of the mean negative log-probability of a whole target: per word, where that is a word',
  'exact match': 'share of answers that are a right one, but for case, punctuation and articles',
  'token f1': 'harmonic mean of precision and recall over words, the best over all right answers',
  bleu: 'BLEU-4 of the whole corpus, 0 to 100',
  chrf: 'chrF2 of the whole corpus, 0 to 100',
  'rouge-1': 'F1 over words',
  'rouge-2': 'F1 over pairs of words',
  'rouge-l': 'F1 over the longest common subsequence of words',
  'perplexity per token': 'of this tokenizer: not comparable between tokenizers',
  'perplexity per word': 'over words between white space',
  'bits per byte': 'comparable between all models of text',
  'bits per character': 'over Unicode characters',
} as const;

export type MetricName = keyof typeof metricMeanings;
export const metricNames = Object.keys(metricMeanings) as [MetricName, ...MetricName[]];
