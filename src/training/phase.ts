import type { Tensor } from '../tensor/graph.js';
import type { Traced } from '../tensor/trace.js';
import type { Json } from '../data/json.js';
import type { HostTree } from '../runtime/engine.js';
import type { OptimizerSettings } from './optimizer.js';
import type { ScheduleSettings } from './schedule.js';

/**
 * Where batches come from. Every `BatchSource` of `data/` is one; PPO's rollouts are another, whose `next` may take
 * long and whose position can be saved only between rollouts.
 */
export interface TrainingSource {
  next(): HostTree | Promise<HostTree>;
  /** The position after the last `next`: `restore(state())` makes a new source go on as this one would. */
  state(): Json;
  restore(state: Json): void;
  describe(): string;
  /** Tokens (or images, or examples: what the rate is counted in) per batch. */
  readonly tokensPerBatch: number;
  /** False while a run could not be resumed exactly from here; checkpoints wait for a step where it is true. */
  resumable?(): boolean;
  /** Figures to log beside the loss of the batch last given, e.g. the reward of a rollout. */
  metrics?(): Readonly<Record<string, number>>;
}

/** What a loss function returns: scalars. */
export interface LossOutput {
  readonly loss: Tensor;
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** One loss over batches of one shape. */
export interface LossTerm {
  /** Distinguishes it from the phase's other losses, in the log. */
  readonly name: string;
  /**
   * Shapes of a batch: a tree of tensor specs. A field `key` (int32 [2]) that the source does not give is filled with a key for this step's
   * random draws, such as dropout.
   */
  readonly batch: object;
  /** Traced once. */
  readonly loss: (parameters: never, batch: never) => LossOutput;
  readonly source: TrainingSource;
  /** Its share in the sum of the phase's losses. Default 1. */
  readonly weight?: number;
}

/**
 * One optimization problem: a loss over a set of parameters. A language model has one phase; a GAN has two, on disjoint
 * parameters of one store.
 */
export interface Phase extends LossTerm {
  /** The store that holds the parameters. Default 'model'. */
  readonly store?: string;
  /** Their shapes: a tree of tensor specs. */
  readonly parameters: object;
  /** Parameters that this phase moves, by path. Default: all that are the store's own (see `StoreOptions.over`). */
  readonly trainable?: (path: string) => boolean;
  /** The phase runs on steps that are a multiple of this. Default 1. */
  readonly every?: number;
  /**
   * It runs after step `from` (default 0) and up to step `until` (default: the last), and its learning rate's schedule
   * spans these: e.g. a prior over codes that waits until the codes are final.
   */
  readonly during?: { readonly from?: number; readonly until?: number };
  /**
   * Into how many batches of the source a whole batch is divided, so that lanes share it; the gradient is their mean's.
   * Only where the loss is a mean over examples. Default 1.
   */
  readonly parts?: number;
  /** Losses added to this one before the optimizer's step, on batches of their own, e.g. PPO's pretraining loss. */
  readonly also?: readonly LossTerm[];
  /** Differences from the run's optimizer and schedule, e.g. a GAN's second learning rate. */
  readonly optimizer?: OptimizerSettings;
  readonly schedule?: ScheduleSettings;
  /**
   * False for state that is no optimum to be approached, such as counts: a moving average of the parameters keeps its
   * latest value. Default true.
   */
  readonly averaged?: boolean;
  /** Instead of the run's; null for none. */
  readonly clipNorm?: number | null;
  /** False for a loss that has no reason to fall, such as a GAN's: only NaN and infinity stop it. Default true. */
  readonly guarded?: boolean;
}

/** Whether the step that ends at `step`, counted from 1, is among those of a phase. */
export const isDuring = ({ during }: Pick<Phase, 'during'>, step: number): boolean =>
  step > (during?.from ?? 0) && step <= (during?.until ?? Infinity);

/** A phase with the types of its trees checked: `loss` sees tensors in the shape of `parameters` and `batch`. */
export function phase<Parameters extends object, Batch extends object>(
  definition: Omit<Phase, 'parameters' | 'batch' | 'loss'> & {
    readonly parameters: Parameters;
    readonly batch: Batch;
    readonly loss: (parameters: Traced<Parameters>, batch: Traced<Batch>) => LossOutput;
  },
): Phase {
  const erased: unknown = definition;
  return erased as Phase;
}

/** A further loss of a phase, with the type of its batch checked. */
export function lossTerm<Parameters extends object, Batch extends object>(
  definition: Omit<LossTerm, 'batch' | 'loss'> & {
    /** The phase's parameters, for their type. */
    readonly parameters: Parameters;
    readonly batch: Batch;
    readonly loss: (parameters: Traced<Parameters>, batch: Traced<Batch>) => LossOutput;
  },
): LossTerm {
  const { name, batch, loss, source, weight } = definition;
  return { name, batch, loss: loss, source, weight };
}
