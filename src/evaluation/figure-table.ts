import { ComparisonError } from '../errors.js';
import type { DensityFigure, DensityTerms } from './density.js';
import type { SetFigures, SetTerms } from './set-figures.js';

/** Figures of several models side by side, which only belong there when they were measured in the same way. */

/** How a model's figures are measured: known before they are. */
export interface TableTerms {
  readonly model: string;
  /** Which data they are measured on: its id. */
  readonly data: string;
  readonly density?: DensityTerms;
  /** One for each extractor. */
  readonly samples?: readonly SetTerms[];
}

export interface TableModel extends TableTerms {
  readonly density?: DensityFigure;
  readonly samples?: readonly SetFigures[];
}

export interface FigureTableOptions {
  /** Allows figures that were measured differently, and says beside each how. Default false. */
  readonly mixed?: boolean;
}

type Conditions = Readonly<Record<string, string>>;
type Row = Record<string, string | number>;

const values: ReadonlySet<string> = new Set<keyof DensityFigure>(['nats', 'bitsPerDimension', 'standardError']);

/** Everything about a figure but its values: what a later version adds is compared as well. */
const densityConditions = (terms: DensityTerms): Conditions =>
  Object.fromEntries(
    Object.entries(terms).flatMap(([key, value]) => (values.has(key) ? [] : [[key, String(value)] as const])),
  );

/** Why two likelihoods must not be compared, in words; undefined where they may. */
export function densityDifference(a: DensityTerms, b: DensityTerms): string | undefined {
  const [first, second] = [densityConditions(a), densityConditions(b)];
  const key = differingKey(first, second);
  return key && `${key} is ${second[key] ?? 'none'}, and ${first[key] ?? 'none'} for the first`;
}

const samplesConditions = ({ extractor, images, pixels, neighbours, kernel }: SetTerms): Conditions => ({
  extractor: `${extractor.name} ${extractor.hash}`,
  images: String(images),
  pixels,
  neighbours: String(neighbours),
  subsets: `${kernel.subsets} of ${kernel.subsetSize}`,
});

const densityCells = ({ nats, bitsPerDimension }: DensityFigure): Row => ({
  'nats per image': rounded(nats),
  ...(bitsPerDimension !== undefined && { 'bits per dimension': rounded(bitsPerDimension) }),
});

const samplesCells = ({ frechet, kernel, precision, recall, floor }: SetFigures): Row => ({
  Fréchet: rounded(frechet),
  'its floor': rounded(floor.frechet),
  kernel: rounded(kernel.value),
  precision: rounded(precision),
  recall: rounded(recall),
});

/** A kind of figure, and which of them each model has. */
interface Kind {
  readonly title: string;
  /** Of each model; undefined where it has none. */
  readonly conditions: readonly (Conditions | undefined)[];
  readonly cells: (model: TableModel) => Row;
}

/** Density, and the samples by each extractor: its name stands at every figure where there are several. */
function kindsOf(models: readonly TableTerms[]): Kind[] {
  const withData = (conditions: Conditions, { data }: TableTerms): Conditions => ({ ...conditions, data });
  const density: Kind = {
    title: 'density',
    conditions: models.map((model) => model.density && withData(densityConditions(model.density), model)),
    cells: (model) => (model.density ? densityCells(model.density) : {}),
  };
  const extractors = [...new Set(models.flatMap(({ samples = [] }) => samples.map(({ extractor: { name } }) => name)))];
  const samples = extractors.map((name): Kind => {
    const by = extractors.length === 1 ? '' : ` by ${name}`;
    const isIts = ({ extractor }: SetTerms): boolean => extractor.name === name;
    return {
      title: `samples${by}`,
      conditions: models.map((model) => {
        const terms = model.samples?.find(isIts);
        return terms && withData(samplesConditions(terms), model);
      }),
      cells: (model) => {
        const figures = model.samples?.find(isIts);
        const cells = figures ? Object.entries(samplesCells(figures)) : [];
        return Object.fromEntries(cells.map(([key, value]) => [`${key}${by}`, value]));
      },
    };
  });
  return [density, ...samples];
}

/**
 * Whether the figures of models can stand in one table, before or after they are measured.
 *
 * @throws ComparisonError when two of one kind differ in data, extractor, number of images, discretisation or kind of
 *   density
 */
export function checkComparable(models: readonly TableTerms[]): void {
  for (const { title, conditions } of kindsOf(models)) {
    const difference = differenceIn(models, conditions);
    if (difference === undefined) continue;
    throw new ComparisonError(`The figures of ${title} cannot stand in one table: ${difference}`, {
      advice: 'Measure both in the same way, or allow it (--mixed): then every row says how it was measured.',
    });
  }
}

/**
 * One row for each model.
 *
 * @throws ComparisonError as `checkComparable`, unless `mixed` allows what differs
 */
export function figureTable(models: readonly TableModel[], { mixed = false }: FigureTableOptions = {}): Row[] {
  if (!mixed) checkComparable(models);
  const rows = models.map(({ model }): Row => ({ model }));
  for (const { title, conditions, cells } of kindsOf(models)) {
    const isMixed = differenceIn(models, conditions) !== undefined;
    models.forEach((model, index) => {
      const how = conditions[index];
      Object.assign(rows[index]!, cells(model), isMixed && how && { [`${title}: how`]: inWords(how) });
    });
  }
  return rows;
}

/** What differs first between two figures, in words. */
function differenceIn(models: readonly TableTerms[], column: readonly (Conditions | undefined)[]): string | undefined {
  const first = column.findIndex((found) => found !== undefined);
  if (first < 0) return undefined;
  const a = column[first]!;
  for (const [index, b] of column.entries()) {
    if (b === undefined) continue;
    const differing = differingKey(a, b);
    if (differing !== undefined) {
      const value = (conditions: Conditions): string => conditions[differing] ?? 'none';
      return `${differing} is ${value(a)} for ${models[first]!.model}, and ${value(b)} for ${models[index]!.model}`;
    }
  }
  return undefined;
}

const differingKey = (a: Conditions, b: Conditions): string | undefined =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].find((key) => a[key] !== b[key]);

const inWords = (conditions: Conditions): string =>
  Object.entries(conditions)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

const rounded = (value: number): number => Number(value.toPrecision(4));
