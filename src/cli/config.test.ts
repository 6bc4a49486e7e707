import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { closest } from './closest.js';
import { checkConfig, describeSettings } from './config.js';
import { settingsHelp } from './settings-help.js';
import { merge, readOverrides } from './overrides.js';

const schema = z.strictObject({
  seed: z.int().default(1).describe('seed of everything'),
  model: z
    .strictObject({
      layers: z.int().positive().default(4).describe('number of blocks'),
      activation: z.enum(['gelu', 'relu']).default('gelu').describe('non-linearity'),
    })
    .prefault({}),
  average: z
    .strictObject({ decay: z.number().default(0.9).describe('share kept') })
    .nullable()
    .default(null),
});

describe('readOverrides', () => {
  it('reads dotted keys with their values, as JSON where it is JSON', () => {
    const words = [
      '--model.layers',
      '2',
      '--model.activation=relu',
      '--average',
      'null',
      '--stop',
      '["a","b"]',
      '--on',
    ];
    expect(readOverrides(words)).toEqual({
      settings: { model: { layers: 2, activation: 'relu' }, average: null, stop: ['a', 'b'], on: true },
      positional: [],
    });
  });

  it('leaves words that belong to no key', () => {
    expect(readOverrides(['runs/x', '--seed', '-1', 'once upon'])).toEqual({
      settings: { seed: -1 },
      positional: ['runs/x', 'once upon'],
    });
  });
});

describe('merge', () => {
  it('puts values over values and keeps the rest', () => {
    expect(merge({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: 3 }, d: [2] })).toEqual({ a: { b: 3, c: 2 }, d: [2] });
  });
});

describe('checkConfig', () => {
  it('fills in the defaults', () => {
    expect(checkConfig(schema, { model: { layers: 2 } })).toEqual({
      seed: 1,
      model: { layers: 2, activation: 'gelu' },
      average: null,
    });
  });

  it('names every wrong key and what may have been meant', () => {
    const wrong = { model: { layer: 2, activation: 'tanh' }, sead: 3 };
    expect(() => checkConfig(schema, wrong)).toThrow(/--model\.activation: .*gelu/);
    expect(() => checkConfig(schema, wrong)).toThrow(
      '--model.layer: there is no such setting; did you mean --model.layers?',
    );
    expect(() => checkConfig(schema, wrong)).toThrow('did you mean --seed?');
  });

  it('finds a setting by its last name, and a mistyped flag', () => {
    expect(() => checkConfig(schema, { layers: 2 })).toThrow('did you mean --model.layers?');
    expect(() => checkConfig(schema, { skipbad: true }, ['skip-bad', 'out'])).toThrow('did you mean --skip-bad?');
  });

  it('suggests nothing where nothing is alike', () => {
    expect(() => checkConfig(schema, { quantisation: 8 })).toThrow(/no such setting$/);
  });
});

describe('settings as help', () => {
  it('has every key with its description and default', () => {
    expect(describeSettings(schema)).toEqual([
      { key: 'seed', summary: 'seed of everything', default: 1 },
      { key: 'model.layers', summary: 'number of blocks', default: 4 },
      { key: 'model.activation', summary: 'non-linearity (gelu, relu)', default: 'gelu' },
      { key: 'average.decay', summary: 'share kept', default: 0.9 },
    ]);
  });

  it('stays within the width', () => {
    const lines = settingsHelp(describeSettings(schema), 60).split('\n').slice(2);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  });
});

describe('closest', () => {
  it('puts the most alike first', () => {
    expect(closest('almanack', ['almanac', 'nanogpt'])).toEqual(['almanac']);
    expect(closest('nano', ['almanac', 'nanogpt-shakespeare-cpu'])).toEqual(['nanogpt-shakespeare-cpu']);
  });
});
