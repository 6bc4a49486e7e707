import { join } from 'node:path';
import { answererOf, withGenerator } from '../src/cli/stages/answering.js';
import { keptTokenizer, keptTokens } from '../src/cli/stages/corpus.js';
import { chatsOf, encodeDialogues, encodeHeldOut, modelAsAncestor } from '../src/cli/stages/examples.js';
import { eyeAsAncestor, withEye } from '../src/cli/stages/eye.js';
import { imageTrainingSchema, trainImages } from '../src/cli/stages/images.js';
import { pretrain } from '../src/cli/stages/pretrain.js';
import { pretrainSchema, supervisedSchema } from '../src/cli/stages/settings.js';
import { type StageContext, contentId, modelFolderOf } from '../src/cli/stages/stage.js';
import { superviseFineTuning } from '../src/cli/stages/supervised.js';
import { type EnglishDocument, defaultEnglish } from '../src/data/default-english.js';
import { holdOutImages } from '../src/data/images/hold-out.js';
import type { ImageSet } from '../src/data/images/image-set.js';
import type { ImageSource } from '../src/data/images/sources.js';
import {
  type PictureQuestion,
  answered,
  pictureQuestions,
  questionKinds,
  verdictOf,
} from '../src/data/picture-questions.js';
import { type Answered, askQuestions } from '../src/evaluation/questions.js';
import { type LoadedImageModel, loadImageModel } from '../src/formats/image-model-folder.js';
import { findImageModel } from '../src/formats/image-models.js';
import type { Ancestor } from '../src/formats/lineage.js';
import { type LoadedModel, loadModel } from '../src/formats/model-folder.js';
import { trainTokenizer } from '../src/tokenizer/bpe-trainer.js';
import { ChatTemplate, type Message } from '../src/tokenizer/chat.js';

/** The stages of a model that sees: an eye, a language model, and the two learning to work together. */

type Settings = Readonly<Record<string, unknown>>;

export interface SeeingScale {
  /** As in the configuration of `descent train mae`. */
  readonly eye: Settings;
  readonly vocabularySize: number;
  /** How many documents of English the language model reads. Default: all. */
  readonly documents?: number;
  /** As in the configuration of `descent train`. */
  readonly language: Settings;
  /** Of an image. */
  readonly tokens: number;
  /** As in the configuration of `descent sft`: the projector alone, and then everything. */
  readonly alignment: Settings;
  readonly seeing: Settings;
  /** How many to learn from, and how many to be asked. */
  readonly questions: {
    readonly name: number;
    readonly compare: number;
    readonly asked: { readonly name: number; readonly compare: number };
  };
}

interface Part {
  readonly folder: string;
  readonly scale: SeeingScale;
}

/** What looks at images: a masked auto-encoder of them. */
export async function trainedEye(
  context: StageContext,
  { folder, scale, source }: Part & { readonly source: ImageSource },
): Promise<LoadedImageModel> {
  const found = await findImageModel('mae');
  const out = join(folder, '1-eye');
  await trainImages(context, { out, found, source, config: imageTrainingSchema(found).parse(scale.eye) });
  return loadImageModel(modelFolderOf(out));
}

/** What speaks: a GPT that has read English. */
export async function pretrainedLanguage(context: StageContext, { folder, scale }: Part): Promise<LoadedModel> {
  const { signal } = context;
  const documents = (): EnglishDocument[] => [...defaultEnglish()].slice(0, scale.documents);
  function* texts(): Generator<string> {
    for (const { text } of documents()) yield text;
  }
  const fingerprint = await contentId([`${scale.vocabularySize}`, ...texts()]);
  const tokenizer = await keptTokenizer({
    folder: join(folder, 'tokenizer'),
    fingerprint,
    make: () => trainTokenizer({ text: texts(), vocabSize: scale.vocabularySize, ...(signal && { signal }) }),
  });
  const tokens = await keptTokens({
    folder: join(folder, 'data'),
    fingerprint,
    tokenizer,
    documents,
    validation: 0.02,
  });
  const out = join(folder, '2-language');
  const { sha256, tokens: count } = tokens.train.header;
  await pretrain(context, {
    out,
    config: pretrainSchema.parse(scale.language),
    tokenizer,
    train: tokens.train,
    validation: tokens.validation,
    ancestors: [
      {
        role: 'data',
        name: 'general English (Brown corpus, Moby-Dick)',
        id: sha256.slice(0, 16),
        size: `${count.toLocaleString('en')} tokens`,
      },
    ],
  });
  return loadModel(modelFolderOf(out));
}

