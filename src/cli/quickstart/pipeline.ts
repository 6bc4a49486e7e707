import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Rollout } from '../../alignment/ppo/rollouts.js';
import type { EncodedChats } from '../../data/examples.js';
import { randomWindows } from '../../data/windows.js';
import type { ExamResult } from '../../evaluation/exam.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import { type LoadedModel, loadModel } from '../../formats/model-folder.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { trainTokenizer } from '../../tokenizer/bpe-trainer.js';
import { ChatTemplate, type Message } from '../../tokenizer/chat.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { answererOf, chatPrompt, withGenerator } from '../stages/answering.js';
import { type CorpusTokens, keptTokenizer, keptTokens } from '../stages/corpus.js';
import { type JudgeableExample, chatsOf, encodeDialogues, encodeHeldOut, modelAsAncestor } from '../stages/examples.js';
import { trainPpo } from '../stages/ppo.js';
import { pretrain } from '../stages/pretrain.js';
import { trainReward } from '../stages/reward.js';
import { type StageContext, contentId, fingerprintOf, modelFolderOf } from '../stages/stage.js';
import { superviseFineTuning } from '../stages/supervised.js';
import { collectRankings } from './rankings.js';
import type { QuickstartConfig } from './settings.js';
import { type PracticePrompt, type Task, trueScoreOf } from './task.js';

/** The stages of InstructGPT one after the other, each in a folder of its own; what is finished is kept. */

export interface PipelineOptions {
  readonly out: string;
  readonly config: QuickstartConfig;
  readonly task: Task;
  /** Told when a stage begins and what it came to. */
  readonly onStage?: (event: StageEvent) => void;
  /** Only the policy's training, e.g. to compare it with and without the pretraining mix. */
  readonly reinforcementName?: string;
}

export type StageName = 'tokenizer' | 'pretraining' | 'supervised' | 'rankings' | 'reward' | 'reinforcement';

export interface StageEvent {
  readonly stage: StageName;
  readonly state: 'begin' | 'note' | 'end';
  /** Something about the stage's data that its user should know. */
  readonly note?: string;
  readonly seconds?: number;
  readonly lineage?: Lineage;
  readonly exam?: ExamResult;
}

export interface StageReport {
  readonly stage: StageName;
  readonly folder: string;
  readonly lineage: Lineage;
  readonly exam?: ExamResult;
  readonly seconds: number;
}

export interface PipelineResult {
  readonly stages: readonly StageReport[];
  /** The model folder to chat with: the last one made. */
  readonly model: string;
}

/** What a stage made, on the disk and in memory. */
type MadeStage = StageReport & { readonly loaded: LoadedModel };

/** What people (or a labeler) prefer, a model of it, and something to practise on. */
export interface Preferences {
  readonly reward: LoadedModel;
  readonly rankings: readonly JudgeableExample[];
  readonly heldOut: readonly JudgeableExample[];
  readonly prompts: readonly PracticePrompt[];
  /** Where the rankings and the prompts are from. */
  readonly ancestors: Readonly<Record<'rankings' | 'prompts', Ancestor>>;
}

/** All that an alignment stage stands on. */
export interface Foundation {
  readonly stages: readonly StageReport[];
  readonly tokens: CorpusTokens;
  /** The text that the tokens are of. */
  readonly text: Ancestor;
  readonly supervised: LoadedModel;
  /** Absent where the task has no rankings. */
  readonly preferences?: Preferences;
  /** Runs a stage that makes a model in this folder of the run, or elsewhere; examines it, and adds both to the stages. */
  stage(name: StageName, folder: string, make: (out: string) => Promise<Lineage>): Promise<MadeStage>;
}

/** @throws InterruptedError when the signal ends it; a second call goes on from there */
export async function runPipeline(context: StageContext, options: PipelineOptions): Promise<PipelineResult> {
  const foundation = await layFoundation(context, options);
  const { stages, supervised, preferences } = foundation;
  if (preferences !== undefined) {
    await foundation.stage('reinforcement', options.reinforcementName ?? '4-aligned', (out) =>
      trainPpo<PracticePrompt>(context, {
        ...practiceOf(foundation, preferences, options.config),
        out,
        config: options.config.reinforcement,
        parent: supervised,
      }),
    );
  }
  return { stages, model: modelFolderOf(stages.findLast(({ stage: name }) => name !== 'reward')!.folder) };
}

