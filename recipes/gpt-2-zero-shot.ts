import { basename, join } from 'node:path';
import type { Recipe, RecipeOptions, RecipeResult, RecipeScale } from '../src/cli/recipe.js';
import { onEngine } from '../src/cli/recipe-engine.js';
import { pretrainSchema } from '../src/cli/stages/settings.js';
import { jsonLines } from '../src/data/json.js';
import { defaultEnglish } from '../src/data/default-english.js';
import { readDocuments } from '../src/data/sources/documents.js';
import { type Estimate, bootstrap } from '../src/evaluation/bootstrap.js';
import { builtInTask } from '../src/prompting/built-in.js';
import { type ClozeOptions, clozes } from '../src/prompting/cloze.js';
import type { TaskExample } from '../src/prompting/example.js';
import { stopWords } from '../src/prompting/stop-words.js';
import { counterRandom, shuffle } from '../src/tensor/random.js';
import { tokenizerHash } from '../src/data/token-store.js';
import { writeFileAtomically } from '../src/runtime/atomic-file.js';
import {
  beyondError,
  corpusOf,
  detailsOf,
  evaluated,
  headlineOf,
  meanOver,
  pretrained,
  rowOf,
  smallModel,
  trainingFor,
} from './language.helper.js';
import { sizeOf } from './size.helper.js';

/**
 * GPT-2's experiment: a model that has only read text is asked, with no example and no training, for the last word of
 * passages and for the word that was left out of a sentence, both of books that it has not read.
 */

interface Setting {
  readonly width: number;
  readonly layers: number;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly questions: number;
  /** Characters of held-out text that are read for perplexity. */
  readonly read: number;
  /** Sentences before a gap among choices: as many as the context holds. */
  readonly sentences: number;
  /** Characters of the text that is trained on, at most. */
  readonly characters: number;
}

const settings: Readonly<Record<RecipeScale, Setting>> = {
  smoke: {
    width: 16,
    layers: 1,
    vocabularySize: 320,
    contextLength: 64,
    batchSize: 2,
    steps: 3,
    questions: 4,
    read: 2000,
    sentences: 8,
    characters: 30_000,
  },
  cpu: {
    width: 160,
    layers: 4,
    vocabularySize: 4096,
    contextLength: 256,
    batchSize: 8,
    steps: 6800,
    questions: 1000,
    read: 100_000,
    sentences: 6,
    characters: Infinity,
  },
  gpu: {
    width: 512,
    layers: 8,
    vocabularySize: 16_384,
    contextLength: 1024,
    batchSize: 32,
    steps: 8000,
    questions: 2000,
    read: Infinity,
    sentences: 20,
    characters: Infinity,
  },
};

const configOf = ({ width, layers, contextLength, batchSize, steps }: Setting) =>
  pretrainSchema.parse({
    model: { layers, heads: Math.max(2, width / 32), width, ...smallModel, contextLength },
    batchSize,
    evaluationWindows: 64,
    training: trainingFor(steps, 3e-3),
  });

interface Text {
  readonly name: string;
  readonly train: readonly string[];
  /** Whole books or documents, none of them among those trained on. */
  readonly heldOut: readonly string[];
}

/** Books of a folder with train.txt.gz and heldout.txt.gz; without one the English that comes with the package. */
async function readText({ data, signal }: RecipeOptions): Promise<Text> {
  if (data === undefined) {
    const documents = [...defaultEnglish()];
    // Prose: in fiction a passage tells what comes next. Every sixth document of it is held out.
    const isHeldOut = documents.map(
      ({ genre }, index) => !/^(news|government|learned)$/.test(genre) && index % 6 === 0,
    );
    const of = (heldOut: boolean) =>
      documents.filter((_, index) => isHeldOut[index] === heldOut).map(({ text }) => text);
    return { name: 'the Brown corpus and Moby-Dick', train: of(false), heldOut: of(true) };
  }
  const read = async (file: string): Promise<string[]> => {
    const texts: string[] = [];
    const paths = join(data, file);
    for await (const { text } of readDocuments({ paths, separator: '<|endofbook|>', ...(signal && { signal }) })) {
      texts.push(text);
    }
    return texts;
  };
  return { name: basename(data), train: await read('train.txt.gz'), heldOut: await read('heldout.txt.gz') };
}

