import { type Command, InvalidArgumentError, Option } from 'commander';

/** Flags that several commands have. */

export interface EngineFlags {
  readonly device: 'cpu' | 'webgpu' | 'cuda';
  readonly threads?: number;
}

/** Reads a whole number of at least `least`. */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It should be a whole number of at least ${least}.`);
  };

export function engineFlags(command: Command): Command {
  return command
    .addOption(new Option('--device <device>', 'where it runs').choices(['cpu', 'webgpu', 'cuda']).default('cpu'))
    .option('--threads <n>', 'threads for the matrix products (default: the number of cores)', wholeNumber(1));
}

export interface RunFlags extends EngineFlags {
  readonly out: string;
  readonly fresh?: boolean;
}

export function runFlags(command: Command, folder: string): Command {
  command
    .option('--out <folder>', 'the run: its log, checkpoints and model; an unfinished one is resumed', folder)
    .option('--fresh', 'begin anew where the folder holds a run of other settings or data');
  return engineFlags(command);
}

export interface TextFlags {
  readonly field?: string;
  readonly separator: string;
  readonly skipBad?: boolean;
}

export function textFlags(command: Command): Command {
  return command
    .option('--field <name>', 'the field of JSON, CSV and Parquet rows that holds the text (default: text)')
    .option('--separator <text>', 'what stands between two documents of a text file', '<|endoftext|>')
    .option('--skip-bad', 'leave bad rows out, and say how many there were');
}