/** What PPO and its kin practise with: the reward model, the prompts, the mix of pretraining text, and the ancestors. */
export const practiceOf = (
  { supervised, tokens, text }: Foundation,
  { reward, prompts, ancestors }: Preferences,
  config: QuickstartConfig,
) => ({
  reward,
  prompts,
  pretraining: randomWindows({
    tokens: tokens.train,
    batchSize: config.pretraining.batchSize,
    contextLength: supervised.config.contextLength,
    seed: config.seed + 1,
  }),
  onRollout: ({ samples }: Pick<Rollout<PracticePrompt>, 'samples'>): Record<string, number> => {
    const trueScore = trueScoreOf(samples);
    return trueScore === undefined ? {} : { trueScore };
  },
  ancestors: [modelAsAncestor(supervised), modelAsAncestor(reward, 'reward model'), text, ancestors.prompts],
});

/**
 * Every stage before the last: tokenizer, pretraining, supervised fine-tuning, rankings and a reward model.
 *
 * @throws InterruptedError when the signal ends it; a second call goes on from there
 */
export async function layFoundation(context: StageContext, options: PipelineOptions): Promise<Foundation> {
  const { out, config, task, onStage } = options;
  const stages: StageReport[] = [];
  const folderOf = (stage: string): string => resolve(out, stage);

  const stage: Foundation['stage'] = async (name, within, make) => {
    const folder = folderOf(within);
    context.signal?.throwIfAborted();
    onStage?.({ stage: name, state: 'begin' });
    const began = performance.now();
    const lineage = await make(folder);
    const loaded = await loadModel(modelFolderOf(folder));
    const exam = loaded.kind === 'language-model' ? await examine(context, task, config, folder, loaded) : undefined;
    const seconds = (performance.now() - began) / 1000;
    const report = { stage: name, folder, lineage, exam, seconds };
    stages.push(report);
    onStage?.({ stage: name, state: 'end', seconds, lineage, exam });
    return { ...report, loaded };
  };

  const corpus = fingerprintOf([await contentId(allText(task)), config.vocabularySize]);
  const tokenizer = await prepareTokenizer(folderOf('tokenizer'), corpus, options);
  const tokens = await keptTokens({
    folder: folderOf('data'),
    fingerprint: corpus,
    tokenizer,
    documents: task.documents,
    validation: 0.02,
    seed: config.seed,
  });
  const size = `${tokens.train.length.toLocaleString('en')} tokens`;
  const text: Ancestor = { ...task.origins.text, id: tokens.train.header.sha256.slice(0, 16), size };

  const { loaded: pretrained } = await stage('pretraining', '1-pretrained', (run) =>
    pretrain(context, {
      out: run,
      config: config.pretraining,
      tokenizer,
      train: tokens.train,
      validation: tokens.validation,
      ancestors: [text],
    }),
  );

  const template = new ChatTemplate();
  const idOf = (dialogues: readonly (readonly Message[])[]): Promise<string> =>
    contentId(dialogues.map((messages) => JSON.stringify(messages)));
  const chats: Ancestor = { ...task.origins.chats, id: await idOf(task.chats) };
  const { contextLength } = pretrained.config;
  const encoding = { tokenizer, template, contextLength };
  const encoded = (dialogues: readonly (readonly Message[])[]) => encodeDialogues(chatsOf(dialogues), encoding);
  const { loaded: supervised } = await stage('supervised', '2-supervised', async (run) => {
    const { examples, leftOut } = await encoded(task.chats);
    if (leftOut.length > 0) {
      const note =
        `${leftOut.length} of ${task.chats.length} dialogues are longer than the context of ${contextLength} tokens, and left ` +
        'out: --pretraining.model.contextLength makes it longer';
      onStage?.({ stage: 'supervised', state: 'note', note });
    }
    return superviseFineTuning(context, {
      out: run,
      config: config.supervised,
      parent: pretrained,
      template,
      examples,
      validation: await encodeHeldOut(chatsOf(task.heldOutChats), encoding),
      pretraining: tokens.train,
      ancestors: [modelAsAncestor(pretrained), chats],
    });
  });

  const shared = { stages, tokens, text, supervised, stage };
  const { rankings } = task;
  if (rankings === undefined) return shared;
  const ranked = await collectRankings(context, {
    folder: folderOf('3-reward'),
    config,
    rankings,
    supervised,
    onSampling: (event) => onStage?.({ stage: 'rankings', ...event }),
  });
  const id = await contentId(ranked.flatMap(({ sequences, ranks }) => [...sequences, Int32Array.from(ranks)]));
  const heldOutCount = Math.max(1, Math.round(ranked.length * 0.1));
  const [heldOut, rest] = [ranked.slice(0, heldOutCount), ranked.slice(heldOutCount)];
  const ancestors = {
    rankings: { ...task.origins.rankings, id },
    prompts: { ...task.origins.prompts, id: await idOf(task.prompts.map(({ messages }) => messages)) },
  };
  const { loaded: reward } = await stage('reward', '3-reward', async (run) =>
    trainReward(context, {
      out: run,
      config: config.reward,
      parent: supervised,
      rankings: rest,
      heldOut,
      reference: await referenceFor(task, encoded),
      ancestors: [modelAsAncestor(supervised), ancestors.rankings],
    }),
  );
  const prompts = task.prompts.map(({ messages, score }): PracticePrompt => ({
    messages,
    score,
    ids: chatPrompt(supervised, template, messages),
  }));
  return { ...shared, preferences: { reward, rankings: rest, heldOut, prompts, ancestors } };
}

