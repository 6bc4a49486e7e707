import type { Json } from '../data/json.js';
import type { Engine } from '../runtime/engine.js';
import { type HostTree, type Store } from '../runtime/engine.js';
import {
  add,
  cast,
  float32,
  greaterEqual,
  matmul,
  mean,
  mul,
  randomUniform,
  relu,
  square,
  sub,
} from '../tensor/index.js';
import { counterRandom, normal } from '../tensor/random.js';
import { trainStepsOn } from './backend.js';
import { phase, type Phase, type TrainingSource } from './phase.js';
import type { TrainOptions } from './train.js';

/** Points of a smooth function, others in every batch. */
export class PointSource implements TrainingSource {
  readonly tokensPerBatch: number;
  #drawn = 0;

  constructor(
    readonly rows: number,
    readonly width: number,
  ) {
    this.tokensPerBatch = rows;
  }

  next(): HostTree {
    const random = counterRandom(3, 'points', this.#drawn++);
    const x = Float32Array.from({ length: this.rows * this.width }, () => normal(random));
    const y = Float32Array.from({ length: this.rows }, (_, row) => Math.sin(2 * x[row * this.width]!));
    return { x, y };
  }

  state(): Json {
    return this.#drawn;
  }

  restore(state: Json): void {
    this.#drawn = state as number;
  }

  describe(): string {
    return 'points of a sine';
  }
}

const networkParameters = (width: number, hidden: number) => ({
  first: { weight: float32(width, hidden), bias: float32(hidden) },
  second: { weight: float32(hidden, 1) },
});

/** A network of two layers with dropout between them. */
export function networkPhase(
  options: { rows?: number; width?: number; hidden?: number } & Partial<
    Omit<Phase, 'parameters' | 'batch' | 'loss'>
  > = {},
): Phase {
  const { rows = 64, width = 16, hidden = 64, ...rest } = options;
  return phase({
    name: 'network',
    source: new PointSource(rows, width),
    ...rest,
    parameters: networkParameters(width, hidden),
    batch: { x: float32(rows, width), y: float32(rows), key: { shape: [2], dtype: 'int32' } as const },
    loss: ({ first, second }, { x, y, key }) => {
      const activations = relu(add(matmul(x, first.weight), first.bias));
      const kept = cast(greaterEqual(randomUniform(key, [rows, hidden], 0), 0.1), 'float32');
      const output = matmul(mul(activations, kept), second.weight);
      return { loss: mean(square(sub(mean(output, { axes: [1] }), y))) };
    },
  });
}

/** A store of the network's parameters, filled. */
export async function networkStore(engine: Engine, width = 16, hidden = 64): Promise<Store> {
  const leaves = [
    { path: 'first.weight', shape: [width, hidden] },
    { path: 'first.bias', shape: [hidden], decay: false },
    { path: 'second.weight', shape: [hidden, 1] },
  ];
  const store = await engine.createStore({ leaves, trainable: true, average: true });
  const values: Record<string, Float32Array> = {};
  for (const { path, shape } of leaves) {
    const random = counterRandom(5, path, 0);
    const length = shape.reduce((product, size) => product * size, 1);
    values[path] = Float32Array.from({ length }, () => normal(random) / Math.sqrt(shape[0]!));
  }
  await store.write(values);
  return store;
}

export const networkSettings = {
  steps: 80,
  accumulation: 2,
  optimizer: { weightDecay: 0.1 },
  schedule: { learningRate: 0.01, warmupSteps: 5 },
  average: { decay: 0.95 },
  evaluateEvery: 10,
  sampleEvery: 20,
  checkpointEvery: 3,
};

/** Everything for a run of the network on an engine. */
export async function networkRun(engine: Engine): Promise<TrainOptions<Store>> {
  const store = await networkStore(engine);
  const norm = async (): Promise<number> => Math.hypot(...(await store.read())['second.weight']!);
  return {
    stores: { model: store },
    phases: [networkPhase()],
    createStep: trainStepsOn(engine),
    settings: networkSettings,
    evaluate: async () => ({ norm: await norm() }),
    best: { metric: 'norm', mode: 'max' },
    sample: norm,
  };
}
