import type { Json } from '../data/json.js';
import { ConfigError, FormatError } from '../errors.js';
import type { FileSystem } from '../runtime/atomic-file.js';
import type { HostTree } from '../runtime/engine.js';
import { averageDecayAt } from './average.js';
import type { CreateStep, StateBuffer, TrainableStore } from './backend.js';
import { loadCheckpoint, readCheckpointState, saveCheckpoint, type StoredState } from './checkpoint.js';
import { exploded, notFinite } from './divergence.js';
import { type GuardState, isExploding, watchLoss } from './guard.js';
import { coverOf, movesTheSame, storeOf } from './moving.js';
import { momentBuffers, type OptimizerConfig } from './optimizer.js';
import { type LossTerm, type Phase, isDuring } from './phase.js';
import { type PreparedPhase, preparePhase } from './prepare-phase.js';
import { deriveKey } from './random-key.js';
import { learningRateAt } from './schedule.js';
import { parseSettings, trainingSchema, type TrainingConfig, type TrainingSettings } from './settings.js';

export interface TrainerOptions<Store extends TrainableStore = TrainableStore> {
  /** The parameters being trained, by the name that phases use. One called 'model' is the usual case. */
  readonly stores: Readonly<Record<string, Store>>;
  readonly phases: readonly Phase[];
  /** `trainStepsOn(engine)`. */
  readonly createStep: CreateStep<Store>;
  readonly settings?: TrainingSettings;
}

/** What one step did. */
export interface StepReport {
  /** 1-based. */
  readonly step: number;
  /** The first phase's loss: the mean over its micro-batches, in its own unit. */
  readonly loss: number;
  /** Norm before clipping, of the first phase that ran. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Tokens (or images, or examples) of this step's batches. */
  readonly tokens: number;
  /** Everything of this step that is worth a line in the log, `loss` and its like included. */
  readonly metrics: Readonly<Record<string, number>>;
}

interface PhaseState {
  readonly updates: number;
  readonly guard: GuardState;
  readonly sources: readonly Json[];
}

interface TrainerState {
  readonly version: 1;
  readonly step: number;
  readonly tokens: number;
  readonly seed: number;
  readonly phases: Readonly<Record<string, PhaseState>>;
}

/**
 * The core of training, one step at a time, for every family and every alignment stage. `train()` puts the run around
 * it: evaluation, checkpoints, logs, interruption.
 *
 * All that a step depends on is in the stores and in `state()`: two trainers with equal stores and states take equal
 * steps, bit for bit on one device.
 */
export class Trainer {
  readonly settings: TrainingConfig;
  /** Seconds that compiling the phases took. */
  readonly compileSeconds: number;
  readonly #stores: Readonly<Record<string, TrainableStore>>;
  readonly #phases: readonly PreparedPhase[];
  #step = 0;
  #tokens = 0;

  private constructor(
    settings: TrainingConfig,
    stores: Readonly<Record<string, TrainableStore>>,
    phases: readonly PreparedPhase[],
  ) {
    this.settings = settings;
    this.#stores = stores;
    this.#phases = phases;
    this.compileSeconds = phases
      .flatMap(({ terms }) => terms.map(({ step }) => step.compileSeconds))
      .reduce((sum, seconds) => sum + seconds, 0);
  }

  /**
   * Compiles every phase. The stores hold the initial parameters already.
   *
   * @throws ConfigError for an impossible setting, ShapeError when a loss does not fit its batch
   */
  static async create<Store extends TrainableStore>(options: TrainerOptions<Store>): Promise<Trainer> {
    const settings = parseSettings(trainingSchema, options.settings ?? {});
    const names = new Set(options.phases.map(({ name }) => name));
    if (names.size === 0 || names.size < options.phases.length) {
      throw new ConfigError('A training run needs at least one phase, and each needs a name of its own.', {
        advice: `The names are: ${options.phases.map(({ name }) => name).join(', ') || 'none'}.`,
      });
    }
    const phases: PreparedPhase[] = [];
    for (const phase of options.phases) phases.push(await preparePhase(phase, { ...options, settings }));
    const used = new Map(phases.map(({ phase }) => [storeOf(phase), options.stores[storeOf(phase)]!]));
    const trainer = new Trainer(settings, Object.fromEntries(used), phases);
    if (settings.average !== null) {
      for (const store of used.values()) await startAverage(store);
    }
    return trainer;
  }

  /** Steps taken so far. */
  get stepsDone(): number {
    return this.#step;
  }

  /** Tokens (or images, or examples) seen so far. */
  get tokensSeen(): number {
    return this.#tokens;
  }

  get phases(): readonly Phase[] {
    return this.#phases.map(({ phase }) => phase);
  }

