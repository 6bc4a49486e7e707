import { describe, expect, it } from 'vitest';
import { ComparisonError } from '../errors.js';
import type { DensityFigure } from './density.js';
import { type TableModel, checkComparable, figureTable } from './figure-table.js';
import type { SetFigures } from './set-figures.js';

const density: DensityFigure = {
  kind: 'exact',
  nats: 90.12345,
  bitsPerDimension: 0.1658,
  standardError: 0.2,
  images: 10_000,
  pixels: 'bytes',
  shape: [1, 28, 28],
};
const distances = {
  frechet: 12.3456,
  kernel: { value: 0.01, deviation: 0.001, subsets: 50, subsetSize: 500 },
  precision: 0.8,
  recall: 0.7,
};
const samples: SetFigures = {
  ...distances,
  extractor: { name: 'classifier', hash: 'aaaa', features: 128 },
  images: 2000,
  pixels: 'bytes',
  neighbours: 3,
  floor: { ...distances, frechet: 0.5 },
};
const glow: TableModel = { model: 'glow', data: 'mnist 1', density, samples: [samples] };

describe('a table of figures', () => {
  it('puts like beside like, also where a model lacks a figure', () => {
    const rows = figureTable([
      glow,
      { ...glow, model: 'maf', density: { ...density, nats: 91 } },
      { model: 'gan', data: 'mnist 1', samples: [samples] },
    ]);
    expect(rows).toEqual([
      expect.objectContaining({ model: 'glow', 'nats per image': 90.12, Fréchet: 12.35, 'its floor': 0.5 }),
      expect.objectContaining({ model: 'maf', 'nats per image': 91 }),
      expect.objectContaining({ model: 'gan', recall: 0.7 }),
    ]);
  });

  const others: [string, TableModel, RegExp][] = [
    [
      'the extractor',
      { ...glow, samples: [{ ...samples, extractor: { ...samples.extractor, hash: 'bbbb' } }] },
      /extractor is classifier aaaa for glow, and classifier bbbb for other/,
    ],
    ['the number of samples', { ...glow, samples: [{ ...samples, images: 1000 }] }, /images is 2000 .* 1000/],
    [
      'the discretisation of samples',
      { ...glow, samples: [{ ...samples, pixels: 'dynamic' }] },
      /pixels is bytes .* dynamic/,
    ],
    [
      'the discretisation of a density',
      { ...glow, density: { ...density, pixels: 'static' } },
      /pixels is bytes .* static/,
    ],
    ['the kind of density', { ...glow, density: { ...density, kind: 'lower-bound' } }, /kind is exact .* lower-bound/],
    ['the draws of an estimate', { ...glow, density: { ...density, draws: 50 } }, /draws is none .* 50/],
    ['the data', { ...glow, data: 'mnist 2' }, /data is mnist 1 .* mnist 2/],
  ];
  it.each(others)('refuses where %s differs, and says what, unless each row may say how', (_, other, message) => {
    const models = [glow, { ...other, model: 'other' }];
    expect(() => figureTable(models)).toThrow(ComparisonError);
    expect(() => figureTable(models)).toThrow(message);
    const rows = figureTable(models, { mixed: true });
    const how = rows.map((row) => `${String(row['density: how'])} ${String(row['samples: how'])}`);
    expect(how[0]).not.toBe(how[1]);
    expect(how.every((words) => words.includes('images'))).toBe(true);
  });

  it('has the figures of every extractor, and compares each with its like', () => {
    const detector = { ...samples, extractor: { name: 'detector', hash: 'cccc', features: 64 }, frechet: 7 };
    const both = { ...glow, samples: [samples, detector] };
    const one = { ...glow, model: 'one', samples: [detector] };
    expect(figureTable([both, one])).toEqual([
      expect.objectContaining({ 'Fréchet by classifier': 12.35, 'Fréchet by detector': 7 }),
      expect.objectContaining({ model: 'one', 'Fréchet by detector': 7, 'precision by detector': 0.8 }),
    ]);
    expect(figureTable([both, one])[1]).not.toHaveProperty('Fréchet by classifier');
    const fewer = { ...one, samples: [{ ...detector, images: 1000 }] };
    expect(() => figureTable([both, fewer])).toThrow(/figures of samples by detector .* images is 2000 .* 1000/);
    expect(figureTable([both, fewer], { mixed: true })[1]).toHaveProperty(['samples by detector: how']);
  });

  it('can be refused before anything is measured', () => {
    const { nats: _, bitsPerDimension: _bits, standardError: _error, ...terms } = density;
    const model = { model: 'glow', data: 'mnist 1', density: terms };
    expect(() => {
      checkComparable([model, { ...model, model: 'other' }, glow]);
    }).not.toThrow();
    expect(() => {
      checkComparable([model, { ...model, density: { ...terms, kind: 'lower-bound' } }]);
    }).toThrow(/kind is exact .* lower-bound/);
  });
});