/** Dialogues about images, and where they are from. */
export interface Lesson {
  readonly dialogues: readonly (readonly Message[])[];
  readonly heldOut: readonly (readonly Message[])[];
  readonly origin: Ancestor;
}

/** Gives the language model the eye and teaches it: first what lies between them alone, then everything. */
export async function taughtToSee(
  context: StageContext,
  options: Part & {
    readonly eye: LoadedImageModel;
    readonly language: LoadedModel;
    readonly lesson: Lesson;
    readonly names: readonly [alignment: string, seeing: string];
  },
): Promise<{ aligned: LoadedModel; seeing: LoadedModel }> {
  const { folder, scale, eye, language, lesson, names } = options;
  const settings = { tokens: scale.tokens, projector: 'mlp' as const };
  const blind = withEye(language, eye, { settings, seed: 1 });
  const template = new ChatTemplate();
  const { contextLength } = blind.config;
  const encoding = { tokenizer: blind.tokenizer, template, eye: blind.eye!, contextLength };
  const { examples } = await encodeDialogues(chatsOf(lesson.dialogues), encoding);
  const validation = await encodeHeldOut(chatsOf(lesson.heldOut), encoding);
  const teach = async (parent: LoadedModel, name: string, given: Settings, ancestors: readonly Ancestor[]) => {
    const out = join(folder, name);
    const config = supervisedSchema.parse(given);
    await superviseFineTuning(context, { out, config, parent, template, examples, validation, ancestors });
    return loadModel(modelFolderOf(out));
  };
  const projector = { ...scale.alignment, trains: 'projector' };
  const parents = [modelAsAncestor(language), eyeAsAncestor(eye), lesson.origin];
  const aligned = await teach(blind, names[0], projector, parents);
  const seeing = await teach(aligned, names[1], scale.seeing, [modelAsAncestor(aligned), lesson.origin]);
  return { aligned, seeing };
}

/** The lesson of digits: their names, and which of two is larger or smaller. */
export function learnToSee(
  context: StageContext,
  options: Part & {
    readonly digits: ImageSource;
    readonly eye: LoadedImageModel;
    readonly language: LoadedModel;
  },
): Promise<{ aligned: LoadedModel; seeing: LoadedModel }> {
  const { digits, scale } = options;
  const { name, compare } = scale.questions;
  const half = Math.ceil(compare / 2);
  // For the loss on the way, images of their own: those of the test are for the measurement.
  const { train, validation } = holdOutImages(digits.train, Math.min(200, digits.train.count >> 2));
  const about = (images: ImageSet, names: number, pairs: number): Message[][] =>
    questionKinds
      .flatMap((kind) => pictureQuestions({ images, kind, count: kind === 'name' ? names : pairs, seed: 1 }))
      .map(answered);
  const lesson: Lesson = {
    dialogues: about(train, name, half),
    heldOut: about(validation, validation.count, validation.count >> 1),
    origin: {
      role: 'data',
      name: `questions about ${digits.name}`,
      id: digits.id,
      size: `${name + 2 * half} dialogues`,
    },
  };
  return taughtToSee(context, { ...options, lesson, names: ['3-projector', '4-seeing'] });
}

/** Lets a model answer lists of questions. */
export async function answersAbout<Name extends string>(
  context: StageContext,
  model: LoadedModel,
  lists: Readonly<Record<Name, readonly PictureQuestion[]>>,
): Promise<Record<Name, Answered<PictureQuestion>[]>> {
  const isRight = (said: string, { kind, answer }: PictureQuestion): boolean =>
    kind === 'name' ? said === answer : said.includes(':') && verdictOf(said) === verdictOf(answer);
  return withGenerator(context, model, async (generator) => {
    const answerer = answererOf(generator, model, { maxTokens: 24 });
    const results: Partial<Record<Name, Answered<PictureQuestion>[]>> = {};
    for (const [name, questions] of Object.entries(lists) as [Name, readonly PictureQuestion[]][]) {
      context.signal?.throwIfAborted();
      results[name] = await askQuestions(questions, answerer, isRight);
    }
    return results as Record<Name, Answered<PictureQuestion>[]>;
  });
}