  /** Whether a checkpoint taken now could be resumed exactly. */
  get resumable(): boolean {
    return this.#sources().every((source) => source.resumable?.() ?? true);
  }

  /**
   * Takes one step: every phase that is due draws its batches, accumulates its gradients and moves its parameters.
   *
   * @throws DivergenceError when a loss or gradient is not finite (the parameters are then those before the phase's
   *   step), or when a loss explodes (see `guardSchema`)
   */
  async step(): Promise<StepReport> {
    const step = this.#step + 1;
    const due = this.#phases.filter(({ phase }) => isDue(phase, step));
    const metrics: Record<string, number> = {};
    let main: PhaseReport | undefined;
    let tokens = 0;
    for (const prepared of due) {
      const report = await this.#runPhase(prepared, step);
      const prefix = this.#phases.length > 1 ? `${prepared.phase.name}.` : '';
      for (const [key, value] of Object.entries(report.metrics)) metrics[prefix + key] = value;
      tokens += report.tokens;
      main ??= report;
    }
    if (this.settings.average !== null && due.length > 0) await this.#average(due, step);
    this.#step = step;
    this.#tokens += tokens;
    const { loss = NaN, gradientNorm = NaN, learningRate = 0 } = main ?? {};
    return { step, loss, gradientNorm, learningRate, tokens, metrics };
  }

