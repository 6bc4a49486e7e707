import {
  demonstrations,
  evaluationSet,
  grade,
  pretrainingDocuments,
  rankAnswers,
  rankingPrompts,
} from '../../data/almanac/index.js';
import { defaultEnglish } from '../../data/default-english.js';
import type { DocumentPart } from '../../data/sources/documents.js';
import { takeExam } from '../../evaluation/exam.js';
import type { Message } from '../../tokenizer/chat.js';
import type { QuickstartConfig } from './settings.js';
import type { LabelledPrompt, Task } from './task.js';

/** Seeds of the almanac's lists are set apart, so that no two stages practise on the same dialogues. */
const PURPOSES = { chats: 1, heldOutChats: 2, rankings: 3, prompts: 4, documents: 5 } as const;

export interface AlmanacTaskOptions {
  readonly config: QuickstartConfig;
  /** 'development' while tuning; 'evaluation' is for reporting alone. */
  readonly split?: 'development' | 'evaluation';
  /** Only questions that stand for themselves, as InstructGPT's did; otherwise dialogues, as ChatGPT's. */
  readonly singleTurn?: boolean;
}

/** The pocket almanac: short factual questions over data from npm packages, with a scripted labeler. */
export function almanacTask({ config, split = 'evaluation', singleTurn = false }: AlmanacTaskOptions): Task {
  const seedOf = (purpose: keyof typeof PURPOSES): number => config.seed * 10 + PURPOSES[purpose];
  const { demonstrations: count, bluffRate, unknownRate } = config;
  const isAsked = ({ messages }: { messages: readonly Message[] }): boolean => !singleTurn || messages.length === 1;
  const questions = evaluationSet({ seed: 1, perKind: config.questionsPerKind, split }).filter(isAsked);
  const shown = (options: Parameters<typeof demonstrations>[0]) =>
    demonstrations(options).map((dialogue) => (singleTurn ? dialogue.slice(0, 2) : dialogue));
  const labelled = (purpose: 'rankings' | 'prompts', size: number, unknown?: number): LabelledPrompt[] =>
    rankingPrompts({ seed: seedOf(purpose), count: size, ...(unknown !== undefined && { unknownRate: unknown }) })
      .filter(isAsked)
      .map(({ messages, item }) => ({
        messages,
        rank: (answers) => rankAnswers(item, answers),
        score: (answer, finished) => grade(item, answer, finished).score,
      }));
  const chats = shown({ seed: seedOf('chats'), count, bluffRate, unknownRate });
  return {
    name: 'pocket almanac',
    documents: () => almanacDocuments(config, seedOf('documents')),
    tokenizerText: function* () {
      for (const dialogue of chats.slice(0, 5000)) for (const { content } of dialogue) yield content;
    },
    chats,
    heldOutChats: shown({ seed: seedOf('heldOutChats'), count: 300, bluffRate: 0, unknownRate }),
    rankings: { prompts: labelled('rankings', config.rankedPrompts, config.rankingUnknownRate) },
    prompts: labelled('prompts', config.prompts),
    exam: (answerer) => takeExam(questions, answerer),
    origins: {
      text: { role: 'data', name: 'general English (Brown corpus, Moby-Dick) and almanac passages' },
      chats: { role: 'data', name: 'almanac demonstrations', size: `${count} dialogues` },
      rankings: {
        role: 'data',
        name: 'almanac rankings by a scripted labeler',
        size: `${config.rankedPrompts} prompts`,
      },
      prompts: { role: 'data', name: 'almanac prompts', size: `${config.prompts} prompts` },
    },
  };
}

/** English and almanac passages in turn, so that English has its share of the characters. */
function* almanacDocuments(config: QuickstartConfig, seed: number): Generator<DocumentPart> {
  const passages = pretrainingDocuments({ seed, count: config.documents });
  const total = passages.reduce((sum, text) => sum + text.length, 0);
  const wanted = (total * config.englishShare) / Math.max(1e-9, 1 - config.englishShare);
  const ratio = wanted / total;
  const english = paragraphs(defaultEnglish());
  let englishLength = 0;
  let almanacLength = 0;
  for (const [line, text] of passages.entries()) {
    yield { text, ends: true, file: 'almanac', line: line + 1 };
    almanacLength += text.length;
    while (englishLength < ratio * almanacLength) {
      const next = english.next();
      if (next.done === true) break;
      yield next.value;
      englishLength += next.value.text.length;
    }
  }
}

/** Long documents in pieces of a few thousand characters, taken from all documents in turn: many voices, not one book. */
function* paragraphs(documents: Iterable<DocumentPart>): Generator<DocumentPart> {
  const pieces: DocumentPart[][] = [];
  for (const { text, file, line } of documents) {
    const cut: DocumentPart[] = [];
    for (let start = 0; start < text.length; start += 2000) {
      cut.push({ text: text.slice(start, start + 2000), file, line, ends: true });
    }
    pieces.push(cut);
  }
  const longest = Math.max(0, ...pieces.map((cut) => cut.length));
  for (let index = 0; index < longest; index++) for (const cut of pieces) yield* cut.slice(index, index + 1);
}
