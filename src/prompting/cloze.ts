import { counterRandom, integer, shuffle } from '../tensor/random.js';
import type { Fields } from './example.js';
import { stopWords } from './stop-words.js';

/**
 * Cloze questions from books. "last word" is in the manner of LAMBADA (Paperno et al. 2016): the last word of a passage,
 * which stood in the passage before. LAMBADA kept the words that people guess with the passage and not without it; that
 * the word was there before is a stand-in for the first half of this. "common noun" and "name" are in the manner of the
 * Children's Book Test (Hill et al. 2016): some sentences, the next one with a word left out, and ten words of its kind
 * that occur in the passage, or of names, of which few passages have ten, elsewhere in the book. CBT told kinds by a
 * tagger; here a name is a word that the book never writes small, and a common noun one that often stands between a
 * determiner and the end of its phrase.
 */
export interface ClozeOptions {
  readonly of: 'last word' | 'common noun' | 'name';
  /** Sentences before the one that is asked about. Default: 4 for a last word, 20 for choices (as the originals have). */
  readonly sentences?: number;
  readonly candidates?: number;
  readonly seed?: number;
}

/**
 * Questions of all books, one passage after the other. Fields: `context` (what stands before the gap), `word`; with
 * choices also `candidates`, `rest` (what follows the gap in its sentence), `completions` (each candidate with the rest:
 * GPT-2 compares these) and `completion` (the right one).
 */
export function clozes(books: Iterable<string>, options: ClozeOptions): Fields[] {
  const { of, seed = 0, candidates = 10, sentences: before = of === 'last word' ? 4 : 20 } = options;
  const questions: Fields[] = [];
  for (const book of books) {
    const sentences = sentencesOf(book);
    const kind = of === 'last word' ? undefined : wordsOfKind(sentences, of);
    for (let at = before; at < sentences.length; at++) {
      const passage = sentences.slice(at - before, at);
      const random = counterRandom(seed, `cloze ${of}`, questions.length);
      const fields =
        kind === undefined
          ? lastWord(passage, sentences[at]!)
          : gap(passage, sentences[at]!, { kind, fill: of === 'name', candidates, random });
      if (fields === undefined) continue;
      questions.push(fields);
      at += before;
    }
  }
  return questions;
}

/** The prose of a book as sentences: headings and rules of Markdown are left out, white space is single. */
export function sentencesOf(book: string): string[] {
  const prose = book
    .split('\n')
    .filter((line) => !/^\s*(#|[-*=_]{3,}\s*$|\[|!\[)/.test(line))
    .join('\n');
  return prose
    .split(/\n\s*\n/)
    .flatMap((paragraph) =>
      paragraph
        .replace(/[_*]{1,2}(?=\S)|(?<=\S)[_*]{1,2}/g, '')
        .replace(/\s+/g, ' ')
        .trim()
        .split(/(?<=[.!?]["'”’]?) (?=["'“‘]?[A-Z])/),
    )
    .filter((sentence) => sentence !== '');
}

const wordPattern = /[A-Za-z]+(?:'[a-z]+)?/g;
const wordsIn = (text: string): string[] => text.match(wordPattern) ?? [];

function lastWord(passage: readonly string[], sentence: string): Fields | undefined {
  const found = /^(.*\S) ([A-Za-z]{3,})[.!?]["'”’]?$/.exec(sentence);
  if (found === null) return undefined;
  const [, beginning, word] = found as unknown as [string, string, string];
  const context = [...passage, beginning].join(' ');
  if (stopWords.has(word.toLowerCase()) || !wordsIn(context).includes(word)) return undefined;
  return { context, word };
}

function gap(
  passage: readonly string[],
  sentence: string,
  options: { kind: ReadonlySet<string>; fill: boolean; candidates: number; random: () => number },
): Fields | undefined {
  const { kind, fill, candidates: count, random } = options;
  const before = passage.join(' ');
  const there = new Set(wordsIn(before).filter((word) => kind.has(word)));
  // A gap that begins a sentence says by its capital that it does.
  const places = [...sentence.matchAll(wordPattern)].filter(({ 0: word, index }) => index > 0 && there.has(word));
  if ((fill ? kind : there).size < count || places.length === 0) return undefined;
  const { 0: word, index } = places[integer(random, places.length)]!;
  const near = shuffle(random, [...there]);
  const far = fill
    ? shuffle(
        random,
        [...kind].filter((other) => !there.has(other)),
      )
    : [];
  const others = [...near, ...far].filter((other) => other !== word).slice(0, count - 1);
  const candidates = shuffle(random, [word, ...others]);
  const rest = sentence.slice(index + word.length);
  const context = `${before} ${sentence.slice(0, index).trimEnd()}`;
  return {
    context,
    word,
    rest,
    candidates,
    completions: candidates.map((each) => each + rest),
    completion: word + rest,
  };
}

const determiners = new Set(
  'the a an his her my your our their its this that these those some every no each'.split(' '),
);
const phraseEnds = new Set(
  'of was were is are and in to that had has have who which with at on for from but as by when where would could'.split(
    ' ',
  ),
);

/** The words of a kind in a book. */
function wordsOfKind(sentences: readonly string[], of: 'common noun' | 'name'): Set<string> {
  const counts = new Map<string, { all: number; asNoun: number; inside: number }>();
  const countOf = (word: string) => {
    const known = counts.get(word);
    if (known !== undefined) return known;
    const fresh = { all: 0, asNoun: 0, inside: 0 };
    counts.set(word, fresh);
    return fresh;
  };
  for (const sentence of sentences) {
    const words = [...sentence.matchAll(wordPattern)];
    words.forEach(({ 0: word, index }, position) => {
      const count = countOf(word);
      count.all++;
      const between = sentence.slice(index + word.length, words[position + 1]?.index);
      const begins = position === 0 || /["“‘.!?:]\s*$/.test(sentence.slice(0, index));
      if (!begins) count.inside++;
      const ends = /[^\w\s-]/.test(between) || phraseEnds.has(words[position + 1]?.[0].toLowerCase() ?? '');
      if (ends && determiners.has(words[position - 1]?.[0].toLowerCase() ?? '')) count.asNoun++;
    });
  }
  const isName = (word: string): boolean =>
    /^[A-Z][a-z]{2,}$/.test(word) && counts.get(word)!.inside >= 2 && !counts.has(word.toLowerCase());
  const isNoun = (word: string): boolean => {
    const { all, asNoun } = counts.get(word)!;
    return /^[a-z]{3,}$/.test(word) && !stopWords.has(word) && asNoun >= 2 && asNoun >= 0.25 * all;
  };
  return new Set([...counts.keys()].filter(of === 'name' ? isName : isNoun));
}
