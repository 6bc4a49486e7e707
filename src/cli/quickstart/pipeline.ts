import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RankedExample } from '../../alignment/reward-batches.js';
import { type Example, encodeChats } from '../../data/examples.js';
import { prepareTokens } from '../../data/prepare.js';
import { TokenFile } from '../../data/token-file.js';
import { randomWindows } from '../../data/windows.js';
import type { ExamResult } from '../../evaluation/exam.js';
import type { Ancestor, Lineage } from '../../formats/lineage.js';
import { type LoadedModel, loadModel } from '../../formats/model-folder.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { trainTokenizer } from '../../tokenizer/bpe-trainer.js';
import { ChatTemplate, type Message, encodeChat } from '../../tokenizer/chat.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import { loadTokenizer, saveTokenizer } from '../../tokenizer/tokenizer-folder.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { answererOf, chatPrompt, withGenerator } from '../stages/answering.js';
import { trainPpo } from '../stages/ppo.js';
import { pretrain } from '../stages/pretrain.js';
import { trainReward } from '../stages/reward.js';
import { type StageContext, fingerprintOf, modelFolderOf } from '../stages/stage.js';
import { superviseFineTuning } from '../stages/supervised.js';
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
  readonly state: 'begin' | 'end';
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

/** @throws InterruptedError when the signal ends it; a second call goes on from there */
export async function runPipeline(context: StageContext, options: PipelineOptions): Promise<PipelineResult> {
  const { out, config, task, onStage } = options;
  const stages: StageReport[] = [];
  const folderOf = (stage: string): string => join(out, stage);

  /** Runs a stage that makes a model, examines it, and remembers both. */
  const stage = async (name: StageName, folder: string, make: () => Promise<Lineage>): Promise<LoadedModel> => {
    context.signal?.throwIfAborted();
    onStage?.({ stage: name, state: 'begin' });
    const began = performance.now();
    const lineage = await make();
    const loaded = await loadModel(modelFolderOf(folder));
    const exam = loaded.kind === 'language-model' ? await examine(context, task, config, folder, loaded) : undefined;
    const seconds = (performance.now() - began) / 1000;
    stages.push({ stage: name, folder, lineage, exam, seconds });
    onStage?.({ stage: name, state: 'end', seconds, lineage, exam });
    return loaded;
  };

  const tokenizer = await prepareTokenizer(folderOf('tokenizer'), options);
  const tokens = await preparePretrainingTokens(folderOf('data'), options, tokenizer);
  const trainTokens = await TokenFile.open({ path: join(folderOf('data'), 'train.tokens'), tokenizer });
  const validationTokens = await TokenFile.open({ path: join(folderOf('data'), 'validation.tokens'), tokenizer });
  const text: Ancestor = { ...task.origins.text, id: tokens.id, size: tokens.size };

  const pretrained = await stage('pretraining', folderOf('1-pretrained'), () =>
    pretrain(context, {
      out: folderOf('1-pretrained'),
      config: config.pretraining,
      tokenizer,
      train: trainTokens,
      validation: validationTokens,
      ancestors: [text],
    }),
  );

  const template = new ChatTemplate();
  const parentOf = (model: LoadedModel, role = 'parent'): Ancestor => ({
    role,
    name: model.lineage?.name ?? model.folder,
    id: model.lineage?.id,
    path: model.folder,
  });
  const supervised = await stage('supervised', folderOf('2-supervised'), async () =>
    superviseFineTuning(context, {
      out: folderOf('2-supervised'),
      config: config.supervised,
      parent: pretrained,
      template,
      examples: await encoded(task.chats, tokenizer, template, pretrained.config.contextLength),
      validation: await encoded(task.heldOutChats, tokenizer, template, pretrained.config.contextLength),
      ancestors: [parentOf(pretrained), task.origins.chats],
    }),
  );

  const { rankings } = task;
  if (rankings !== undefined) {
    const ranked = await collectRankings(context, folderOf('3-reward'), options, supervised);
    const heldOutCount = Math.max(1, Math.round(ranked.length * 0.1));
    const reward = await stage('reward', folderOf('3-reward'), async () =>
      trainReward(context, {
        out: folderOf('3-reward'),
        config: config.reward,
        parent: supervised,
        rankings: ranked.slice(heldOutCount),
        heldOut: ranked.slice(0, heldOutCount),
        reference: (
          await encoded(task.heldOutChats.slice(0, 200), tokenizer, template, supervised.config.contextLength)
        ).map(({ ids }) => ids),
        ancestors: [parentOf(supervised), task.origins.rankings],
      }),
    );
    const name = options.reinforcementName ?? '4-aligned';
    const prompts = task.prompts.map(({ messages, score }): PracticePrompt => ({
      messages,
      score,
      ids: chatPrompt(supervised, template, messages),
    }));
    await stage('reinforcement', folderOf(name), () =>
      trainPpo<PracticePrompt>(context, {
        out: folderOf(name),
        config: config.reinforcement,
        parent: supervised,
        reward,
        prompts,
        pretraining: randomWindows({
          tokens: trainTokens,
          batchSize: config.pretraining.batchSize,
          contextLength: supervised.config.contextLength,
          seed: config.seed + 1,
        }),
        onRollout: ({ samples }): Record<string, number> => {
          const trueScore = trueScoreOf(samples);
          return trueScore === undefined ? {} : { trueScore };
        },
        ancestors: [parentOf(supervised), parentOf(reward, 'reward model'), text, task.origins.prompts],
      }),
    );
  }
  return { stages, model: modelFolderOf(stages.findLast(({ stage: name }) => name !== 'reward')!.folder) };
}

