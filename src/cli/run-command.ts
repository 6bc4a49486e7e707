import type { Command } from 'commander';
import pc from 'picocolors';
import { DescentError } from '../errors.js';
import { abortOnInterrupt } from '../training/interrupt.js';
import type { CommandDefinition } from './command.js';
import { checkConfig, merge, readConfigFile, readOverrides, settingsHelp } from './config.js';

/** Puts a command into the program: flags, settings, help, and what happens on Ctrl-C. */
export function addCommand(program: Command, definition: CommandDefinition, name: string): void {
  const command = program.command(name).description(definition.details ?? definition.summary);
  for (const { name: argument, summary } of definition.positional ?? []) command.argument(argument, summary);
  definition.flags?.(command);
  command.option('--json', 'print one JSON value on standard output, for machines');
  const { config } = definition;
  if (config !== undefined) {
    command.option('--config <file>', 'read settings from a JSON or YAML file');
    command.allowUnknownOption().allowExcessArguments();
    command.addHelpText('after', () => settingsHelp(config));
  }
  command.action(async () => {
    const flags = command.opts<{ json?: boolean; config?: string }>();
    const expected = definition.positional?.length ?? 0;
    const isMany = definition.positional?.at(-1)?.name.includes('...') ?? false;
    const words = command.args;
    const firstFlag = words.findIndex((word) => word.startsWith('--'));
    const limit = firstFlag < 0 ? words.length : firstFlag;
    const positional = words.slice(0, isMany ? limit : Math.min(limit, expected));
    const rest = words.slice(positional.length);
    let given: Record<string, unknown> = {};
    if (config !== undefined) {
      given = merge(flags.config === undefined ? {} : await readConfigFile(flags.config), readOverrides(rest));
    }
    const interrupt = abortOnInterrupt(() => {
      process.stderr.write('\nStopping after this step, and saving; Ctrl-C again to end at once.\n');
    });
    try {
      await definition.run({
        positional,
        flags: flags as Record<string, unknown>,
        config: config === undefined ? undefined : checkConfig(config, given),
        given,
        json: flags.json ?? false,
        signal: interrupt.signal,
      });
    } finally {
      interrupt.dispose();
    }
  });
}

/** Says what went wrong and what to do, and sets the exit code. */
export function reportError(error: unknown): void {
  process.exitCode = 1;
  if (!(error instanceof DescentError)) {
    process.stderr.write(
      `${pc.red('Something went wrong that should not:')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return;
  }
  if (error.name === 'InterruptedError') process.exitCode = 130;
  const label = error.name === 'InterruptedError' ? pc.yellow('Stopped: ') : pc.red('Error: ');
  process.stderr.write(`${label}${error.message}\n`);
  if (error.advice !== undefined) process.stderr.write(`${error.advice}\n`);
}
