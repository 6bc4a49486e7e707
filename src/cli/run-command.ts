import type { Command } from 'commander';
import pc from 'picocolors';
import { ConfigError, DescentError } from '../errors.js';
import { abortOnInterrupt } from '../training/interrupt.js';
import type { CommandDefinition } from './command.js';
import { InterruptedError } from './interrupted.js';
import { type Nested, merge, readOverrides } from './overrides.js';

interface CommonFlags extends Record<string, unknown> {
  readonly json?: boolean;
  readonly config?: string;
}

/** Puts a definition behind a command of the program: flags, settings, help, and what happens on Ctrl-C. */
export async function addCommand(
  command: Command,
  definition: CommandDefinition,
  { name, asksForHelp }: { name: string; asksForHelp: boolean },
): Promise<void> {
  command.description(definition.details);
  for (const argument of definition.positional ?? []) command.argument(argument.name, argument.summary);
  definition.flags?.(command);
  command.option('--json', 'print one JSON value on standard output, for machines');
  const { config } = definition;
  if (config !== undefined) {
    command.option('--config <file>', 'read settings from a JSON or YAML file');
    // Unknown options are settings; what is left of the words is counted again below.
    command.allowUnknownOption().allowExcessArguments();
    command.usage(`${command.usage()} [--setting value ...]`);
    if (asksForHelp) {
      const { describedByBuild, settingsHelp } = await import('./settings-help.js');
      const settings = describedByBuild(name) ?? (await import('./config.js')).describeSettings(await config());
      command.addHelpText('after', () => settingsHelp(settings));
    }
  }
  command.action(() => invoke(command, definition));
}

async function invoke(command: Command, definition: CommandDefinition): Promise<void> {
  const flags = command.opts<CommonFlags>();
  const { settings, positional } = readOverrides(command.args);
  checkPositional(definition, positional);
  const { given, config } = await readSettings(command, definition, settings);
  const json = flags.json ?? false;
  const say = (text: string): void => void (json ? process.stderr : process.stdout).write(`${text}\n`);
  const interrupt = abortOnInterrupt(() => {
    if (definition.onInterrupt !== undefined) process.stderr.write(`\n${definition.onInterrupt}\n`);
  });
  try {
    await definition.run({
      positional,
      flags,
      config,
      given,
      json,
      say,
      answer: (value, text) => {
        if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
        else if (text !== undefined) say(text);
      },
      signal: interrupt.signal,
    });
  } catch (error) {
    // Between two stages there is nothing to save, but as much to go on with.
    const isAbort = error instanceof Error && error.name === 'AbortError';
    if (!isAbort || definition.onInterrupt === undefined) throw error;
    throw new InterruptedError('What is finished is kept.', { cause: error });
  } finally {
    interrupt.dispose();
  }
}

/** The settings of a command that has some: defaults, then the file, then the words. */
async function readSettings(command: Command, definition: CommandDefinition, words: Nested) {
  const config = await definition.config?.();
  if (config === undefined) return { given: words, config: undefined };
  // Only now: a command without settings needs no schemas.
  const { checkConfig, readConfigFile } = await import('./config.js');
  const { config: file } = command.opts<CommonFlags>();
  const given = merge(file === undefined ? {} : await readConfigFile(file), words);
  const flags = command.options.map(({ long }) => (long ?? '').replace(/^--/, ''));
  return { given, config: checkConfig(config, given, flags) };
}

/** @throws ConfigError for a missing argument or one too many */
function checkPositional({ positional: expected = [] }: CommandDefinition, words: readonly string[]): void {
  const missing = expected.find(({ name }, index) => name.startsWith('<') && words[index] === undefined);
  if (missing !== undefined) {
    throw new ConfigError(`${missing.name} is missing: ${missing.summary}`, { advice: 'See --help.' });
  }
  const isMany = expected.at(-1)?.name.includes('...') === true;
  const extra = isMany ? undefined : words[expected.length];
  if (extra !== undefined) {
    throw new ConfigError(`'${extra}' is one word too many`, {
      advice: 'Put a text of several words in quotes; --help shows what the command takes.',
    });
  }
}

/** Says what went wrong and what to do, and sets the exit code. */
export function reportError(error: unknown): void {
  const isAbort = error instanceof Error && error.name === 'AbortError';
  process.exitCode = isAbort || error instanceof InterruptedError ? 130 : 1;
  if (error instanceof InterruptedError) {
    process.stderr.write(`${pc.yellow('Stopped: ')}${error.message}\n`);
    process.stderr.write(`Go on with: npx descent ${process.argv.slice(2).map(quoted).join(' ')}\n`);
  } else if (error instanceof DescentError) {
    process.stderr.write(`${pc.red('Error: ')}${error.message}\n`);
    if (error.advice !== undefined) process.stderr.write(`${error.advice}\n`);
  } else if (isAbort) {
    process.stderr.write(`${pc.yellow('Stopped.')}\n`);
  } else if (error instanceof Error && 'syscall' in error) {
    // The system refused: a missing file, no rights, a full disk. Its own words name the path.
    process.stderr.write(`${pc.red('Error: ')}${error.message}\n`);
  } else {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${pc.red('Something went wrong that should not:')} ${text}\n`);
  }
}

/** A word as a shell takes it. */
const quoted = (word: string): string => (/^[\w./:=,@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
