import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gpt } from '../families/autoregressive/gpt.js';
import { scalarModel } from '../alignment/scalar-model.js';
import { Engine, type Store } from '../runtime/engine.js';
import { constant } from '../tensor/index.js';
import { trainStepsOn } from '../training/backend.js';
import { phase } from '../training/phase.js';
import { Trainer } from '../training/trainer.js';
import { adaptedLayers, isAdapterPath, mergeAdapters, withAdapters } from './lora.js';
import { initialise, leavesOf, parameterCount, parameterLeaves } from './parameters.js';

const base = gpt({ vocabularySize: 11, contextLength: 6, layers: 2, heads: 2, width: 8, initialisation: 0.4 });
const model = { ...base, parameters: withAdapters(base.parameters, 2) };
const tokens = (): ReturnType<typeof constant> => constant(Int32Array.of(1, 5, 2, 9), [1, 4]);

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 2 });
});
afterAll(() => engine.dispose());

const logitsOf = async (of: typeof base, store: Store): Promise<Float32Array> => {
  const program = await engine.compile(({ parameters }) => ({ out: of.logits(parameters as never, tokens()) }), {
    parameters: of.parameters,
  });
  return ((await program.run({ parameters: store })) as unknown as { out: Float32Array }).out;
};

async function stores(): Promise<{ beneath: Store; adapters: Store; start: Record<string, Float32Array> }> {
  const start = initialise(model.parameters, 3);
  const leaves = leavesOf(model.parameters);
  const split = (isOwn: boolean) => leaves.filter(({ path }) => isAdapterPath(path) === isOwn);
  const pick = (list: typeof leaves) => Object.fromEntries(list.map(({ path }) => [path, start[path]!]));
  const beneath = await engine.createStore({ leaves: split(false) });
  await beneath.write(pick(split(false)));
  const adapters = await engine.createStore({ leaves: split(true), trainable: true, average: true, over: beneath });
  await adapters.write(pick(split(true)));
  return { beneath, adapters, start };
}

/** Fits the next tokens of one text; with two micro-batches a step, side by side where there are lanes. */
async function trained(adapters: Store, lanes: number): Promise<number[]> {
  const batch = { x: { shape: [1, 4], dtype: 'int32' as const } };
  const trainer = await Trainer.create({
    stores: { model: adapters },
    phases: [
      phase({
        name: 'fit',
        parameters: model.parameters as never,
        batch,
        loss: (parameters, { x }) => ({ loss: model.loss(parameters, x, x) }),
        source: {
          next: () => ({ x: Int32Array.of(1, 5, 2, 9) }),
          state: () => null,
          restore: () => undefined,
          describe: () => 'one text',
          tokensPerBatch: 4,
        },
      }),
    ],
    createStep: trainStepsOn(engine),
    settings: { steps: 12, accumulation: 2, lanes, schedule: { kind: 'constant', learningRate: 0.05 }, average: {} },
  });
  const losses: number[] = [];
  for (let step = 0; step < 12; step++) losses.push((await trainer.step()).loss);
  return losses;
}

describe('low-rank adapters', () => {
  it('stand in every linear layer of the blocks, and nowhere else', () => {
    const layers = adaptedLayers(parameterLeaves(model.parameters).map(({ path }) => path));
    expect(layers).toHaveLength(2 * 6);
    expect(layers.every((path) => path.startsWith('blocks.'))).toBe(true);
    // Rank · (in + out) of each: four of 8 → 8, one of 8 → 32 and one back.
    expect(parameterCount(model.parameters) - parameterCount(base.parameters)).toBe(2 * 2 * (4 * 16 + 2 * 40));
    const scalar = parameterLeaves(scalarModel(model).parameters).map(({ path }) => path);
    expect(scalar.filter(isAdapterPath)).toHaveLength(2 * 2 * 6);
  });

  it('change nothing at the start', async () => {
    const { beneath, adapters } = await stores();
    expect(await logitsOf(model, adapters)).toEqual(await logitsOf(base, beneath));
  });

  it('learn alone, and merged say what they say beside the weights', async () => {
    const { beneath, adapters, start } = await stores();
    const losses = await trained(adapters, 1);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.3);
    const after = await beneath.read();
    for (const [path, values] of Object.entries(after)) expect(values).toEqual(start[path]);
    expect(Object.keys(await adapters.read('firstMoment')).every(isAdapterPath)).toBe(true);

    const merged = mergeAdapters(model.parameters, { ...start, ...(await adapters.read()) });
    expect(Object.keys(merged).sort()).toEqual(Object.keys(after).sort());
    const whole = await engine.createStore({ leaves: leavesOf(base.parameters) });
    await whole.write(merged);
    const [beside, within] = [await logitsOf(model, adapters), await logitsOf(base, whole)];
    beside.forEach((value, index) => expect(within[index]).toBeCloseTo(value, 4));
  });

  it('learn the same in lanes', async () => {
    const [one, two] = [await stores(), await stores()];
    const [alone, together] = [await trained(one.adapters, 1), await trained(two.adapters, 2)];
    alone.forEach((loss, index) => expect(together[index]).toBeCloseTo(loss, 4));
  });
});
