import type { Engine, HostTree, Store } from '../runtime/engine.js';
import { createTrainStep, type TrainStepOptions } from '../runtime/train-step.js';
import type { OptimizerConfig } from './optimizer.js';
import type { LossOutput } from './phase.js';

/**
 * What the trainer needs of the runtime. The engine's `Store` and `TrainStep` are the implementation; tests also use
 * one in plain JavaScript.
 */
export type StateBuffer = 'parameters' | 'firstMoment' | 'secondMoment' | 'average';

export interface TrainableStore {
  readonly leaves: readonly { readonly path: string; readonly shape: readonly number[] }[];
  read(buffer?: StateBuffer): Promise<Record<string, Float32Array>>;
  /** Overwrites the leaves that `values` names. */
  write(values: Record<string, Float32Array>, buffer?: StateBuffer): Promise<void>;
}

export interface TrainableStep {
  readonly compileSeconds: number;
  /** Adds weight · gradient of the batch's loss. */
  accumulate(batch: HostTree, weight: number): Promise<{ loss: number; metrics: Readonly<Record<string, number>> }>;
  /** Moves the parameters along the accumulated gradient and empties it; `applied` is false when it is not finite. */
  apply(options: { learningRate: number; step: number }): Promise<{ gradientNorm: number; applied: boolean }>;
  /** average ← decay · average + (1 - decay) · parameters, of the parameters that it moves. */
  readonly averageInto?: (decay: number) => Promise<void>;
}

export interface StepDefinition<Store> {
  readonly store: Store;
  readonly parameters: object;
  readonly batch: object;
  readonly loss: (parameters: never, batch: never) => LossOutput;
  readonly optimizer: OptimizerConfig;
  readonly clipNorm?: number;
  readonly trainable?: (path: string) => boolean;
  readonly name: string;
  /** Micro-batches computed side by side. */
  readonly lanes?: number;
  /** The step to whose gradient this one adds; that step's `apply` then moves the parameters. */
  readonly addsTo?: TrainableStep;
}

/** Compiles the step of one loss. */
export type CreateStep<Store> = (definition: StepDefinition<Store>) => Promise<TrainableStep>;

/** Steps that run on an engine. */
export function trainStepsOn(engine: Engine): CreateStep<Store> {
  // A phase does not say the types of its trees: the specs that the loss is traced with are the ones it was made for.
  return (definition) => createTrainStep(engine, definition as unknown as TrainStepOptions<object, object>);
}
