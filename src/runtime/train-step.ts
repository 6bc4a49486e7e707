import { ConfigError } from '../errors.js';
import { mul } from '../tensor/elementwise.js';
import { gradients } from '../tensor/grad.js';
import type { Tensor } from '../tensor/graph.js';
import type { TensorSpec } from '../tensor/primitives.js';
import { type Traced, isSpec, isTensor } from '../tensor/trace.js';
import { leaves } from '../tensor/tree.js';
import { createGraphOptimizer } from './graph-optimizer.js';
import type { Engine, HostTree, Store } from './engine.js';
import { type Lane, laneCount, lanesOf } from './lanes.js';
import type { OptimizerConfig } from './optimizer-config.js';
import { optimizerPass } from './optimizer-config.js';

export type { OptimizerConfig } from './optimizer-config.js';

export interface LossResult {
  /** A float scalar: the mean over the micro-batch. */
  loss: Tensor;
  /** Scalars to report; no gradient flows from them. */
  metrics?: Record<string, Tensor>;
}

export interface TrainStepOptions<Parameters, Batch> {
  /** Created with `trainable: true`; its leaves are those of `parameters`. */
  store: Store;
  parameters: Parameters;
  batch: Batch;
  loss: (parameters: Traced<Parameters>, batch: Traced<Batch>) => LossResult;
  optimizer: OptimizerConfig;
  /** Limits the norm of all gradients together (Pascanu et al. 2013). */
  clipNorm?: number;
  /** Which leaves to train; by default all that are the store's own, and not those of a store that it is over. */
  trainable?: (path: string) => boolean;
  /** Micro-batches that are computed side by side, on a share of the threads each. On the CPU only. Default 1. */
  lanes?: number;
  /** Add to the gradient of this step, on the same parameters, whose apply() then moves them: a sum of several losses. */
  addsTo?: TrainStep;
  /** Stands in error messages. */
  name?: string;
}

/** One sum of gradients since the last apply(), spread over the lanes. */
interface GradientSum {
  readonly lanes: readonly { readonly lane: Lane; begun: boolean; last: Promise<unknown> }[];
  /** Micro-batches since the last apply(): they go to the lanes in turn. */
  count: number;
}

export interface StepOutcome {
  /** Before clipping; in units of loss per unit of parameter. */
  gradientNorm: number;
  /** False when the norm was not finite: then nothing was changed. */
  applied: boolean;
}

export interface TrainStep {
  readonly compileSeconds: number;
  /** The leaves that this step changes. */
  readonly trained: readonly string[];
  /** Shared by the steps that add to one gradient. */
  readonly sum: GradientSum;
  /**
   * Adds `weight` times the gradient of the loss on a micro-batch to the sum. The first call after apply() starts anew.
   *
   * @param weight 1 / number of micro-batches
   */
  accumulate(batch: HostTree, weight: number): Promise<{ loss: number; metrics: Record<string, number> }>;
  /** Clips the gradients and moves the parameters. `step` counts from 1. */
  apply(options: { learningRate: number; step: number }): Promise<StepOutcome>;
  /** average += (1 - decay) · (parameters - average), for the leaves that this step changes. */
  averageInto(decay: number): Promise<void>;
}

/** How the optimizer runs: kernels over host memory, or programs on the device. */
export interface Optimizer {
  readonly compileSeconds: number;
  /** Adds the scratch gradients to the sum. */
  addScratch(): Promise<void>;
  /** Resolves to the gradients' norm before clipping. */
  apply(options: { learningRate: number; step: number }): Promise<number>;
  averageInto(decay: number): Promise<void>;
}

const weightSpec: TensorSpec = { shape: [], dtype: 'float32' };

/**
 * One training step: the loss, its gradients and the optimizer. On the CPU the gradients are written straight into flat
 * memory and the optimizer is a pass over it; on a GPU everything stays on the device.
 */
