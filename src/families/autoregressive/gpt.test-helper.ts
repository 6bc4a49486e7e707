import { readFileSync } from 'node:fs';
import { parameterLeaves, leavesOf } from '../../nn/parameters.js';
import type { Engine, Store } from '../../runtime/engine.js';
import { type TrainStep, createTrainStep } from '../../runtime/train-step.js';
import { int32 } from '../../tensor/index.js';
import { type Gpt, gpt } from './gpt.js';
import type { GptOptions } from './gpt-config.js';

/** What golden/gpt.py says of an array: sums that see every element, and some elements. */
export interface Summary {
  norm: number;
  sum: number;
  weighted: number;
  samples: number[];
}

interface Golden {
  optimizer: { learningRate: number; beta1: number; beta2: number; epsilon: number; weightDecay: number };
  batch: number;
  time: number;
  models: Record<
    'gpt1' | 'gpt2' | 'gpt3' | 'modern',
    {
      config: GptOptions;
      parameters: Record<string, number[]>;
      logits: Summary;
      lastLogits: number[];
      gradients: Record<string, Summary>;
      losses: number[];
      gradientNorms: number[];
      weights: Record<string, Summary>;
    }
  >;
}

export const golden = JSON.parse(readFileSync(new URL('golden/gpt.json', import.meta.url), 'utf8')) as Golden;

/** The golden script's numbers: the same weights, by a formula. */
export function goldenWeights(model: Gpt): Record<string, Float32Array> {
  const number = (leaf: number, index: number): number =>
    ((index * 7919 + leaf * 104729 + ((index * index) % 1009) * 131) % 2003) / 2003 - 0.5;
  return Object.fromEntries(
    parameterLeaves(model.parameters).map(({ path, spec }, leaf) => {
      const isScale = path.endsWith('.scale');
      const values = Float32Array.from({ length: spec.shape.reduce((a, b) => a * b, 1) }, (_, index) =>
        isScale ? 1 + 0.2 * number(leaf, index) : number(leaf, index),
      );
      return [path, values];
    }),
  );
}

/** The golden script's batch of a step. */
export function goldenBatch(vocabulary: number, step: number): { inputs: Int32Array; targets: Int32Array } {
  const { batch, time } = golden;
  const token = (row: number, t: number): number => (row * 53 + t * t * 7 + t * (row + 3) + step * 17) % vocabulary;
  const tokens = (shift: number) =>
    Int32Array.from({ length: batch * time }, (_, i) => token(Math.floor(i / time), (i % time) + shift));
  return { inputs: tokens(0), targets: tokens(1) };
}

export function summary(values: Float32Array): Summary {
  const stride = Math.max(1, Math.floor(values.length / 6));
  const total = (fn: (value: number, index: number) => number): number =>
    values.reduce((sum, value, index) => sum + fn(value, index), 0);
  return {
    norm: Math.sqrt(total((value) => value * value)),
    sum: total((value) => value),
    weighted: total((value, index) => value * Math.cos(index)),
    samples: Array.from({ length: Math.min(6, Math.ceil(values.length / stride)) }, (_, i) => values[i * stride]!),
  };
}

/** The greatest difference of two summaries, in units of the size of the reference's elements. */
export function difference(actual: Summary, expected: Summary, size: number, floor = 1e-4): number {
  const root = Math.sqrt(size);
  const scale = Math.max(expected.norm / root, floor);
  return Math.max(
    Math.abs(actual.norm - expected.norm) / (scale * root),
    Math.abs(actual.sum - expected.sum) / (scale * root),
    Math.abs(actual.weighted - expected.weighted) / (scale * root),
    ...actual.samples.map((value, index) => Math.abs(value - expected.samples[index]!) / scale),
  );
}

/** A store with a model's parameters. */
export async function storeOf(
  engine: Engine,
  model: Gpt,
  values: Record<string, Float32Array>,
  trainable = false,
): Promise<Store> {
  const leaves = leavesOf(model.parameters);
  const store = await engine.createStore({ leaves, trainable });
  await store.write(values);
  return store;
}

/** A golden model with its weights, ready to train as the golden script does. */
export async function goldenTraining(
  engine: Engine,
  name: keyof Golden['models'],
): Promise<{
  model: Gpt;
  store: Store;
  step: TrainStep;
  train: (steps: number) => Promise<{ losses: number[]; norms: number[] }>;
}> {
  const { optimizer, batch, time } = golden;
  const model = gpt(golden.models[name].config);
  const store = await storeOf(engine, model, goldenWeights(model), true);
  const step = await createTrainStep(engine, {
    store,
    parameters: model.parameters,
    batch: { inputs: int32(batch, time), targets: int32(batch, time) },
    loss: (parameters, { inputs, targets }) => ({ loss: model.loss(parameters, inputs, targets) }),
    optimizer: { kind: 'adamw', momentum: 0, ...optimizer },
    clipNorm: 1,
  });
  const train = async (steps: number) => {
    const losses: number[] = [];
    const norms: number[] = [];
    for (let index = 0; index < steps; index++) {
      losses.push((await step.accumulate(goldenBatch(model.config.vocabularySize, index), 1)).loss);
      norms.push((await step.apply({ learningRate: optimizer.learningRate, step: index + 1 })).gradientNorm);
    }
    return { losses, norms };
  };
  return { model, store, step, train };
}

/** Ten training steps of golden models: losses, gradient norms, and the weights at the end. */
export async function goldenResults(engine: Engine, names: readonly (keyof Golden['models'])[]) {
  const results: Record<string, { losses: number[]; norms: number[]; weights: Record<string, Summary> }> = {};
  for (const name of names) {
    const { store, train } = await goldenTraining(engine, name);
    const outcome = await train(10);
    const weights = Object.fromEntries(Object.entries(await store.read()).map(([path, data]) => [path, summary(data)]));
    results[name] = { ...outcome, weights };
  }
  return results;
}
