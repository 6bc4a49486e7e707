import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { inTurn } from '../in-turn.js';
import { runCommand } from './command.js';
import type { StudioContext } from './context.js';

/**
 * Pictures that models draw: each is one of the commands that draw, in a process of its own that ends with the picture.
 * One at a time, for each takes all cores.
 */

const png = z.string().regex(/^data:image\/png;base64,[A-Za-z0-9+/=]+$/, 'should be a PNG as a data URL');

export const pictureRequestSchema = z.strictObject({
  command: z.enum(['sample', 'complete', 'inpaint', 'reconstruct', 'interpolate', 'upscale']),
  model: z.string(),
  flags: z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())])).default({}),
  /** Images to begin from, in place of those of the model's training. */
  images: z.array(png).max(16).optional(),
  /** Which class they are of, for a model that asks. */
  class: z.string().optional(),
  /** White where the model is to draw. */
  mask: png.optional(),
  /** Images of this kind instead: a path or a name that training takes. */
  source: z.string().optional(),
});
export type PictureRequest = z.input<typeof pictureRequestSchema>;

/** What a command drew: names for `picture`. */
export interface DrawnPictures {
  readonly id: string;
  readonly picture: string;
  /** The images on their way from noise, a column for each moment. */
  readonly strip?: string;
  readonly animation?: string;
  /** What the command said of it. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Drawings kept; older ones are deleted. */
const KEPT = 60;

export class PictureDesk {
  readonly #context: StudioContext;
  readonly #folder: string;
  readonly #inTurn = inTurn();

  constructor(context: StudioContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
  }

  /** Waits for its turn, and draws. An abort ends the process. @throws DescentError with what the command said */
  draw(request: PictureRequest, modelFolder: string, signal: AbortSignal): Promise<DrawnPictures> {
    return this.#inTurn(() => {
      signal.throwIfAborted();
      return this.#draw(pictureRequestSchema.parse(request), modelFolder, signal);
    });
  }

  /** @throws ConfigError for a name that was not given out */
  async read(id: string, name: string): Promise<Uint8Array> {
    if (/^[0-9a-f-]{36}$/.test(id) && /^[a-z]+\.(png|gif)$/.test(name)) {
      const bytes = await readFile(join(this.#folder, id, name)).catch(() => undefined);
      if (bytes !== undefined) return bytes;
    }
    throw new ConfigError(`There is no picture ${id}/${name}`);
  }

  async #draw(
    { command, flags, images, class: label = 'drawn', mask, source }: z.output<typeof pictureRequestSchema>,
    model: string,
    signal: AbortSignal,
  ): Promise<DrawnPictures> {
    await this.#tidy();
    const id = randomUUID();
    const folder = join(this.#folder, id);
    const given = join(folder, 'given', /^[\p{L}\p{N}][\p{L}\p{N} _.-]*$/u.test(label) ? label : 'drawn');
    await mkdir(given, { recursive: true });
    for (const [index, url] of (images ?? []).entries()) await writeFile(join(given, `${index}.png`), bytesOf(url));
    const maskPath = join(folder, 'mask.png');
    if (mask !== undefined) await writeFile(maskPath, bytesOf(mask));
    const isFile = (flag: string): string => join(folder, `${flag}.${flag === 'strip' ? 'png' : 'gif'}`);
    const files = Object.keys(flags).filter((flag) => flag === 'strip' || flag === 'animate');
    const words = await this.#context.forms.words({
      command,
      positional: [model, ...(images ? [join(folder, 'given')] : source === undefined ? [] : [source])],
      flags: {
        ...flags,
        ...Object.fromEntries(files.map((flag) => [flag, isFile(flag)])),
        ...(mask !== undefined && { mask: maskPath }),
        out: join(folder, 'picture.png'),
      },
      settings: {},
    });
    const details = await runCommand(this.#context, words, signal);
    return {
      id,
      picture: 'picture.png',
      ...(files.includes('strip') && { strip: 'strip.png' }),
      ...(files.includes('animate') && { animation: 'animate.gif' }),
      details,
    };
  }

  async #tidy(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    const dated = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(this.#folder, name))).mtimeMs })),
    );
    const old = dated.sort((a, b) => b.at - a.at).slice(KEPT);
    await Promise.all(old.map(({ name }) => rm(join(this.#folder, name), { recursive: true, force: true })));
  }
}

const bytesOf = (url: string): Uint8Array => Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
