import { type Command, InvalidArgumentError, Option } from 'commander';
import type { DenoisingOptions } from '../sampling/images.js';
import { type SamplerName, samplerNames } from '../nn/image-model.js';

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

/** Reads a list of such numbers, with commas between them. */
export const wholeNumbers =
  (least: number) =>
  (text: string): number[] =>
    text.split(',').map(wholeNumber(least));

/** Reads a number of at least `least`. */
export const numberFrom =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value >= least) return value;
    throw new InvalidArgumentError(`It should be a number${least === -Infinity ? '' : ` of at least ${least}`}.`);
  };

/** The argument that names a model of a kind. */
export const modelArgument = (kind?: 'pretrained' | 'supervised' | 'fine-tuned') => ({
  name: '<model>',
  summary: `the ${kind === undefined ? '' : `${kind} `}model, or the run that made it`,
});

/** The argument that names images, for commands that have others without it. */
export const imagesArgument = {
  name: '[images]',
  summary: 'as train takes them (default: those of its training, the test part)',
};

/** Collects what a flag that is given several times says. */
export const severalTimes = (value: string, earlier: readonly string[] = []): readonly string[] => [...earlier, value];

export function engineFlags(command: Command): Command {
  return command
    .addOption(new Option('--device <device>', 'where it runs').choices(['cpu', 'webgpu', 'cuda']).default('cpu'))
    .option('--threads <n>', 'threads for the matrix products (default: the number of cores)', wholeNumber(1));
}

/** How a server is reached, and what it writes down. */
export interface ServingFlags extends EngineFlags {
  readonly host: string;
  readonly port: number;
  readonly keyFile?: string;
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly log?: string;
  readonly logText?: boolean;
}

export function servingFlags(command: Command): Command {
  command
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <n>', 'on which port; 0 takes a free one', wholeNumber(0), 8080)
    .option('--key-file <file>', 'API keys, one a line')
    .option('--allow-host <name>', 'a name under which the server may be addressed (repeatable)', severalTimes)
    .option(
      '--allow-origin <origin>',
      'a site whose pages may use it, as http://localhost:5173 (repeatable)',
      severalTimes,
    )
    .option('--log <file>', 'where requests are logged, as JSON lines; none: nowhere (default: standard error)')
    .option('--log-text', 'log also what is asked and answered');
  return engineFlags(command);
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

export const skipBadRowsFlag = (command: Command): Command =>
  command.option('--skip-bad', 'leave bad rows out, and say how many there were');

/** Text that a later stage is not to forget. */
export const pretrainingFlag = (command: Command): Command =>
  command.option('--pretraining <paths...>', 'text whose loss is mixed in, so that what was learnt before is kept');

export interface TextFlags {
  readonly field?: string;
  readonly separator: string;
  readonly skipBad?: boolean;
}

export function textFlags(command: Command): Command {
  return skipBadRowsFlag(
    command
      .option('--field <name>', 'the field of JSON, CSV and Parquet rows that holds the text (default: text)')
      .option('--separator <text>', 'what stands between two documents of a text file', '<|endoftext|>'),
  );
}

export interface SkipBadFlags {
  readonly skipBad?: boolean;
}

export const skipBadFlag = (command: Command): Command =>
  command.option('--skip-bad', 'leave out pictures that cannot be read, and say which and how many there were');

export interface PictureFlags extends SkipBadFlags {
  readonly size?: number;
  readonly fit: 'crop' | 'pad';
}

/** How images are read. */
export const pictureFlags = (command: Command): Command =>
  skipBadFlag(
    command
      .option('--size <pixels>', 'bring every image to a square of this side (default: as they are)', wholeNumber(1))
      .addOption(
        new Option('--fit <how>', 'with --size: cut what is beyond the square, or pad what is missing')
          .choices(['crop', 'pad'])
          .default('crop'),
      ),
  );

export interface ImageFlags extends PictureFlags {
  readonly channels?: 1 | 3;
}

/** As `pictureFlags`, for commands that no model tells the channels. */
export const imageFlags = (command: Command): Command =>
  pictureFlags(command).addOption(
    new Option('--channels <n>', '1 for grey, 3 for colour (default: as they are)')
      .choices(['1', '3'])
      .argParser((text) => {
        if (text === '1' || text === '3') return Number(text);
        throw new InvalidArgumentError('It should be 1 or 3.');
      }),
  );

/** How a diffusion model takes noise away; other models refuse them. */
export interface DenoisingFlags {
  readonly steps?: number;
  readonly sampler?: SamplerName;
  readonly eta?: number;
  readonly churn?: number;
  readonly guidance?: number;
}

export function denoisingFlags(command: Command): Command {
  return command
    .option('--steps <n>', 'of diffusion models: steps from noise to an image', wholeNumber(1))
    .addOption(new Option('--sampler <name>', 'of diffusion models: how a step is taken').choices(samplerNames))
    .option('--eta <share>', 'of the samplers ddpm and ddim: noise drawn anew in a step, 0 to 1', numberFrom(0))
    .option('--churn <amount>', 'of the sampler heun: noise added and taken away again on the way', numberFrom(0))
    .option(
      '--guidance <g>',
      'of diffusion models told a class or a caption: above 1, more of it; 0, none',
      numberFrom(0),
    );
}

/** Those of the flags that were given, as sampling takes them. */
export function denoisingOf({ steps, sampler, eta, churn, guidance }: DenoisingFlags): {
  denoising?: DenoisingOptions;
} {
  const given = Object.entries({ steps, sampler, eta, churn, guidance }).filter(([, value]) => value !== undefined);
  return given.length > 0 ? { denoising: Object.fromEntries(given) } : {};
}
