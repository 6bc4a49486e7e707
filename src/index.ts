/**
 * Descent as a library. Below: a tensor language and an engine that runs it; above: tokenizers, data, GPT, one trainer
 * for everything, sampling, alignment, and model folders. The command line is made of these.
 */

export * from './errors.js';

// The tensor language: what a computation is.
export * from './tensor/index.js';

// The engine: where it runs.
export {
  Engine,
  type Device,
  type EngineOptions,
  type HostTree,
  type LeafSpec,
  type Program,
  type Store,
  type StoreOptions,
} from './runtime/engine.js';
export { type TrainStep, createTrainStep } from './runtime/train-step.js';
export { sgemmPeak } from './runtime/sgemm-peak.js';

// Parameters and models.
export {
  type ParameterSpec,
  type TensorsOf,
  initialise,
  parameter,
  parameterCount,
  parameterLeaves,
} from './nn/parameters.js';
export {
  type GptConfig,
  type GptOptions,
  type GptPreset,
  gptConfig,
  gptPresets,
} from './families/autoregressive/gpt-config.js';
export { type Eye, type EyeOptions, eye } from './nn/eye.js';
export { type Gpt, type GptParameters, gpt } from './families/autoregressive/gpt.js';

export type { TextBody, TextFeatures, TextModel, TextModelDefinition } from './nn/text-model.js';

// Tokenizers and chat templates.
export type { Tokenizer } from './tokenizer/tokenizer.js';
export { type TrainTokenizerOptions, trainTokenizer } from './tokenizer/bpe-trainer.js';
export { CharacterTokenizer } from './tokenizer/character-tokenizer.js';
export { CONTROL, CONTROL_TOKENS, IMAGE_TOKEN } from './tokenizer/control-tokens.js';
export { ChatTemplate, type Message, type MessageImage, type Pixels, encodeChat, endOfTurn } from './tokenizer/chat.js';
export { StreamDecoder } from './tokenizer/stream-decoder.js';
export { inspectTokens } from './tokenizer/inspect.js';
export { gpt2Tokenizer, tokenizerFromJson } from './tokenizer/tokenizer-json-reader.js';
export { loadTokenizer, saveTokenizer } from './tokenizer/tokenizer-folder.js';

// Data: a source, examples, batches.
export { BadRows, type Place } from './data/bad-rows.js';
export type { BatchList, BatchSource, HostBatch, PackedBatch } from './data/batch.js';
export { type Chat, readChats } from './data/chats.js';
export { defaultEnglish } from './data/default-english.js';
export { type Example, encodeChats } from './data/examples.js';
export { inspectData } from './data/inspect.js';
export { asSeen, chatsWithPixels, readMessageImage, withPixels } from './data/message-images.js';
export { packedBatches, packedList } from './data/packed-batches.js';
export { type PrepareOptions, type PreparedTokens, prepareTokens } from './data/prepare.js';
export { type Prompt, readPrompts } from './data/prompts.js';
export { type Ranking, readRankings } from './data/rankings.js';
export { type DocumentPart, documentsFromTexts, readDocuments } from './data/sources/documents.js';
export { TokenFile } from './data/token-file.js';
export { type TokenStore, tokensInMemory } from './data/token-store.js';
export { epochWindows, evaluationWindows, randomWindows } from './data/windows.js';

// Training: phases, and the one trainer that runs them.
export { trainStepsOn } from './training/backend.js';
export { loadWeights } from './training/checkpoint.js';
export { abortOnInterrupt } from './training/interrupt.js';
export { languageModelLoss, languageModelPhase, languageModelTerm } from './training/language-model.js';
export { type LossTerm, type Phase, type TrainingSource, lossTerm, phase } from './training/phase.js';
export { type ProgressReporter, terminalProgress } from './training/progress.js';
export { RunFolder, type RunState, listRuns } from './training/run-folder.js';
export { type TrainingConfig, type TrainingSettings, trainingSchema } from './training/settings.js';
export { type TrainOptions, type TrainResult, train } from './training/train.js';
export { Trainer, type TrainerOptions } from './training/trainer.js';

