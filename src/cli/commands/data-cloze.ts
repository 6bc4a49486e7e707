import type { DataClozeFlags } from '../actions/data-cloze.js';
import { defineCommand } from '../command.js';
import { wholeNumber } from '../flags.js';

export const command = defineCommand<DataClozeFlags>({
  details: `Makes cloze questions of books: the last word of a passage that had the word before (in the manner of LAMBADA), and
ten nouns or names of a passage, one of which was left out of the sentence after it (in the manner of the Children's Book
Test). One JSONL file for each kind, to be read by tasks; the tasks last-word, common-noun and name make the same of the
held-out books of text-classic-children by themselves.

  descent data cloze heldout.txt.gz --separator '<|endofbook|>' --out cloze`,
  positional: [{ name: '<paths...>', summary: 'books: files and folders' }],
  flags: (command) =>
    void command
      .option('--out <folder>', 'where the files go', 'cloze')
      .option('--separator <text>', 'what stands between two books of a file', '<|endoftext|>')
      .option('--sentences <n>', 'sentences before the gap (default: 4 for last words, 20 for choices)', wholeNumber(1))
      .option('--candidates <n>', 'words to choose from', wholeNumber(2), 10)
      .option('--seed <n>', 'of gaps and candidates', wholeNumber(0), 0),
  run: async (invocation) => (await import('../actions/data-cloze.js')).makeClozes(invocation),
});
