import { defaultEnglish } from '../default-english.js';
import { splitHash } from '../prepare.js';
import type { Task, TaskExample } from './task.js';

/** Words of a passage, at least: a page's paragraph or two. */
const passageWords = 60;
/** One document in so many is for testing, of each genre. */
const documentsPerTest = 5;

/**
 * Which of 15 genres is a passage from? The texts of the Brown corpus come with the package. Whole documents are held
 * out, so that no author and no subject of the test is known from training.
 */
export function brownGenres(): Task {
  const byGenre = new Map<string, { file: string; text: string }[]>();
  for (const { genre, file, text } of defaultEnglish()) {
    if (genre === 'moby-dick') continue;
    byGenre.set(genre, [...(byGenre.get(genre) ?? []), { file, text }]);
  }
  const labels = [...byGenre.keys()].sort();
  const parts: Record<'train' | 'test', TaskExample[]> = { train: [], test: [] };
  labels.forEach((genre, label) => {
    const documents = byGenre.get(genre)!.sort((a, b) => splitHash(0, a.text) - splitHash(0, b.text));
    documents.forEach(({ file, text }, index) => {
      const part = index % documentsPerTest === 0 ? 'test' : 'train';
      passages(text).forEach((passage, number) => {
        parts[part].push({ texts: [passage], label, file, line: number + 1 });
      });
    });
  });
  return {
    name: 'brown',
    title: 'Brown: which of 15 genres is a passage from?',
    kind: 'classification',
    labels,
    ...parts,
  };
}

/** Paragraphs joined until there are words enough; what is left at the end belongs to the last passage. */
export function passages(text: string, words = passageWords): string[] {
  const found: string[] = [];
  let [open, count]: [string[], number] = [[], 0];
  for (const paragraph of text.split(/\n+/)) {
    open.push(paragraph);
    count += paragraph.split(/\s+/).length;
    if (count < words) continue;
    found.push(open.join(' '));
    [open, count] = [[], 0];
  }
  if (open.length === 0) return found;
  const rest = open.join(' ');
  return found.length === 0 ? [rest] : [...found.slice(0, -1), `${found.at(-1)!} ${rest}`];
}
