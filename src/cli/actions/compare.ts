import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageSource, readImages } from '../../data/images/sources.js';
import { classesOf } from '../../data/images/image-set.js';
import { ConfigError, DataError } from '../../errors.js';
import { findImageModel } from '../../formats/image-models.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { describeMachine } from '../../runtime/machine.js';
import type { Invocation } from '../command.js';
import type { Comparison } from '../compare/comparison.js';
import { contestants } from '../compare/contestants.js';
import { type Compared, measure } from '../compare/measure.js';
import { page } from '../compare/page.js';
import { poster } from '../compare/poster.js';
import { rasterise } from '../compare/rasterise.js';
import { trainWithin } from '../compare/train-within.js';
import { describeFigures } from '../describe-figures.js';
import type { ImageFlags, RunFlags } from '../flags.js';
import { type OpenImageModel, openImageModel } from '../open-image-model.js';
import { badRowsOf, findModel, sayBadRows, withStage } from '../session.js';
import { seenAndUnseen } from '../stages/images.js';
import { ownClassifier } from '../stages/own-classifier.js';
import type { StageContext } from '../stages/stage.js';

export interface CompareFlags extends RunFlags, ImageFlags {
  readonly data: string;
  readonly minutes: number;
  readonly families?: string;
  readonly samples: number;
  readonly seed: number;
}

export async function compareCommand(invocation: Invocation<CompareFlags>): Promise<void> {
  const { positional, flags, say, signal, answer } = invocation;
  const { out, samples, seed, minutes } = flags;
  if (!(minutes > 0)) throw new ConfigError(`--minutes ${minutes}: not a time`, { advice: 'Give a number above 0.' });
  const chosen = contestantsFor(flags.families);
  const bad = badRowsOf(flags);
  const source = await readImages({ ...flags, ...bad, source: flags.data, signal });
  sayBadRows(bad, say);
  if (classesOf(source.train) < 2) {
    throw new DataError(`${source.name}: images without labels, and samples are judged by a classifier of them`, {
      advice: 'Put the images into one folder a class.',
    });
  }
  const { train, test } = seenAndUnseen(source, heldOut);
  const seconds = positional.length > 0 ? undefined : 60 * minutes;
  const models: Compared[] = [];
  let judgedBy = '';
  await withStage(flags, signal, async (context) => {
    const judge = await judgeOf(context, source);
    judgedBy = `a classifier of this data (${judge.lineage?.id ?? 'unknown'})`;
    const add = async (folder: string): Promise<void> => {
      const open = await openImageModel(context.engine, folder);
      const { family } = await findImageModel(open.definition.name);
      const compared = await measure({ open, family, judge, train, test, samples, seed, say, signal });
      models.push(compared);
      say([`${family}: ${compared.model}`, ...describeFigures(compared)].join('\n'));
      await open.weights.dispose();
    };
    for (const path of positional) await add(findModel(path));
    if (seconds === undefined) return;
    for (const contestant of chosen) {
      const run = join(out, contestant.model);
      await add(await trainWithin(context, { out: run, contestant, source, seconds }));
    }
  });
  const { cpu, cores } = describeMachine();
  const comparison: Comparison = {
    data: { name: source.name, id: source.id },
    ...(seconds !== undefined && { seconds }),
    judge: judgedBy,
    samples,
    machine: `${cpu}, ${cores} cores`,
    models,
  };
  const files = await write(out, comparison);
  const { models: all, ...rest } = comparison;
  const figures = all.map(({ picture: _, ...model }) => model);
  answer({ ...rest, models: figures, files }, `Look at it: ${files.join(', ')}`);
}

/** Images held out of training where the data has no test images of its own. */
const heldOut = 1000;

/** @throws ConfigError naming the families there are */
function contestantsFor(families: string | undefined) {
  if (families === undefined) return contestants;
  const names = families.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !contestants.some(({ family }) => family === name));
  if (unknown !== undefined) {
    throw new ConfigError(`--families: there is no family '${unknown}'`, {
      advice: `There are: ${contestants.map(({ family }) => family).join(', ')}.`,
    });
  }
  return contestants.filter(({ family }) => names.includes(family));
}

async function judgeOf(context: StageContext, source: ImageSource): Promise<OpenImageModel> {
  const folder = await ownClassifier(context, { root: join('runs', 'classifiers'), source, pixels: 'bytes' });
  return openImageModel(context.engine, folder);
}

/** The page, the drawing on it, the same as PNG where that can be made, and the figures. */
async function write(out: string, comparison: Comparison): Promise<string[]> {
  await mkdir(out, { recursive: true });
  const drawing = poster(comparison);
  const png = await rasterise(drawing);
  const { models, ...rest } = comparison;
  const figures = { ...rest, models: models.map(({ picture: _, ...model }) => model) };
  const contents: [string, string | Uint8Array][] = [
    ['comparison.html', page(comparison)],
    ['comparison.json', `${JSON.stringify(figures, null, 2)}\n`],
    ...(png ? [['comparison.png', png] as [string, Uint8Array]] : []),
  ];
  const files: string[] = [];
  for (const [name, content] of contents) {
    const file = join(out, name);
    await writeFileAtomically(file, content);
    files.push(file);
  }
  return files;
}
