import { join } from 'node:path';
import pc from 'picocolors';
import type { ImageSource } from '../../data/images/sources.js';
import { classesOf } from '../../data/images/image-set.js';
import { type TableModel, figureTable } from '../../evaluation/figure-table.js';
import type { Engine } from '../../runtime/engine.js';
import { terminalProgress } from '../../training/progress.js';
import type { Invocation } from '../command.js';
import { describeFigures } from '../describe-figures.js';
import { type DenoisingFlags, type EngineFlags, denoisingOf } from '../flags.js';
import { type ImageModelFigures, evaluateImageModel, modelExtractor, networkExtractor } from '../image-evaluation.js';
import { type OpenImageModel, openImageModel, partsFor, sourceFor } from '../open-image-model.js';
import { findModel, withEngine } from '../session.js';
import { ownClassifier } from '../stages/own-classifier.js';
import { canDraw } from '../../sampling/images.js';
import { formatTable } from '../table.js';

export interface EvaluateFlags extends EngineFlags, DenoisingFlags {
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

export async function evaluateCommand(invocation: Invocation<EvaluateFlags>): Promise<void> {
  const { positional, flags, answer } = invocation;
  const folders = positional.map(findModel);
  const evaluated = await withEngine(flags, async (engine) => {
    const all: Evaluated[] = [];
    for (const folder of folders) all.push(await evaluateOne(invocation, engine, folder));
    return all;
  });
  if (evaluated.length === 1) {
    const [only] = evaluated;
    answer(only, format(only!));
    return;
  }
  const table = figureTable(tableModels(evaluated), { mixed: flags.mixed ?? false });
  answer({ models: evaluated, table }, [...evaluated.map(format), formatTable(table)].join('\n\n'));
}

async function evaluateOne(
  { flags, say, signal, json }: Invocation<EvaluateFlags>,
  engine: Engine,
  folder: string,
): Promise<Evaluated> {
  const open = await openImageModel(engine, folder);
  const read = await sourceFor(open, flags.data, { signal });
  const source = { ...read, ...partsFor(read, open) };
  const trainedOn = open.lineage?.ancestors.find(({ role }) => role === 'data');
  if (trainedOn?.id !== undefined && trainedOn.id !== source.id) {
    say(`${folder} was trained on other data (${trainedOn.name}, ${trainedOn.id}) than it is measured on.`);
  }
  const judge = await judgeOf({ flags, say, signal, json }, engine, { open, source });
  const extractors = [
    ...(judge === undefined ? [] : [modelExtractor(judge)]),
    ...(flags.network === undefined ? [] : [await networkExtractor(engine, flags.network)]),
  ];
  const { samples, draws, seed, prompt: prompts } = flags;
  const figures = await evaluateImageModel({
    ...{ open, train: source.train, test: source.test, extractors, samples, draws, seed, say, signal },
    ...(judge && { classifier: judge }),
    ...(prompts && { prompts }),
    ...denoisingOf(flags),
  });
  const { name, id } = source;
  return { model: open.definition.name, folder, id: open.lineage?.id ?? null, data: { name, id }, ...figures };
}

/** The classifier that is given, or for data with labels one of our own. */
async function judgeOf(
  { flags, say, signal }: Pick<Invocation<EvaluateFlags>, 'flags' | 'say' | 'signal' | 'json'>,
  engine: Engine,
  { open, source }: { open: OpenImageModel; source: ImageSource },
): Promise<OpenImageModel | undefined> {
  const { model, images } = open;
  if (!canDraw(model)) return undefined;
  if (flags.classifier !== undefined) return openImageModel(engine, findModel(flags.classifier));
  if (classesOf(source.train) < 2) return undefined;
  const root = join('runs', 'classifiers');
  say(`Samples are judged by a classifier of this data, in ${root}: trained now if it is not there yet.`);
  const context = { engine, signal, progress: (title: string) => terminalProgress({ title }) };
  return openImageModel(engine, await ownClassifier(context, { root, source, pixels: images.pixels }));
}

const tableModels = (evaluated: readonly Evaluated[]): TableModel[] => {
  const isTaken = (name: string): boolean => evaluated.filter(({ model }) => model === name).length > 1;
  return evaluated.map(({ model, folder, data, density, samples }) => ({
    model: isTaken(model) ? folder : model,
    data: `${data.name} ${data.id}`,
    ...(density && { density }),
    ...(samples && { samples: samples[0]! }),
  }));
};

const format = ({ model, folder, data, ...figures }: Evaluated): string =>
  [pc.bold(model) + `  ${folder}, on ${data.name} (${data.id})`, ...describeFigures(figures)].join('\n');
