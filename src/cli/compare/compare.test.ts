import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DensityFigure } from '../../evaluation/density.js';
import { writeBars } from '../bars.test-helper.js';
import { start } from '../descent.test-helper.js';
import { chart } from './chart.js';
import type { Comparison } from './comparison.js';
import type { Compared } from './measure.js';
import { page } from './page.js';
import { poster } from './poster.js';

const density = (kind: DensityFigure['kind'], bitsPerDimension: number): DensityFigure => ({
  kind,
  nats: 1,
  bitsPerDimension,
  standardError: 0.1,
  images: 10,
  pixels: 'bytes',
  shape: [1, 4, 4],
});
const model = (family: string, name: string, more: Partial<Compared> = {}): Compared => ({
  family,
  model: name,
  title: `the ${name} <model>`,
  id: null,
  parameters: 1234,
  abilities: {
    likelihood: undefined,
    encoding: undefined,
    conditioning: 'class',
    completion: undefined,
    enlarging: undefined,
  },
  ...more,
});
const comparison = (models: readonly Compared[]): Comparison => ({
  data: { name: 'some "data"', id: 'abc' },
  judge: 'a classifier',
  samples: 100,
  machine: 'a machine',
  models,
});

describe('the page of a comparison', () => {
  const all = comparison([
    model('flow', 'glow', { density: density('exact', 1.5) }),
    model('autoregressive', 'pixel-cnn', { density: density('exact', 1.25) }),
    model('autoencoding', 'vae', { density: density('lower-bound', 2) }),
    model('adversarial', 'gan'),
  ]);
  const html = page(all);

  it('marks the likelihood that is of another kind, and no other', () => {
    expect(html.match(/class="apart"/g)).toHaveLength(1);
    expect(html).toMatch(/≤ 2\.000<sup>/);
    expect(html).toContain('vae, bits per dimension: kind is lower-bound, and exact for the first');
    expect(html).toContain('<td>1.500</td>');
  });

  it('has a mark for what a model has no figure of', () => {
    const [row] = /<tr><td>adversarial<.*?<\/tr>/.exec(html)!;
    expect(row.match(/class="none"/g)!.length).toBeGreaterThan(5);
  });

  it('loads nothing from elsewhere, and shows names as they are', () => {
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|src=/);
    expect(html).toContain('some &quot;data&quot;');
    expect(html).not.toContain('<model>');
  });

  it('draws every family there is', () => {
    for (const { family } of all.models) expect(poster(all)).toContain(`>${family}<`);
  });
});

describe('a chart', () => {
  const widthOf = (svg: string): number[] =>
    [...svg.matchAll(/<rect class="bar"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
  const options = { title: 'figure', unit: 'units', about: '', width: 400 };

  it('has bars as long as their values', () => {
    const [first, second] = widthOf(
      chart({
        ...options,
        bars: [
          { label: 'a', value: 2 },
          { label: 'b', value: 1 },
        ],
      }),
    );
    expect(first! / second!).toBeCloseTo(2, 5);
  });

  it('says which model has no such figure, and has a line for the floor', () => {
    const svg = chart({
      ...options,
      bars: [
        { label: 'a', value: 4, floor: 1 },
        { label: 'b', value: undefined },
      ],
    });
    expect(svg).toContain('>none<');
    expect(svg.match(/class="floor"/g)).toHaveLength(1);
  });
});

describe('descent compare', () => {
  let cwd: string;
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'descent-compare-'));
    await writeBars(join(cwd, 'bars'));
  });
  afterAll(() => rm(cwd, { recursive: true, force: true }));
  const descent = async (...args: string[]) => start(args, { cwd }).answer;

  it('trains a model of a family for the time it is given, writes the page, and goes on from what is trained', async () => {
    const args = ['--data', 'bars', '--samples', '20', '--out', 'both', '--json'];
    const first = await descent('compare', ...args, '--families', 'autoencoding', '--minutes', '0.01');
    expect(first.stderr).not.toContain('Error');
    expect(first.code).toBe(0);
    const { models, files } = JSON.parse(first.stdout) as { models: Compared[]; files: string[] };
    expect(models.map((each) => each.model)).toEqual(['vae']);
    expect(models[0]!.density!.kind).toBe('lower-bound');
    expect(models[0]!.samples![0]!.floor.frechet).toBeGreaterThanOrEqual(0);
    expect(models[0]!.secondsPerSample).toBeGreaterThan(0);
    for (const file of files) expect(existsSync(join(cwd, file))).toBe(true);
    const png = files.find((file) => file.endsWith('.png'));
    if (png !== undefined) expect(decode(await readFile(join(cwd, png))).width).toBeGreaterThan(600);

    const again = await descent('compare', ...args, '--families', 'autoencoding', '--minutes', '0.01');
    expect((JSON.parse(again.stdout) as { models: Compared[] }).models[0]!.id).toBe(models[0]!.id);
    const given = await descent('compare', 'both/vae', ...args);
    expect((JSON.parse(given.stdout) as { models: Compared[] }).models[0]!.id).toBe(models[0]!.id);
  });

  it('says what is wrong with a family, a time and data without labels', async () => {
    const family = await descent('compare', '--families', 'flow,dance');
    expect(family.code).not.toBe(0);
    expect(family.stderr).toContain("there is no family 'dance'");
    const time = await descent('compare', '--minutes', '0');
    expect(time.code).not.toBe(0);
    expect(time.stderr).toContain('--minutes');
  });
});
