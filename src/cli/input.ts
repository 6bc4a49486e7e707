import { readFile } from 'node:fs/promises';
import { text as readStream } from 'node:stream/consumers';
import { ConfigError } from '../errors.js';

/** The text that a command works on: its argument, a file, or standard input for `-`. */
export async function inputText(word: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (word !== undefined && file !== undefined) {
    throw new ConfigError('There is both a text and a --file', { advice: 'Give one of them.' });
  }
  if (file === undefined) return word;
  return file === '-' ? readStream(process.stdin) : readFile(file, 'utf8');
}