async function prepareTokenizer(
  folder: string,
  fingerprint: string,
  { config, task, onStage }: PipelineOptions,
): Promise<Tokenizer> {
  return keptTokenizer({
    folder,
    fingerprint,
    make: async () => {
      onStage?.({ stage: 'tokenizer', state: 'begin' });
      const began = performance.now();
      const tokenizer = await trainTokenizer({ text: allText(task), vocabSize: config.vocabularySize });
      onStage?.({ stage: 'tokenizer', state: 'end', seconds: (performance.now() - began) / 1000 });
      return tokenizer;
    },
  });
}

/** Dialogues to centre the reward on: held out ones, and others where few of those fit into the context. */
async function referenceFor(
  { heldOutChats, chats }: Task,
  encode: (dialogues: Task['chats']) => Promise<EncodedChats>,
): Promise<Int32Array[]> {
  const { examples } = await encode([...heldOutChats.slice(0, 200), ...chats.slice(0, 200)]);
  return examples.slice(0, 200).map(({ ids }) => ids);
}

/** What the tokenizer is trained on. */
async function* allText({ documents, tokenizerText }: Task): AsyncGenerator<string> {
  for await (const { text } of documents()) yield text;
  yield* tokenizerText();
}

async function examine(
  context: StageContext,
  task: Task,
  config: QuickstartConfig,
  folder: string,
  loaded: LoadedModel,
): Promise<ExamResult | undefined> {
  if (task.exam === undefined) return undefined;
  const path = join(folder, 'exam.json');
  const fingerprint = fingerprintOf([loaded.lineage?.id, config.questionsPerKind]);
  if (existsSync(path)) {
    const saved = JSON.parse(await readFile(path, 'utf8')) as { fingerprint: string; result: ExamResult };
    if (saved.fingerprint === fingerprint) return saved.result;
  }
  const { exam } = task;
  const result = await withGenerator(context, loaded, (generator) =>
    exam(answererOf(generator, loaded, { maxTokens: config.reinforcement.ppo.maxTokens })),
  );
  await writeFileAtomically(path, JSON.stringify({ fingerprint, result }));
  return result;
}
