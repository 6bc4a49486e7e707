import { readFileSync, readdirSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commands } from './command-table.js';
import type { CommandDefinition } from './command.js';
import { addCommand } from './run-command.js';

/** Every command line that the documentation or a help text shows is one that would run: its command, flags and settings exist. */

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

const pages = ['README.md', ...readdirSync(new URL('docs/', root)).map((file) => `docs/${file}`)].filter((path) =>
  path.endsWith('.md'),
);

/** The lines of fenced code that call the program. */
const shownIn = (page: string): string[] =>
  [...read(page).matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, code]) => linesOf(code!));

const linesOf = (text: string): string[] =>
  [...text.replaceAll(/\\\n\s*/g, '').matchAll(/^\s*(?:npx )?descent ([^\n|]+)/gm)].map(([, line]) => line!.trim());

/** As a shell takes a line apart; what stands behind # is a remark. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/\s#.*$/, '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare!,
  );

/** The command of a line, and the words behind it. */
async function commandOf(line: string): Promise<{ name: string; definition: CommandDefinition; rest: string[] }> {
  const words = wordsOf(line);
  const name = [words.slice(0, 2).join(' '), words[0]!].find((each) => each in commands);
  if (name === undefined) throw new Error(`there is no command ${words[0]!}`);
  const { load, variants } = commands[name]!;
  const rest = words.slice(name.split(' ').length);
  const variant = rest[0];
  if (variants === undefined || variant === undefined || variant.startsWith('-'))
    return { name, definition: (await load()).command, rest };
  const all = (await variants()).variants;
  expect(await all.names(), line).toContain(variant);
  return { name, definition: all.commandFor(variant), rest };
}

/** Reads a line as the program would, up to where it would begin. */
async function wouldRun(line: string): Promise<void> {
  const { name, definition, rest } = await commandOf(line);
  if (rest.includes('--help')) return;
  let reached = false;
  const command = new Command(name).exitOverride().configureOutput({ writeErr: () => undefined });
  const run = (): Promise<void> => {
    reached = true;
    return Promise.resolve();
  };
  await addCommand(command, { ...definition, run }, { name, asksForHelp: false });
  await command.parseAsync(rest, { from: 'user' });
  expect(reached, line).toBe(true);
}

const allRun = async (lines: readonly string[]): Promise<void> => {
  for (const line of lines) {
    try {
      await wouldRun(line);
    } catch (cause) {
      throw new Error(`descent ${line}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
};

describe('command lines that are shown', () => {
  it.each(pages)('%s: would run', (page) => allRun(shownIn(page)));

  it.each(Object.keys(commands))('the help of %s: would run', async (name) => {
    await allRun(linesOf((await commands[name]!.load()).command.details));
  });

  it('show every command somewhere', () => {
    const shown = pages.flatMap((page) => linesOf(read(page).replaceAll('`', '\n')));
    const missing = Object.keys(commands).filter((name) => !shown.some((line) => `${line} `.startsWith(`${name} `)));
    expect(missing).toEqual([]);
  });
});
