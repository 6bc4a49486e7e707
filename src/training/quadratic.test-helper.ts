import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../data/json.js';
import type { HostTree } from '../runtime/engine.js';
import type { CreateStep, StateBuffer, TrainableStore } from './backend.js';
import type { Phase, TrainingSource } from './phase.js';
import { float32 } from '../tensor/index.js';

/** A store in plain JavaScript, for laws of the trainer that do not depend on the engine. */
export class ArrayStore implements TrainableStore {
  readonly leaves: readonly { path: string; shape: readonly number[] }[];
  readonly buffers: Record<StateBuffer | 'gradients', Record<string, Float32Array>>;

  constructor(shapes: Record<string, readonly number[]>) {
    this.leaves = Object.entries(shapes).map(([path, shape]) => ({ path, shape }));
    const zeros = (): Record<string, Float32Array> =>
      Object.fromEntries(
        this.leaves.map(({ path, shape }) => [path, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
      );
    this.buffers = {
      parameters: zeros(),
      gradients: zeros(),
      firstMoment: zeros(),
      secondMoment: zeros(),
      average: zeros(),
    };
  }

  read(buffer: StateBuffer = 'parameters'): Promise<Record<string, Float32Array>> {
    return Promise.resolve(structuredClone(this.buffers[buffer]));
  }

  write(values: Record<string, Float32Array>, buffer: StateBuffer = 'parameters'): Promise<void> {
    Object.assign(this.buffers[buffer], structuredClone(values));
    return Promise.resolve();
  }
}

/**
 * Steps on the loss mean((parameter - target + noise)²) with Adam, where `target` is the batch's and the noise comes
 * from its key. `loss` may bend the number reported.
 */
export function quadraticSteps(
  options: { loss?: (step: number, loss: number) => number; milliseconds?: number } = {},
): CreateStep<ArrayStore> {
  return ({ store, trainable = () => true }) => {
    let updates = 0;
    return Promise.resolve({
      compileSeconds: 0,
      async accumulate(batch, weight) {
        if (options.milliseconds !== undefined) await sleep(options.milliseconds);
        const { target, key } = batch as { target: Float32Array; key?: Int32Array };
        const noise = key === undefined ? 0 : (key[0]! >>> 8) / 2 ** 26;
        let loss = 0;
        for (const { path } of store.leaves) {
          if (!trainable(path)) continue;
          const parameter = store.buffers.parameters[path]!;
          const gradient = store.buffers.gradients[path]!;
          for (let i = 0; i < parameter.length; i++) {
            const difference = parameter[i]! - target[i % target.length]! + noise;
            loss += difference ** 2 / parameter.length;
            gradient[i]! += (weight * 2 * difference) / parameter.length;
          }
        }
        return { loss: options.loss?.(updates + 1, loss) ?? loss, metrics: { noise } };
      },
      apply({ learningRate, step }) {
        updates++;
        let squares = 0;
        for (const { path } of store.leaves) for (const g of store.buffers.gradients[path]!) squares += g * g;
        const gradientNorm = Math.sqrt(squares);
        const applied = Number.isFinite(gradientNorm);
        for (const { path } of store.leaves) {
          const { parameters, gradients, firstMoment, secondMoment } = store.buffers;
          const [p, g, m, v] = [parameters[path]!, gradients[path]!, firstMoment[path]!, secondMoment[path]!];
          for (let i = 0; applied && trainable(path) && i < p.length; i++) {
            m[i] = 0.9 * m[i]! + 0.1 * g[i]!;
            v[i] = 0.99 * v[i]! + 0.01 * g[i]! ** 2;
            p[i]! -= (learningRate * (m[i]! / (1 - 0.9 ** step))) / (Math.sqrt(v[i]! / (1 - 0.99 ** step)) + 1e-8);
          }
          g.fill(0);
        }
        return Promise.resolve({ gradientNorm, applied });
      },
      averageInto(decay) {
        for (const { path } of store.leaves.filter(({ path: each }) => trainable(each))) {
          const average = store.buffers.average[path]!;
          average.forEach((value, i) => {
            average[i] = decay * value + (1 - decay) * store.buffers.parameters[path]![i]!;
          });
        }
        return Promise.resolve();
      },
    });
  };
}

/** Targets that depend on how many were drawn before. */
export class CountingSource implements TrainingSource {
  readonly tokensPerBatch = 4;
  count = 0;

  next(): HostTree | Promise<HostTree> {
    this.count++;
    return { target: Float32Array.of(Math.sin(this.count), Math.cos(this.count), 1) };
  }

  state(): Json {
    return { count: this.count };
  }

  restore(state: Json): void {
    this.count = (state as { count: number }).count;
  }

  describe(): string {
    return 'a counter';
  }
}

/** A phase for `quadraticSteps`; its loss function is never traced. */
export function quadraticPhase(overrides: Partial<Phase> = {}): Phase {
  return {
    name: 'model',
    parameters: { weight: float32(2, 3) },
    batch: { target: float32(3), key: { shape: [2], dtype: 'int32' } },
    loss: () => {
      throw new Error('not traced here');
    },
    source: new CountingSource(),
    ...overrides,
  };
}