// Sampling.
export {
  type Generation,
  type GenerationStep,
  type Generator,
  type GeneratorOptions,
  createGenerator,
} from './sampling/generator.js';
export type { SamplingOptions } from './sampling/options.js';
export { recentTurns } from './sampling/recent-turns.js';

// Prompting: tasks whose examples are in the prompt.
export { builtInTask, defineTask, taskNames as promptTaskNames } from './prompting/built-in.js';
export type {
  Fields,
  TaskExample as PromptTaskExample,
  TaskExamples as PromptTaskExamples,
} from './prompting/example.js';
export { readExamples } from './prompting/sources.js';
export { type Task as PromptTask, taskSchema } from './prompting/task.js';

// Alignment: reward models, PPO and its kin, preferences without a reward model, adapters.
export { bestOfN, bestOfNKl, expectedBestOfN } from './alignment/best-of-n.js';
export { type Grpo, type GrpoOptions, createGrpo } from './alignment/grpo/grpo.js';
export type { GrpoConfig, GrpoSettings } from './alignment/grpo/settings.js';
export { answerShape } from './alignment/preference/answer-log-probs.js';
export { dpo } from './alignment/preference/dpo.js';
export { type JudgedExample, type KtoExample, kto, votesOf, withForeignAnswers } from './alignment/preference/kto.js';
export { preferencePhase, referenceLogProbs } from './alignment/preference/preference.js';
export { type Ppo, type PpoOptions, createPpo } from './alignment/ppo/ppo.js';
export type { PpoPrompt, PpoSample, RewardFunction, Rollout } from './alignment/ppo/rollouts.js';
export { type PpoConfig, type PpoSettings } from './alignment/ppo/settings.js';
export { type RankedExample, rewardSource, usableRankings } from './alignment/reward-batches.js';
export {
  type PairAccuracy,
  type Scorer,
  createScorer,
  normaliseScores,
  pairAccuracy,
  rewardPhase,
} from './alignment/reward-model.js';
export { type ScalarModel, scalarModel } from './alignment/scalar-model.js';
export { isAdapterPath, mergeAdapters, withAdapters } from './nn/lora.js';

// Tasks: one linear layer on a pretrained model.
export { type Task, type TaskExample, type TaskKind } from './data/tasks/task.js';
export { type OwnTaskOptions, readOwnTask } from './data/tasks/own.js';
export { readTask, taskNames } from './data/tasks/read.js';
export { encodeExample, withTaskControls } from './alignment/fine-tuning/inputs.js';
export { classificationShape, classificationSource } from './alignment/fine-tuning/batches.js';
export {
  type TextClassifier,
  classificationPhase,
  predictor,
  textClassifier,
} from './alignment/fine-tuning/classifier.js';
export { bagOfWords } from './evaluation/bag-of-words.js';
export { type TaskReport, taskReport } from './evaluation/task-report.js';
export { type WordVectors, nearSum, wordVectors } from './evaluation/word-vectors.js';

// Evaluation and model folders.
export { type Estimate, bootstrap } from './evaluation/bootstrap.js';
export { type ContinuationScorer, continuationScorer } from './evaluation/continuations.js';
export { type HeldOutLoss, heldOutLoss } from './evaluation/held-out-loss.js';
export { type TaskResult, type TaskRunOptions, runTask } from './evaluation/run-task.js';
export type { Subject } from './evaluation/task-answers.js';
export {
  type Ancestor,
  type FamilyMember,
  type Lineage,
  familyTree,
  readFamily,
  readLineage,
} from './formats/lineage.js';
export { type GgufFile, exportGguf } from './formats/gguf-export.js';
export { type ModelEye, imageTokensOf, sightOf } from './formats/model-eye.js';
export {
  type LoadedClassifier,
  type LoadedTextModel,
  loadClassifier,
  loadTextModel,
  saveTextModel,
} from './formats/text-model-folder.js';
export { findTextModel } from './formats/text-models.js';
export {
  type LoadedModel,
  type ModelToSave,
  languageModelOf,
  loadModel,
  rewardModelOf,
  saveModel,
} from './formats/model-folder.js';