async function prepareTokenizer(folder: string, { config, task, onStage }: PipelineOptions): Promise<Tokenizer> {
  const fingerprint = fingerprintOf([
    task.name,
    config.seed,
    config.vocabularySize,
    config.documents,
    config.englishShare,
    task.origins,
  ]);
  const mark = join(folder, 'made.json');
  if (existsSync(mark) && (await readFile(mark, 'utf8')).includes(fingerprint))
    return (await loadTokenizer(folder)).tokenizer;
  onStage?.({ stage: 'tokenizer', state: 'begin' });
  const began = performance.now();
  const { documents, tokenizerText } = task;
  async function* everything(): AsyncGenerator<string> {
    for await (const { text } of documents()) yield text;
    yield* tokenizerText();
  }
  const tokenizer = await trainTokenizer({ text: everything(), vocabSize: config.vocabularySize });
  await mkdir(folder, { recursive: true });
  await saveTokenizer(folder, { tokenizer });
  await writeFileAtomically(mark, JSON.stringify({ fingerprint }));
  onStage?.({ stage: 'tokenizer', state: 'end', seconds: (performance.now() - began) / 1000 });
  return tokenizer;
}

async function preparePretrainingTokens(
  folder: string,
  { config, task }: PipelineOptions,
  tokenizer: Tokenizer,
): Promise<{ id: string; size: string }> {
  const id = fingerprintOf([
    task.name,
    config.seed,
    config.documents,
    config.englishShare,
    task.origins,
    tokenizer.toJSON(),
  ]);
  const mark = join(folder, 'made.json');
  if (existsSync(mark)) {
    const made = JSON.parse(await readFile(mark, 'utf8')) as { id: string; size: string };
    if (made.id === id) return made;
  }
  await mkdir(folder, { recursive: true });
  const prepared = await prepareTokens({
    documents: task.documents(),
    tokenizer,
    folder,
    validation: 0.02,
    seed: config.seed,
  });
  const size = `${prepared.train.header.tokens.toLocaleString('en')} tokens`;
  await writeFileAtomically(mark, JSON.stringify({ id, size }));
  return { id, size };
}

async function encoded(
  chats: readonly (readonly Message[])[],
  tokenizer: Tokenizer,
  template: ChatTemplate,
  contextLength: number,
): Promise<Example[]> {
  const { examples } = await encodeChats({
    chats: chats.map((messages, index) => ({ messages: [...messages], file: 'chats', line: index + 1 })),
    encode: (messages) => encodeChat(tokenizer, template, messages),
    contextLength,
  });
  return examples;
}

/** Answers sampled from the supervised model and ranked by the labeler, or the rankings that were given. */
async function collectRankings(
  context: StageContext,
  folder: string,
  { config, task, onStage }: PipelineOptions,
  supervised: LoadedModel,
): Promise<RankedExample[]> {
  const { tokenizer } = supervised;
  const template = supervised.template!;
  const rankings = task.rankings!;
  const whole = (messages: readonly Message[], text: string): Int32Array =>
    encodeChat(tokenizer, template, [...messages, { role: 'assistant', content: text }]).ids;
  if ('given' in rankings) {
    return rankings.given.map(({ messages, answers }) => ({
      sequences: answers.map(({ text }) => whole(messages, text)),
      ranks: answers.map(({ rank }) => rank),
    }));
  }
  const fingerprint = fingerprintOf([supervised.lineage?.id, config.rankings, config.answersPerRanking, config.seed]);
  const path = join(folder, 'rankings.json');
  if (existsSync(path)) {
    const saved = JSON.parse(await readFile(path, 'utf8')) as {
      fingerprint: string;
      rankings: { sequences: number[][]; ranks: number[] }[];
    };
    if (saved.fingerprint === fingerprint) {
      return saved.rankings.map(({ sequences, ranks }) => ({
        sequences: sequences.map((ids) => Int32Array.from(ids)),
        ranks,
      }));
    }
  }
  onStage?.({ stage: 'rankings', state: 'begin' });
  const began = performance.now();
  const [fewest, most] = config.answersPerRanking;
  const end = tokenizer.idOf(CONTROL.end);
  const examples = await withGenerator(context, supervised, async (generator) => {
    const prompts = rankings.prompts.map(({ messages }) => chatPrompt(supervised, template, messages));
    const answers = await generator.generateBatch({
      prompts,
      samplesPerPrompt: most,
      maxTokens: config.reinforcement.ppo.maxTokens,
      temperature: 1,
      seed: config.seed,
      stopTokens: [end],
      ...(context.signal && { signal: context.signal }),
    });
    return rankings.prompts.map(({ rank }, index): RankedExample => {
      // K varies from prompt to prompt, as it did for the papers' labelers.
      const count = fewest + (index % (most - fewest + 1));
      const group = answers.slice(index * most, index * most + count);
      const ranks = rank(group.map(({ text, finishReason }) => ({ text, finished: finishReason === 'stop' })));
      return { sequences: group.map(({ ids }) => Int32Array.from([...prompts[index]!, ...ids])), ranks };
    });
  });
  context.signal?.throwIfAborted();
  await mkdir(folder, { recursive: true });
  const plain = examples.map(({ sequences, ranks }) => ({ sequences: sequences.map((ids) => [...ids]), ranks }));
  await writeFileAtomically(path, JSON.stringify({ fingerprint, rankings: plain }));
  onStage?.({ stage: 'rankings', state: 'end', seconds: (performance.now() - began) / 1000 });
  return examples;
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