  /** Everything besides tensors that the next steps depend on. */
  state(): Json {
    const state: TrainerState = {
      version: 1,
      step: this.#step,
      tokens: this.#tokens,
      seed: this.settings.seed,
      phases: Object.fromEntries(
        this.#phases.map(({ phase, terms, updates, guard }) => [
          phase.name,
          { updates, guard, sources: terms.map(({ term }) => term.source.state()) },
        ]),
      ),
    };
    return state as unknown as Json;
  }

  /** @throws FormatError when the state is of a run with other phases, ConfigError when it is of another seed */
  restore(json: Json): void {
    const state = this.#check(json);
    for (const prepared of this.#phases) {
      const { updates, guard, sources } = state.phases[prepared.phase.name]!;
      prepared.updates = updates;
      prepared.guard = guard;
      prepared.terms.forEach(({ term }, index) => {
        term.source.restore(sources[index]!);
      });
    }
    this.#step = state.step;
    this.#tokens = state.tokens;
  }

  /** Writes parameters, moments, average and state, atomically. `extra` comes back from `load`. */
  async save(path: string, extra: Json = null, fileSystem?: FileSystem): Promise<void> {
    const state = { trainer: this.state(), extra };
    await saveCheckpoint({ path, stores: this.#stored(true), state, fileSystem });
  }

  /** Writes what is needed to use the model, not to go on training it: parameters and average. */
  async saveWeights(path: string, extra: Json = null, fileSystem?: FileSystem): Promise<void> {
    const state = { step: this.#step, extra };
    await saveCheckpoint({ path, stores: this.#stored(false), state, fileSystem });
  }

  /** Goes back to where `save` was called. Returns its `extra`. */
  async load(path: string): Promise<Json> {
    const state = (await readCheckpointState(path)) as { trainer?: Json; extra?: Json };
    if (state.trainer === undefined) {
      throw new FormatError(`${path} holds weights alone: training cannot be resumed from it.`, {
        advice: 'Resume from checkpoints/last.safetensors of the run.',
      });
    }
    this.#check(state.trainer);
    await loadCheckpoint({ path, stores: this.#stored(true) });
    this.restore(state.trainer);
    return state.extra ?? null;
  }

  #check(json: Json): TrainerState {
    const state = json as unknown as TrainerState;
    if (state.seed !== this.settings.seed) {
      throw new ConfigError(`The checkpoint is of a run with seed ${state.seed}, this one has ${this.settings.seed}.`, {
        advice: 'Give that seed to go on, or begin anew in another folder.',
      });
    }
    for (const { phase, terms } of this.#phases) {
      const found = Object.hasOwn(state.phases, phase.name) ? state.phases[phase.name]!.sources.length : 0;
      if (found !== terms.length) {
        throw new FormatError(
          `The checkpoint knows ${found} losses of phase "${phase.name}", this run has ${terms.length}.`,
          { advice: 'It is of another model or version: begin anew in another folder.' },
        );
      }
    }
    return state;
  }

  async #runPhase(prepared: PreparedPhase, step: number): Promise<PhaseReport> {
    const { phase, terms, schedule } = prepared;
    const { seed, steps } = this.settings;
    const accumulation = this.settings.accumulation * (phase.parts ?? 1);
    const metrics: Record<string, number> = {};
    const add = (key: string, value: number): void => {
      metrics[key] = (metrics[key] ?? 0) + value;
    };
    let loss = 0;
    let tokens = 0;
    // All are given at once: a step with several lanes computes them side by side.
    const running: Promise<TermResult>[] = [];
    for (let micro = 0; micro < accumulation; micro++) {
      for (const { term, step: trainStep, wantsKey } of terms) {
        const key = (): Int32Array => deriveKey({ seed, purpose: `${phase.name}/${term.name}`, step, index: micro });
        const batch = withKey(await term.source.next(), wantsKey ? key : undefined);
        const weight = (term.weight ?? 1) / accumulation;
        running.push(trainStep.accumulate(batch, weight).then((result) => ({ ...result, term, weight })));
      }
    }
    for (const { term, weight, ...result } of await Promise.all(running)) {
      loss += weight * result.loss;
      tokens += term.source.tokensPerBatch;
      const prefix = term === phase ? '' : `${term.name}.`;
      for (const [name, value] of Object.entries(result.metrics)) add(prefix + name, value / accumulation);
      if (terms.length > 1) add(`${term.name}.loss`, result.loss / accumulation);
      if (!Number.isFinite(result.loss)) {
        // A step of length 0 moves nothing and tells the gradient's norm, which says where to look.
        const { gradientNorm } = await terms[0]!.step.apply({ learningRate: 0, step: this.#updatesOf(prepared) + 1 });
        throw notFinite({ step, phase, loss: result.loss, gradientNorm, guard: prepared.guard });
      }
    }
    for (const { term } of terms) Object.assign(metrics, term.source.metrics?.());

    const { from = 0, until = steps } = phase.during ?? {};
    const learningRate = learningRateAt(schedule, step - from, until - from);
    const { gradientNorm, applied } = await terms[0]!.step.apply({
      learningRate,
      step: this.#updatesOf(prepared) + 1,
    });
    if (!applied || !Number.isFinite(gradientNorm)) {
      throw notFinite({ step, phase, loss, gradientNorm, guard: prepared.guard });
    }
    prepared.updates++;
    if (phase.guarded ?? true) {
      prepared.guard = watchLoss(prepared.guard, loss);
      if (isExploding(prepared.guard, this.settings.guard)) {
        throw exploded({ step, phase, loss, gradientNorm, guard: prepared.guard }, this.settings.guard.factor);
      }
    }
    return { loss, gradientNorm, learningRate, tokens, metrics: { loss, gradientNorm, learningRate, ...metrics } };
  }

  /** How often the moments of its parameters were updated, which is what Adam's bias correction counts. */
  #updatesOf(prepared: PreparedPhase): number {
    const sharing = this.#phases.filter(
      (other) => movesTheSame(other, prepared) && isAdam(other.optimizer) === isAdam(prepared.optimizer),
    );
    return sharing.reduce((sum, { updates }) => sum + updates, 0);
  }

  /** Once a step for each parameter that it moved, after all phases, so that the average is of whole steps. */
  async #average(due: readonly PreparedPhase[], step: number): Promise<void> {
    const decay = averageDecayAt(this.settings.average!, step);
    for (const { phase, terms } of coverOf(due)) {
      const trainStep = terms[0]!.step;
      if (trainStep.averageInto === undefined)
        throw new ConfigError('This device keeps no average of the parameters.', {
          advice: 'Set average to null, or train on another device.',
        });
      await trainStep.averageInto(phase.averaged === false ? 0 : decay);
    }
  }

  #sources() {
    return this.#phases.flatMap(({ terms }) => terms.map(({ term }) => term.source));
  }

  #stored(withMoments: boolean): Record<string, StoredState> {
    return Object.fromEntries(
      Object.entries(this.#stores).map(([name, store]) => {
        const buffers = new Set<StateBuffer>(['parameters']);
        for (const { phase, optimizer } of this.#phases) {
          if (withMoments && storeOf(phase) === name)
            for (const buffer of momentBuffers(optimizer)) buffers.add(buffer);
        }
        if (this.settings.average !== null) buffers.add('average');
        return [name, { store, buffers: [...buffers] }];
      }),
    );
  }
}

/** What a micro-batch gave. */
interface TermResult {
  readonly term: LossTerm;
  readonly weight: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

interface PhaseReport {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly tokens: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** The average begins as the parameters. */
async function startAverage(store: TrainableStore): Promise<void> {
  for (const [path, values] of Object.entries(await store.read('parameters'))) {
    await store.write({ [path]: values }, 'average');
  }
}

const isDue = (phase: Phase, step: number): boolean => step % (phase.every ?? 1) === 0 && isDuring(phase, step);

const isAdam = ({ kind }: OptimizerConfig): boolean => kind !== 'sgd';

function withKey(batch: HostTree, key: (() => Int32Array) | undefined): HostTree {
  if (key === undefined || 'key' in batch) return batch;
  return { ...(batch as Readonly<Record<string, HostTree>>), key: key() };
}