/** So many texts from the first on as have a number of characters together, the last one cut. */
function upTo(texts: readonly string[], characters: number): string[] {
  let left = characters;
  return texts.flatMap((text) => {
    const part = text.slice(0, Math.max(0, left));
    left -= text.length;
    return part === '' ? [] : [part];
  });
}

const kinds = ['last word', 'common noun', 'name'] as const satisfies readonly ClozeOptions['of'][];
type Kind = (typeof kinds)[number];

/** What guessing without reading comes to: by the counts of the training text, and by those of the passage. */
function baselines(
  kind: Kind,
  questions: readonly TaskExample[],
  counts: ReadonlyMap<string, number>,
): Readonly<Record<string, Estimate>> {
  const commonest = (words: readonly string[], count: (word: string) => number): string =>
    words.reduce((best, word) => (count(word) > count(best) ? word : best));
  const inText = (word: string): number => counts.get(word) ?? 0;
  const right = (guess: (fields: TaskExample['fields']) => string) =>
    bootstrap(
      questions.map(({ fields }) => [Number(guess(fields) === fields['word']), 1]),
      ([hits, all]) => hits! / all!,
      { seed: 1 },
    );
  const wordsBefore = (fields: TaskExample['fields']): string[] =>
    String(fields['context']).match(/[A-Za-z]+/g) ?? [''];
  const candidates = (fields: TaskExample['fields']): readonly string[] => fields['candidates'] as readonly string[];
  const inPassage = (words: readonly string[]) => (word: string) => words.filter((each) => each === word).length;
  if (kind === 'last word') {
    const random = counterRandom(1, 'a word of the passage', 0);
    // As the questions are made: no stop word is asked for, and what is asked for stands in the passage.
    const askable = (word: string): boolean => word.length >= 3 && !stopWords.has(word.toLowerCase());
    const askableBefore = (fields: TaskExample['fields']): string[] => {
      const words = wordsBefore(fields).filter(askable);
      return words.length > 0 ? words : [''];
    };
    const most = commonest([...counts.keys()].filter(askable), inText);
    return {
      'the commonest word of all': right(() => most),
      'any word of the passage': right((fields) => shuffle(random, askableBefore(fields))[0]!),
      'the commonest word of the passage': right((fields) => {
        const words = askableBefore(fields);
        return commonest(words, inPassage(words));
      }),
    };
  }
  return {
    'the candidate commonest in training': right((fields) => commonest(candidates(fields), inText)),
    'the candidate commonest in the passage': right((fields) => {
      return commonest(candidates(fields), inPassage(wordsBefore(fields)));
    }),
  };
}

