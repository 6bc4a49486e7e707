import { describe, expect, it } from 'vitest';
import type { Phase } from './phase.js';
import { ArrayStore, quadraticPhase, quadraticSteps } from './quadratic.test-helper.js';
import { Trainer } from './trainer.js';
import { float32 } from '../tensor/index.js';

const decay = 0.9;
const settings = { steps: 4, average: { decay, warmup: false }, schedule: { learningRate: 0.1, warmupSteps: 0 } };

/** Phases over a store of two parameters, `own` and `other`. */
async function trained(phases: readonly Partial<Phase>[], steps: number) {
  const store = new ArrayStore({ own: [3], other: [3] });
  const parameters = { own: float32(3), other: float32(3) };
  const trainer = await Trainer.create({
    stores: { model: store },
    phases: phases.map((phase, index) => quadraticPhase({ name: `phase ${index}`, parameters, ...phase })),
    createStep: quadraticSteps(),
    settings,
  });
  const history: { own: number; other: number }[] = [];
  for (let step = 0; step < steps; step++) {
    await trainer.step();
    const { own, other } = store.buffers.parameters;
    history.push({ own: own![0]!, other: other![0]! });
  }
  const { own, other } = store.buffers.average;
  return { history, average: { own: own![0]!, other: other![0]! } };
}

/** What an average that begins at 0 comes to. */
const averaged = (values: readonly number[]): number =>
  values.reduce((average, value) => decay * average + (1 - decay) * value, 0);

const only = (name: string) => ({ trainable: (path: string) => path === name });

describe('the average of the parameters', () => {
  it('is that of the parameters of every phase', async () => {
    const { history, average } = await trained([only('own'), only('other')], 4);
    expect(average.own).toBeCloseTo(averaged(history.map(({ own }) => own)), 6);
    expect(average.other).toBeCloseTo(averaged(history.map(({ other }) => other)), 6);
    expect(average.own).not.toBe(0);
  });

  it('moves once a step where several phases move the same parameters', async () => {
    const { history, average } = await trained([{}, {}], 4);
    expect(average.own).toBeCloseTo(averaged(history.map(({ own }) => own)), 6);
  });

  it('copies state that is not to be averaged', async () => {
    const { history, average } = await trained([only('own'), { ...only('other'), averaged: false }], 4);
    expect(average.own).toBeCloseTo(averaged(history.map(({ own }) => own)), 6);
    expect(average.other).toBeCloseTo(history.at(-1)!.other, 6);
  });

  it('rests while a phase does', async () => {
    const { history, average } = await trained([only('own'), { ...only('other'), during: { until: 2 } }], 4);
    expect(average.other).toBeCloseTo(averaged(history.slice(0, 2).map(({ other }) => other)), 6);
  });
});
