import { ComparisonError } from '../errors.js';
import type { DensityFigure } from './density.js';
import type { SetFigures } from './set-figures.js';

/** Figures of several models side by side, which only belong there when they were measured in the same way. */

export interface TableModel {
  readonly model: string;
  /** Which data they were measured on: its id. */
  readonly data: string;
  readonly density?: DensityFigure;
  readonly samples?: SetFigures;
}

export interface FigureTableOptions {
  /** Allows figures that were measured differently, and says beside each how. Default false. */
  readonly mixed?: boolean;
}

type Conditions = Readonly<Record<string, string>>;
type Row = Record<string, string | number>;

/** Everything about a figure but its values: what a later version adds is compared as well. */
function densityConditions({
  nats: _,
  bitsPerDimension: _bits,
  standardError: _error,
  ...rest
}: DensityFigure): Conditions {
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)]));
}

/** Why two likelihoods must not be compared, in words; undefined where they may. */
export function densityDifference(a: DensityFigure, b: DensityFigure): string | undefined {
  const [first, second] = [densityConditions(a), densityConditions(b)];
  const key = differingKey(first, second);
  return key && `${key} is ${second[key] ?? 'none'}, and ${first[key] ?? 'none'} for the first`;
}

const samplesConditions = ({ extractor, images, pixels, neighbours, kernel }: SetFigures): Conditions => ({
  extractor: `${extractor.name} ${extractor.hash}`,
  images: String(images),
  pixels,
  neighbours: String(neighbours),
  subsets: `${kernel.subsets} of ${kernel.subsetSize}`,
});

const kinds = {
  density: {
    conditions: densityConditions,
    cells: ({ nats, bitsPerDimension }: DensityFigure): Row => ({
      'nats per image': rounded(nats),
      ...(bitsPerDimension !== undefined && { 'bits per dimension': rounded(bitsPerDimension) }),
    }),
  },
  samples: {
    conditions: samplesConditions,
    cells: ({ frechet, kernel, precision, recall, floor }: SetFigures): Row => ({
      Fréchet: rounded(frechet),
      'its floor': rounded(floor.frechet),
      kernel: rounded(kernel.value),
      precision: rounded(precision),
      recall: rounded(recall),
    }),
  },
};

/**
 * One row for each model.
 *
 * @throws ComparisonError when two figures of one kind differ in data, extractor, number of images, discretisation or
 *   kind of density, and `mixed` does not allow it
 */
export function figureTable(models: readonly TableModel[], { mixed = false }: FigureTableOptions = {}): Row[] {
  const rows = models.map(({ model }): Row => ({ model }));
  const densities = models.map(({ data, density }) => density && describe(kinds.density, density, data));
  const samples = models.map((each) => each.samples && describe(kinds.samples, each.samples, each.data));
  for (const [kind, column] of Object.entries({ density: densities, samples })) {
    const difference = differenceIn(models, column);
    if (difference !== undefined && !mixed) {
      throw new ComparisonError(`The figures of ${kind} cannot stand in one table: ${difference}`, {
        advice: 'Measure both in the same way, or allow it (--mixed): then every row says how it was measured.',
      });
    }
    column.forEach((found, index) => {
      if (found === undefined) return;
      Object.assign(
        rows[index]!,
        found.cells,
        difference !== undefined && { [`${kind}: how`]: inWords(found.conditions) },
      );
    });
  }
  return rows;
}

const describe = <Figure>(
  kind: { conditions: (figure: Figure) => Conditions; cells: (figure: Figure) => Row },
  figure: Figure,
  data: string,
): { conditions: Conditions; cells: Row } => ({
  conditions: { ...kind.conditions(figure), data },
  cells: kind.cells(figure),
});

/** What differs first between two figures, in words. */
function differenceIn(
  models: readonly TableModel[],
  column: readonly ({ readonly conditions: Conditions } | undefined)[],
): string | undefined {
  const first = column.findIndex((found) => found !== undefined);
  if (first < 0) return undefined;
  for (const [index, found] of column.entries()) {
    if (found === undefined) continue;
    const [a, b] = [column[first]!.conditions, found.conditions];
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