const run = (options: RecipeOptions): Promise<RecipeResult> =>
  onEngine(options, async (context) => {
    const { scale, folder, signal, say } = options;
    const setting = settings[scale];
    const text = await readText(options);
    const train = upTo(text.train, setting.characters);
    const corpus = await corpusOf({
      folder,
      name: text.name,
      documents: train,
      tokenizer: { vocabularySize: setting.vocabularySize },
      validation: 0.02,
      signal,
    });
    const model = await pretrained(context, { folder, corpus, config: configOf(setting) });

    say?.('Questions with no example');
    const counts = new Map<string, number>();
    for (const part of train) {
      for (const [word] of part.matchAll(/[A-Za-z]+/g)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const write = async (name: string, rows: readonly unknown[]): Promise<string> => {
      await writeFileAtomically(join(folder, name), jsonLines(rows));
      return name;
    };
    const questionsOf = (of: Kind) => {
      const all = clozes(text.heldOut, of === 'last word' ? { of } : { of, sentences: setting.sentences });
      return shuffle(counterRandom(1, `questions ${of}`, 0), all).slice(0, setting.questions);
    };
    const asked = kinds
      .map((kind) => ({ kind, questions: questionsOf(kind) }))
      .filter(({ questions }) => questions.length > 0);
    const named = { 'last word': 'last-word', 'common noun': 'common-noun', name: 'name' } as const;
    const tasks = await Promise.all(
      asked.map(async ({ kind, questions }) =>
        builtInTask(named[kind], { source: { kind: 'rows', test: await write(`${named[kind]}.jsonl`, questions) } }),
      ),
    );
    const heldOut = upTo(text.heldOut, setting.read).map((part) => ({ text: part }));
    const books = await write('held-out.jsonl', heldOut);
    const strides = [undefined, Math.floor(setting.contextLength / 2)];
    const reading = strides.map((stride) =>
      builtInTask('books', {
        name: stride === undefined ? 'books' : 'books-half-stride',
        source: { kind: 'documents', test: books },
        answer: { by: 'reading', ...(stride !== undefined && { stride }) },
      }),
    );
    const evaluations = await evaluated(context, {
      models: [model],
      tasks: [...tasks, ...reading],
      data: folder,
      out: join(folder, 'evaluations'),
    });
    const chance = asked.map(({ kind, questions }) =>
      baselines(
        kind,
        questions.map((fields, index) => ({ fields, file: kind, line: index })),
        counts,
      ),
    );
    const accuracies = evaluations.slice(0, tasks.length);
    const gains = accuracies.map((evaluation, index) => {
      const best = Object.values(chance[index]!).reduce((one, other) => (other.value > one.value ? other : one));
      const { value, standardError } = headlineOf(evaluation);
      return {
        kind: asked[index]!.kind,
        gain: { value: value - best.value, standardError: Math.hypot(standardError, best.standardError) },
      };
    });
    const value = beyondError(meanOver(gains.map(({ gain }) => gain)));
    return {
      value,
      rows: [
        { metric: headline, value, target: 0, direction: 'at least' },
        ...accuracies.flatMap((evaluation, index) => [
          ...Object.entries(evaluation.figures).map(([metric, figure]) =>
            rowOf(`${asked[index]!.kind}: ${metric}`, figure),
          ),
          ...Object.entries(chance[index]!).map(([name, figure]) =>
            rowOf(`${asked[index]!.kind}, guessing: ${name}`, figure),
          ),
          rowOf(`${asked[index]!.kind}: above the best guess`, gains[index]!.gain),
        ]),
        ...evaluations
          .slice(tasks.length)
          .flatMap((evaluation, index) =>
            Object.entries(evaluation.figures).map(([metric, figure]) =>
              rowOf(
                `held-out text, ${index === 0 ? 'windows side by side' : 'each window half on'}: ${metric}`,
                figure,
              ),
            ),
          ),
      ],
      details: {
        tokenizer: { id: tokenizerHash(model.tokenizer).slice(0, 16), vocabulary: model.tokenizer.vocabSize },
        evaluations: detailsOf(evaluations),
        training: model.lineage?.results,
        ...sizeOf(model),
      },
      notes: [
        `Trained on ${text.name}; questions and perplexities are of other books or documents. No example, no training.`,
        'Last word: every token of the word has to be the most probable one ("last token" counts the last of them alone). ' +
          'No stop word is asked for, and each word stands in its passage; the guesses know that, and the model does not.',
        'Choices: ten words of the passage, compared by the probability of the rest of the sentence with each, as GPT-2 did.',
        `Perplexities per token are of this tokenizer (${model.tokenizer.vocabSize} tokens); words are those between white space.`,
      ],
    };
  });

const headline = 'cloze questions right above the best guess, the mean over their kinds, less two standard errors';

export const recipe: Recipe = {
  name: 'gpt-2-zero-shot',
  title: 'GPT-2: cloze questions about unseen books, answered by a model that has only read',
  source: 'after Radford et al. 2019, sections 3.2 and 3.3 (CBT 87.65 and 83.4, LAMBADA 45.99 for 117M parameters)',
  metric: headline,
  target: 0,
  direction: 'at least',
  scales: {
    smoke: 'a tiny model, 3 steps, a few questions',
    cpu: '4 layers of width 160, 6,800 steps of 8 x 256 tokens of the Brown corpus and Moby-Dick, or of books by --data; about 14 minutes',
    gpu: '8 layers of width 512, 8,000 steps of 32 x 1024 tokens',
  },
  run,
};
