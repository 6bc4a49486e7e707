import { join } from 'node:path';
import pc from 'picocolors';
import type { ImageSource } from '../../data/images/sources.js';
import { type ImageSet, classesOf } from '../../data/images/image-set.js';
import type { FeatureExtractor } from '../../evaluation/extractor.js';
import { type TableTerms, checkComparable, figureTable } from '../../evaluation/figure-table.js';
import type { Engine } from '../../runtime/engine.js';
import { terminalProgress } from '../../training/progress.js';
import type { Invocation } from '../command.js';
import { describeFigures } from '../describe-figures.js';
import { type DenoisingFlags, type EngineFlags, type SkipBadFlags, denoisingOf } from '../flags.js';
import {
  type ImageModelFigures,
  evaluateImageModel,
  figureTerms,
  modelExtractor,
  networkExtractor,
} from '../image-evaluation.js';
import { type OpenImageModel, openImageModel, partsFor, readingOf, sourceFor } from '../open-image-model.js';
import { findModel, withEngine } from '../session.js';
import { ownClassifier } from '../stages/own-classifier.js';
import { canDraw } from '../../sampling/images.js';
import { formatTable } from '../table.js';

export interface EvaluateFlags extends EngineFlags, SkipBadFlags, DenoisingFlags {
  readonly data?: string;
  readonly classifier?: string;
  readonly network?: string;
  readonly samples: number;
  readonly draws: number;
  readonly prompt?: readonly string[];
  readonly seed: number;
  readonly mixed?: boolean;
}

interface Evaluated extends ImageModelFigures {
  readonly model: string;
  readonly folder: string;
  readonly id: string | null;
  readonly data: { readonly name: string; readonly id: string };
}

/** A model with all that it is to be measured with and on. */
interface Prepared {
  readonly folder: string;
  readonly open: OpenImageModel;
  readonly source: ImageSource & { readonly test: ImageSet };
  readonly judge?: OpenImageModel;
  readonly extractors?: readonly FeatureExtractor[];
}

export async function evaluateCommand(invocation: Invocation<EvaluateFlags>): Promise<void> {
  const { positional, flags, answer } = invocation;
  const folders = positional.map(findModel);
  const evaluated = await withEngine(flags, async (engine) => {
    const prepared: Prepared[] = [];
    for (const folder of folders) prepared.push(await prepare(invocation, engine, folder, prepared));
    const check = (): void => {
      if (prepared.length > 1 && flags.mixed !== true) checkComparable(termsOf(prepared, flags));
    };
    // What cannot be compared is refused before a judge is trained for it, or anything measured.
    check();
    const judges = judgesOf(invocation, engine);
    for (const [index, each] of prepared.entries()) prepared[index] = { ...each, ...(await judges(each)) };
    check();
    const all: Evaluated[] = [];
    for (const each of prepared) all.push(await evaluateOne(invocation, each));
    return all;
  });
  if (evaluated.length === 1) {
    const [only] = evaluated;
    answer(only, format(only!));
    return;
  }
  const named = namesIn(evaluated);
  const models = evaluated.map(({ density, samples, ...name }) => ({
    ...named(name),
    ...(density && { density }),
    ...(samples && { samples }),
  }));
  const table = figureTable(models, { mixed: flags.mixed ?? false });
  answer({ models: evaluated, table }, [...evaluated.map(format), formatTable(table)].join('\n\n'));
}

async function prepare(
  { flags, say, signal }: Invocation<EvaluateFlags>,
  engine: Engine,
  folder: string,
  others: readonly Prepared[],
): Promise<Prepared> {
  const open = await openImageModel(engine, folder);
  const found = await sourceFor(open, flags.data, readingOf({ flags, say, signal }));
  // Images that several models are measured on are kept once.
  const read = others.find(({ source }) => source.id === found.id)?.source ?? found;
  const source = { ...read, ...partsFor(read, open) };
  const trainedOn = open.lineage?.ancestors.find(({ role }) => role === 'data');
  if (trainedOn?.id !== undefined && trainedOn.id !== source.id) {
    say(`${folder} was trained on other data (${trainedOn.name}, ${trainedOn.id}) than it is measured on.`);
  }
  return { folder, open, source };
}

async function evaluateOne({ flags, say, signal }: Invocation<EvaluateFlags>, prepared: Prepared): Promise<Evaluated> {
  const { open, source, judge, extractors = [] } = prepared;
  const { samples, draws, seed, prompt: prompts } = flags;
  const figures = await evaluateImageModel({
    ...{ open, train: source.train, test: source.test, extractors, samples, draws, seed, say, signal },
    ...(judge && { classifier: judge }),
    ...(prompts && { prompts }),
    ...denoisingOf(flags),
  });
  return { ...nameOf(prepared), ...figures };
}

const nameOf = ({ open, folder, source: { name, id } }: Prepared) => ({
  model: open.definition.name,
  folder,
  id: open.lineage?.id ?? null,
  data: { name, id },
});

/** How each model will be measured, as a table needs it. */
function termsOf(all: readonly Prepared[], { samples }: EvaluateFlags): TableTerms[] {
  const named = namesIn(all.map(nameOf));
  return all.map((prepared) => {
    const { train, test } = prepared.source;
    return { ...named(nameOf(prepared)), ...figureTerms({ ...prepared, train, test, samples }) };
  });
}

/** What judges the samples of models; of the same judge there is one. */
function judgesOf(
  { flags, say, signal }: Invocation<EvaluateFlags>,
  engine: Engine,
): (prepared: Prepared) => Promise<Pick<Prepared, 'judge' | 'extractors'>> {
  const opened = new Map<string, Promise<OpenImageModel>>();
  const openOnce = (folder: string): Promise<OpenImageModel> => {
    const open = opened.get(folder) ?? openImageModel(engine, folder);
    opened.set(folder, open);
    return open;
  };
  let network: Promise<FeatureExtractor> | undefined;
  /** The classifier that is given, or for data with labels one of our own. */
  const judgeFor = async ({ open, source }: Prepared): Promise<OpenImageModel | undefined> => {
    if (!canDraw(open.model)) return undefined;
    if (flags.classifier !== undefined) return openOnce(findModel(flags.classifier));
    if (classesOf(source.train) < 2) return undefined;
    const root = join('runs', 'classifiers');
    say(`Samples are judged by a classifier of this data, in ${root}: trained now if it is not there yet.`);
    const context = { engine, signal, progress: (title: string) => terminalProgress({ title }) };
    return openOnce(await ownClassifier(context, { root, source, pixels: open.images.pixels }));
  };
  return async (prepared) => {
    const judge = await judgeFor(prepared);
    if (flags.network !== undefined) network ??= networkExtractor(engine, flags.network);
    const extractors = [...(judge ? [modelExtractor(judge)] : []), ...(network ? [await network] : [])];
    return { extractors, ...(judge && { judge }) };
  };
}

/** What a model and its data are called in a table: by its folder where another has the same name. */
function namesIn(all: readonly Pick<Evaluated, 'model'>[]) {
  const isTaken = (name: string): boolean => all.filter(({ model }) => model === name).length > 1;
  return ({ model, folder, data }: Pick<Evaluated, 'model' | 'folder' | 'data'>) => ({
    model: isTaken(model) ? folder : model,
    data: `${data.name} ${data.id}`,
  });
}

const format = ({ model, folder, data, ...figures }: Evaluated): string =>
  [pc.bold(model) + `  ${folder}, on ${data.name} (${data.id})`, ...describeFigures(figures)].join('\n');
