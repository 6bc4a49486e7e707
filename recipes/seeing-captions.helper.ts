import { join } from 'node:path';
import { answersPicture } from '../src/cli/answers-picture.js';
import { seenAndUnseen } from '../src/cli/stages/images.js';
import type { RecipeRow } from '../src/cli/recipe.js';
import { answererOf, withGenerator } from '../src/cli/stages/answering.js';
import type { StageContext } from '../src/cli/stages/stage.js';
import { captioned } from '../src/data/images/caption-tokens.js';
import { readImages } from '../src/data/images/sources.js';
import { answered, captionQuestions } from '../src/data/picture-questions.js';
import { mean, standardErrorOf } from '../src/data/statistics.js';
import { type Answered, type Question, askQuestions, wordOverlap } from '../src/evaluation/questions.js';
import type { LoadedModel } from '../src/formats/model-folder.js';
import { type SeeingScale, taughtToSee, trainedEye } from './seeing.helper.js';

/** The same language model with another eye: it says in words what an emoji shows, one of those that it never saw. */

const [heldOut, asked] = [750, 400];

export async function captionedEmoji(
  context: StageContext,
  options: {
    /** Captioned pictures, as `readImages` takes them. */
    readonly data: string;
    readonly folder: string;
    readonly scale: SeeingScale;
    readonly language: LoadedModel;
  },
): Promise<{ rows: RecipeRow[]; notes: string[]; pictures: Record<string, Uint8Array> }> {
  const { language } = options;
  const { signal } = context;
  const source = await readImages({ source: options.data, size: 32, ...(signal && { signal }) });
  const { train, test } = seenAndUnseen(source, Math.min(heldOut, source.train.count >> 2));
  const folder = join(options.folder, 'captions');
  const scale = captionScale(options.scale);
  const eye = await trainedEye(context, { folder, scale, source });
  const about = (seed: number, images: typeof train) => captionQuestions({ images: captioned(images), seed });
  const questions = about(3, test).slice(0, asked);
  const epochs = [1, 2].flatMap((seed) => about(seed, train)).map(answered);
  const { seeing: model } = await taughtToSee(context, {
    folder,
    scale,
    eye,
    language,
    lesson: {
      dialogues: epochs,
      heldOut: questions.map(answered),
      origin: { role: 'data', name: source.name, id: source.id, size: `${train.count} captioned pictures` },
    },
    names: ['2-projector', '3-seeing'],
  });
  const answers = await withGenerator(context, model, (generator) =>
    askQuestions(questions, answererOf(generator, model, { maxTokens: 24 }), (said, { answer }) => said === answer),
  );
  const overlaps = answers.map(({ said, question }) => wordOverlap(said, question.answer));
  // What the same answers would be worth for other pictures: a model that does not look is no better.
  const others = answers.map(({ said }, index) =>
    wordOverlap(said, answers[(index + (answers.length >> 1)) % answers.length]!.question.answer),
  );
  // Neighbours are alike: all flags come one after another.
  const every = Math.max(1, Math.floor(answers.length / 12));
  const picture = await answersPicture(
    answers
      .filter((_, index) => index % every === 0)
      .slice(0, 12)
      .map(shown),
  );
  return {
    rows: [
      { metric: 'captions of unseen emoji: words in common with the true one, %', ...meanOf(overlaps) },
      { metric: 'the same, with the caption of another emoji, %', ...meanOf(others) },
    ],
    notes: [
      `${answers.length} emoji of which training had neither picture nor caption; words in common: F1 over the words of both.`,
    ],
    pictures: picture ? { captions: picture } : {},
  };
}

type Settings = SeeingScale['eye'];

/** Colour pictures of 32 pixels, and fewer of them than digits: half of the steps. */
function captionScale(scale: SeeingScale): SeeingScale {
  const halved = (settings: Settings): Settings => {
    const training = settings['training'] as { steps: number };
    return { ...settings, training: { ...training, steps: Math.ceil(training.steps / 2) } };
  };
  const { eye, alignment, seeing, tokens } = scale;
  return {
    ...scale,
    eye: { ...halved(eye), model: { ...(eye['model'] as object), patch: 8 }, shift: 2 },
    tokens: Math.min(16, tokens),
    alignment: halved(alignment),
    seeing: halved(seeing),
  };
}

const shown = ({ question, said, right }: Answered<Question>) => ({ messages: question.messages, said, right });

const meanOf = (values: readonly number[]): { value: number; standardError: number } => ({
  value: 100 * mean(values),
  standardError: 100 * standardErrorOf(values),
});
