import { createReadStream, existsSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { tarEnd, tarHeader, tarPadding } from '../../data/sources/tar-writer.js';
import { ConfigError } from '../../errors.js';
import { CONFIG_FILE, hasModel, lineageOf, writeJson } from '../../formats/folder.js';
import { readImageModel } from '../../formats/image-model-folder.js';
import type { Lineage } from '../../formats/lineage.js';
import { canDraw } from '../../sampling/images.js';

/** What an image model can be asked for. */
export interface ImageAbilities {
  readonly name: string;
  readonly title: string;
  readonly family: string;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly labelNames: readonly string[];
  readonly draws: boolean;
  readonly conditional: boolean;
  readonly text: boolean;
  readonly codes: boolean;
  readonly completes: boolean;
  readonly denoises: boolean;
  readonly restores: boolean;
  readonly enlarges: boolean;
  readonly controls: readonly string[];
}

export interface ModelView {
  /** Its folder below that of the runs, without the last `model`. */
  readonly id: string;
  /** As commands take it: from where they run. */
  readonly path: string;
  readonly kind: 'language-model' | 'reward-model' | 'image';
  /** Whether it has learnt to chat. */
  readonly chats: boolean;
  readonly image?: ImageAbilities;
  readonly lineage?: Lineage;
  readonly bytes: number;
  readonly promoted: boolean;
}

const configSchema = z.object({ model_type: z.string(), kind: z.string().optional() });
const promotionsSchema = z.array(z.object({ model: z.string(), id: z.string().optional(), at: z.string() }));

/** How deep models lie: runs/recipes/<recipe>/<part>/model. */
const DEPTH = 5;

/** The models below a folder. */
export class ModelLibrary {
  readonly #root: string;
  readonly #cwd: string;
  /** By path and the time it was written: a finished model does not change. */
  readonly #known = new Map<string, Omit<ModelView, 'promoted'>>();

  /** @param cwd where commands run */
  constructor(root: string, cwd: string) {
    this.#root = resolve(root);
    this.#cwd = resolve(cwd);
  }

  /** The latest first. Folders of other makers or other versions are left out. */
  async list(): Promise<ModelView[]> {
    const folders = await foldersBelow(this.#root, DEPTH);
    const promoted = (await this.promotions())[0]?.model;
    const views: ModelView[] = [];
    for (const folder of folders) {
      const view = await this.#read(folder).catch(() => undefined);
      if (view !== undefined) views.push({ ...view, promoted: view.id === promoted });
    }
    const made = ({ lineage }: ModelView): string => lineage?.createdAt ?? '';
    return views.sort((a, b) => (made(a) < made(b) ? 1 : -1));
  }

  /** Where a model lies. @throws ConfigError naming what there is not */
  async folder(id: string): Promise<string> {
    const found = (await foldersBelow(this.#root, DEPTH)).find((folder) => this.#idOf(folder) === id);
    if (found === undefined) throw new ConfigError(`There is no model '${id}'`);
    return found;
  }

  /** Every promotion, the latest first: that model is the one to use. */
  async promotions(): Promise<z.output<typeof promotionsSchema>> {
    const text = await readFile(this.#promotionsPath, 'utf8').catch(() => '[]');
    return promotionsSchema.parse(JSON.parse(text));
  }

  async promote(id: string): Promise<void> {
    const lineage = await lineageOf(await this.folder(id));
    const promotion = { model: id, ...(lineage && { id: lineage.id }), at: new Date().toISOString() };
    await writeJson(this.#promotionsPath, [promotion, ...(await this.promotions())]);
  }

  /** The folder as a tar archive. */
  async archive(id: string): Promise<ReadableStream<Uint8Array>> {
    const folder = await this.folder(id);
    const name = id.split('/').at(-1)!;
    const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
    async function* parts(): AsyncGenerator<Uint8Array> {
      for (const file of files) {
        const path = join(folder, file.name);
        const { size } = await stat(path);
        yield tarHeader(`${name}/${file.name}`, size);
        if (size > 0) yield* createReadStream(path, { end: size - 1 }) as AsyncIterable<Uint8Array>;
        yield tarPadding(size);
      }
      yield tarEnd();
    }
    const iterator = parts();
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const next = await iterator.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await iterator.return(undefined);
      },
    });
  }

  get #promotionsPath(): string {
    return join(this.#root, 'promoted.json');
  }

  async #read(folder: string): Promise<Omit<ModelView, 'promoted'>> {
    const path = join(folder, CONFIG_FILE);
    const key = `${path} ${(await stat(path)).mtimeMs}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const config = configSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const lineage = await lineageOf(folder);
    const isImage = config.model_type === 'descent-image';
    const view = {
      id: this.#idOf(folder),
      path: relative(this.#cwd, folder).split(sep).join('/'),
      kind: isImage ? ('image' as const) : z.enum(['language-model', 'reward-model']).parse(config.kind),
      chats: !isImage && (await hasTemplate(folder)),
      ...(isImage && { image: await abilitiesOf(folder) }),
      ...(lineage && { lineage }),
      bytes: (await stat(join(folder, 'model.safetensors'))).size,
    };
    this.#known.set(key, view);
    return view;
  }

  #idOf(folder: string): string {
    return relative(this.#root, folder)
      .split(sep)
      .join('/')
      .replace(/\/model$/, '');
  }
}

async function foldersBelow(folder: string, depth: number): Promise<string[]> {
  if (hasModel(folder)) return [folder];
  if (depth === 0 || !existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(({ name }) => foldersBelow(join(folder, name), depth - 1)),
  );
  return found.flat();
}

async function hasTemplate(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'tokenizer_config.json'), 'utf8').catch(() => '{}');
  return 'chat_template' in (JSON.parse(text) as object);
}

async function abilitiesOf(folder: string): Promise<ImageAbilities> {
  const { definition, model, images } = await readImageModel(folder);
  const { findImageModel } = await import('../../formats/image-models.js');
  const { name, title } = definition;
  const { family } = await findImageModel(name);
  const { width, height, channels, labelNames, text } = images;
  return {
    ...{ name, title, family, width, height, channels, labelNames },
    draws: canDraw(model) && model.upscaler === undefined,
    conditional: model.conditional === true,
    text: text !== undefined,
    codes: model.codec !== undefined || model.denoiser !== undefined || model.generative !== undefined,
    completes: model.sequential !== undefined,
    denoises: model.denoiser !== undefined && model.denoiser.given === undefined,
    restores: model.restorer !== undefined,
    enlarges: model.upscaler !== undefined,
    controls: Object.keys(model.generative?.controls ?? {}),
  };
}
