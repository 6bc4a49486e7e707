/** How much two texts have in common: exact match and F1 of SQuAD (Rajpurkar et al. 2016), ROUGE (Lin 2004). */

/** Scripts without spaces are compared character by character. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;

/** SQuAD's normal form: small letters, no punctuation, no English articles, single spaces. */
export const normaliseAnswer = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[\p{P}$+<=>^`|~]/gu, '')
    .replace(/\b(a|an|the)\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

const answerWords = (text: string): string[] => wordsOf(normaliseAnswer(text).replace(unspaced, ' $& '));
const rougeWords = (text: string): string[] =>
  wordsOf(
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .replace(unspaced, ' $& '),
  );
const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

const best = (references: readonly string[], score: (reference: string) => number): number =>
  Math.max(0, ...references.map(score));

/** 1 where the answer is one of the references in their normal form. */
export const exactMatch = (answer: string, references: readonly string[]): number =>
  best(references, (reference) => Number(normaliseAnswer(answer) === normaliseAnswer(reference)));

/** F1 over the words of the normal forms, the best over all references. */
export const tokenF1 = (answer: string, references: readonly string[]): number =>
  best(references, (reference) => {
    const [said, right] = [answerWords(answer), answerWords(reference)];
    // Two answers without words agree; one of them does not.
    if (said.length === 0 || right.length === 0) return Number(said.length === right.length);
    return f1(common(counted(said), counted(right)), said.length, right.length);
  });

/** ROUGE-N: F1 over runs of `length` words. */
export const rougeN = (answer: string, references: readonly string[], length: number): number =>
  best(references, (reference) => {
    const [said, right] = [rougeWords(answer), rougeWords(reference)].map((words) => runs(words, length));
    return f1(common(counted(said!), counted(right!)), said!.length, right!.length);
  });

/** ROUGE-L: F1 over the longest common subsequence of words. */
export const rougeL = (answer: string, references: readonly string[]): number =>
  best(references, (reference) => {
    const [said, right] = [rougeWords(answer), rougeWords(reference)];
    return f1(longestCommon(said, right), said.length, right.length);
  });

const f1 = (shared: number, said: number, right: number): number => (shared === 0 ? 0 : (2 * shared) / (said + right));

/** Every so many parts in a row, with a space between them. */
export const runs = (parts: readonly string[], length: number): string[] =>
  Array.from({ length: Math.max(0, parts.length - length + 1) }, (_, at) => parts.slice(at, at + length).join(' '));

/** How often each part occurs. */
export function counted(parts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1);
  return counts;
}

/** How many parts two counts have in common, each as often as in the one that has it less. */
export const common = (one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number =>
  [...one].reduce((sum, [part, count]) => sum + Math.min(count, other.get(part) ?? 0), 0);

function longestCommon(one: readonly string[], other: readonly string[]): number {
  let above = new Int32Array(other.length + 1);
  for (const word of one) {
    const row = new Int32Array(other.length + 1);
    other.forEach((each, at) => {
      row[at + 1] = word === each ? above[at]! + 1 : Math.max(above[at + 1]!, row[at]!);
    });
    above = row;
  }
  return above[other.length]!;
}