export async function createTrainStep<Parameters, Batch>(
  engine: Engine,
  options: TrainStepOptions<Parameters, Batch>,
): Promise<TrainStep> {
  const { store, parameters, batch, loss, name = 'train step' } = options;
  const specs = new Map(leaves(parameters, isSpec).map(({ path, leaf }) => [path, leaf]));
  const isOwn = (path: string): boolean => store.over === undefined || store.indexOf(path) !== undefined;
  const trained = [...specs.keys()].filter(options.trainable ?? isOwn);
  if (trained.length === 0) throw new ConfigError(`'${name}': no parameter is trainable`);
  const indices = trained.map((path) => {
    const index = store.indexOf(path);
    if (index === undefined) throw new ConfigError(`'${name}': the store has no leaf '${path}'`);
    return index;
  });

  const backward = (traced: Traced<{ parameters: Parameters; batch: Batch; weight: TensorSpec }>) => {
    const { parameters: tree, batch: data, weight } = traced as Traced3<Parameters, Batch>;
    const result = loss(tree, data);
    const byPath = new Map(leaves(tree, isTensor).map(({ path, leaf }) => [path, leaf]));
    const found = gradients(
      mul(result.loss, weight),
      trained.map((path) => byPath.get(path)!),
    );
    return { loss: result.loss, metrics: result.metrics ?? {}, gradients: record(trained, found) };
  };
  const programSpecs = { parameters, batch, weight: weightSpec };
  const count = laneCount(engine, options.lanes ?? 1);
  const sum = options.addsTo?.sum ?? newSum(await lanesOf(engine, store, count));
  const threads = Math.max(1, Math.floor(engine.threads / sum.lanes.length));
  const programs = await Promise.all(
    sum.lanes.map(({ lane }) => lane.engine.compile(backward, programSpecs, { name, threads })),
  );
  const optimizer =
    engine.device === 'webgpu'
      ? await createGraphOptimizer(engine, { ...options, trained, specs })
      : kernelOptimizer(options, indices);

  return {
    compileSeconds: Math.max(...programs.map(({ compileSeconds }) => compileSeconds)) + optimizer.compileSeconds,
    trained,
    sum,
    accumulate(data, weight) {
      // Before the first lane begins: its worker would not give the parameters away while it computes.
      if (sum.count === 0) for (const each of sum.lanes) each.last = each.last.then(() => each.lane.refresh());
      const turn = sum.count++ % sum.lanes.length;
      const place = sum.lanes[turn]!;
      const { lane } = place;
      const run = async () => {
        const args = { parameters: lane.store, batch: data, weight: Float32Array.of(weight) };
        const buffer = place.begun ? 'scratch' : 'gradients';
        const outcome = await programs[turn]!.run(args, { into: { gradients: { store: lane.store, buffer } } });
        if (place.begun) await (lane.store === store ? optimizer.addScratch() : lane.store.addScratch(indices));
        place.begun = true;
        return scalars(outcome);
      };
      // One after the other in a lane; what fails there fails for its caller alone.
      const result = place.last.then(run);
      place.last = result.catch(() => undefined);
      return result;
    },
    async apply(step) {
      if (sum.count === 0) throw new ConfigError(`'${name}': apply() without accumulate()`);
      await Promise.all(sum.lanes.map(({ last }) => last));
      for (const place of sum.lanes) {
        if (place.begun) await place.lane.collect(indices);
        place.begun = false;
      }
      sum.count = 0;
      const gradientNorm = await optimizer.apply(step);
      return { gradientNorm, applied: Number.isFinite(gradientNorm) };
    },
    averageInto: (decay) => optimizer.averageInto(decay),
  };
}

const newSum = (lanes: readonly Lane[]): GradientSum => ({
  lanes: lanes.map((lane) => ({ lane, begun: false, last: Promise.resolve() })),
  count: 0,
});

interface Traced3<Parameters, Batch> {
  parameters: Traced<Parameters>;
  batch: Traced<Batch>;
  weight: Tensor;
}

/** { path: value }, where the paths' dots make them meet the store's leaves. */
const record = <T>(paths: readonly string[], values: readonly T[]): Record<string, T> =>
  Object.fromEntries(paths.map((path, index) => [path, values[index]!]));

function kernelOptimizer<Parameters, Batch>(
  { store, optimizer, clipNorm }: TrainStepOptions<Parameters, Batch>,
  indices: readonly number[],
): Optimizer {
  return {
    compileSeconds: 0,
    addScratch: () => store.addScratch(indices),
    apply: (step) => store.optimize({ leaves: indices, clipNorm, ...optimizerPass(optimizer, step) }),
    averageInto: (decay) => store.updateAverage(indices, decay),
  };
}

function scalars(outcome: HostTree): { loss: number; metrics: Record<string, number> } {
  const { loss, metrics } = outcome as unknown as { loss: Float32Array; metrics: Record<string, Float32Array> };
  return {
    loss: loss[0]!,
    metrics: Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, value[0]!])),
  };
}
