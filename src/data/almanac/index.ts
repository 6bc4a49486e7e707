export { demonstrations, rankingPrompts } from './demonstrations.js';
export { pretrainingDocuments } from './declarative.js';
export { evaluationSet } from './evaluation-sets.js';
export { type GradeKind, grade } from './grading.js';
export { rankAnswers } from './labeler.js';
export { type AlmanacPrompt, type QuestionKind, taughtKinds } from './types.js';
