export {
  type DemonstrationOptions,
  type RankingPromptOptions,
  demonstrations,
  rankingPrompts,
} from './demonstrations.js';
export { type PretrainingOptions, pretrainingDocuments } from './declarative.js';
export { type EvaluationSetOptions, evaluationSet } from './evaluation-sets.js';
export { type Grade, type GradeKind, grade } from './grading.js';
export { type CandidateAnswer, type RankingNoise, rankAnswers } from './labeler.js';
export { type AlmanacItem, type AlmanacPrompt, type QuestionKind, questionKinds } from './types.js';
