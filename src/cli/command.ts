import type { Command as CommanderCommand } from 'commander';
import type { z } from 'zod';

/** What a command's action is given. */
export interface Invocation<Flags, Config = unknown> {
  /** Positional arguments, in order. */
  readonly positional: readonly string[];
  readonly flags: Flags;
  /** The settings: defaults, then `--config`, then dotted overrides. */
  readonly config: Config;
  /** The settings that were given, without the defaults. */
  readonly given: Readonly<Record<string, unknown>>;
  /** `--json`: print one JSON value on standard output, and nothing else there. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** One command of `descent`; each is a file of its own in commands/. */
export interface CommandDefinition<Flags = Record<string, unknown>, Config = unknown> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** For its own --help: what it does, with examples. */
  readonly details?: string;
  /** Positional arguments as commander writes them: `<model>`, `[file]`, `<files...>`. */
  readonly positional?: readonly { readonly name: string; readonly summary: string }[];
  /** Declares flags on commander's command. */
  readonly flags?: (command: CommanderCommand) => void;
  /** Settings; their descriptions are the help, and every key can be set as `--dotted.key value`. */
  readonly config?: z.ZodType<Config>;
  readonly run: (invocation: Invocation<Flags, Config>) => Promise<void>;
}

/** Keeps the types of flags and settings together. */
export const defineCommand = <Flags, Config>(definition: CommandDefinition<Flags, Config>): CommandDefinition =>
  definition as unknown as CommandDefinition;
