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
  /** A line for people: on standard output, or with --json on standard error. */
  readonly say: (text: string) => void;
  /** The command's result: printed as JSON with --json, otherwise by `text` (or not at all). */
  readonly answer: (value: unknown, text?: string) => void;
  readonly signal: AbortSignal;
}

/** One command of `descent`. What it needs only when it runs, it imports then: help has to answer at once. */
export interface CommandDefinition<Flags = Record<string, unknown>, Config = unknown> {
  /** For its --help: what it does, with examples. */
  readonly details: string;
  /** Positional arguments as commander writes them: `<model>`, `[file]`, `<files...>`. */
  readonly positional?: readonly { readonly name: string; readonly summary: string }[];
  /** Declares flags on commander's command. */
  readonly flags?: (command: CommanderCommand) => void;
  /** Settings; their descriptions are the help, and every key can be set as `--dotted.key value`. */
  readonly config?: () => Promise<z.ZodType<Config>>;
  /** Said at the first Ctrl-C, where the command does something then other than to end. */
  readonly onInterrupt?: string;
  readonly run: (invocation: Invocation<Flags, Config>) => Promise<void>;
}

/** Keeps the types of flags and settings together. */
export const defineCommand = <Flags, Config = unknown>(
  definition: CommandDefinition<Flags, Config>,
): CommandDefinition => definition as unknown as CommandDefinition;

/** Commands that differ by their first word, such as one for each image model. */
export interface CommandVariants {
  readonly names: () => Promise<readonly string[]>;
  /** Also for words that name none: its settings then say which there are. */
  readonly commandFor: (name: string) => CommandDefinition;
}

/** A command that is loaded when it is asked for. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ command: CommandDefinition }>;
  /** What it is where a first word follows. */
  readonly variants?: () => Promise<{ variants: CommandVariants }>;
}

/** For commands that train. */
export const savesAndStops = 'Stopping after this step, and saving; Ctrl-C again to end at once.';
