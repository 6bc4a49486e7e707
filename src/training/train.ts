import { DescentError, DivergenceError } from '../errors.js';
import type { Json } from '../data/json.js';
import type { TrainableStore } from './backend.js';
import type { ProgressReporter } from './progress.js';
import type { LogSizes, RunFolder, RunStatus } from './run-folder.js';
import { Trainer, type StepReport, type TrainerOptions } from './trainer.js';
import { type Watch, type WatchState, initialWatchState, watchFigures } from './watch.js';

/** What an evaluation or sampling callback gets. The stores hold the parameters of this step. */
export interface StepContext {
  readonly step: number;
  readonly signal: AbortSignal;
}

export interface TrainOptions<Store extends TrainableStore = TrainableStore> extends TrainerOptions<Store> {
  /** Shown by progress and in errors. Default: the first phase's name. */
  readonly name?: string;
  /** What `tokensPerBatch` counts, for the progress line. Default 'tokens'. */
  readonly unit?: string;
  /** Where checkpoints and logs go, and where an earlier run is resumed from. Without one nothing is written. */
  readonly folder?: RunFolder;
  /** Figures on held-out data, every `evaluateEvery` steps and at the end. */
  readonly evaluate?: (context: StepContext) => Promise<Readonly<Record<string, number>>>;
  /** Also evaluate the untrained model. Default false. */
  readonly evaluateAtStart?: boolean;
  /** Which figure of the evaluation chooses the best checkpoint. */
  readonly best?: { readonly metric: string; readonly mode: 'min' | 'max' };
  /** Samples to log, every `sampleEvery` steps and at the end. */
  readonly sample?: (context: StepContext) => Promise<Json>;
  /** Looks for what is wrong with the run; each condition is shown and logged once, until it passes. */
  readonly watch?: Watch;
  readonly progress?: ProgressReporter;
  /** Aborting ends the run after the current step, with a checkpoint from which it resumes exactly. */
  readonly signal?: AbortSignal;
  /** Floating-point operations of each step and the machine's matrix-product rate, for the share of peak. */
  readonly performance?: { readonly flopsPerStep: (step: number) => number; readonly peakFlops: number };
}

export interface TrainResult {
  readonly status: 'finished' | 'interrupted';
  readonly step: number;
  readonly steps: number;
  /** Training time over all sessions of the run, evaluations included. */
  readonly seconds: number;
  readonly compileSeconds: number;
  readonly tokens: number;
  /** Of the last step taken in this session. */
  readonly loss?: number;
  readonly evaluation?: Evaluation;
  readonly best?: Best;
  /** Checkpoint to resume from; absent without a folder. */
  readonly last?: string;
}

export interface Evaluation {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface Best {
  readonly step: number;
  readonly metric: string;
  readonly value: number;
}

/** What a checkpoint remembers of the run, besides the trainer's state. */
interface RunMemory {
  seconds: number;
  /** Whether the evaluation and samples that the current step calls for are done. */
  reviewed: boolean;
  evaluation: Evaluation | null;
  best: Best | null;
  watch: WatchState;
  logs: LogSizes;
}

/**
 * Trains to the end of `settings.steps`: the one run loop, for every family and every alignment stage. With a folder
 * it resumes where that left off; a run that is finished returns at once.
 *
 * @throws DivergenceError naming the step, the gradient norm and the last good checkpoint; DescentError when a
 *   checkpoint cannot be written (the previous one is kept); ConfigError for impossible settings
 */
export async function train<Store extends TrainableStore>(options: TrainOptions<Store>): Promise<TrainResult> {
  const trainer = await Trainer.create(options);
  const run = new Run(trainer, options as unknown as TrainOptions);
  return run.toTheEnd();
}

class Run {
  readonly #trainer: Trainer;
  readonly #options: TrainOptions;
  readonly #signal: AbortSignal;
  readonly #steps: number;
  readonly #memory: RunMemory;
  readonly #clock = new Clock();
  #lastReport: StepReport | undefined;
  /** Whether the last checkpoint is of now. */
  #saved = false;

  constructor(trainer: Trainer, options: TrainOptions) {
    this.#trainer = trainer;
    this.#options = options;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#steps = trainer.settings.steps;
    this.#memory = {
      seconds: 0,
      reviewed: options.evaluateAtStart !== true,
      evaluation: null,
      best: null,
      watch: initialWatchState,
      logs: { metrics: 0, samples: 0 },
    };
  }

  async toTheEnd(): Promise<TrainResult> {
    const { folder, progress, name, phases } = this.#options;
    const trainer = this.#trainer;
    try {
      if (folder?.resumed === true) {
        Object.assign(this.#memory, await trainer.load(folder.checkpoint('last')));
        this.#clock.spent = this.#memory.seconds;
        this.#saved = this.#memory.reviewed;
      }
      await folder?.truncateLogs(this.#memory.logs);
      await this.#setState('running');
      const { compileSeconds, stepsDone: step } = trainer;
      progress?.begin?.({ name: name ?? phases[0]!.name, step, steps: this.#steps, compileSeconds });
      const status = await this.#loop();
      await this.#setState(status);
      progress?.end?.({ status, step: trainer.stepsDone, seconds: this.#clock.total() });
      return this.#result(status);
    } catch (error) {
      progress?.end?.({ status: 'failed', step: trainer.stepsDone, seconds: this.#clock.total() });
      // The error itself is what the caller must see, even if the status cannot be written (a full disk).
      await this.#setState(error instanceof DivergenceError ? 'diverged' : 'failed').catch(() => undefined);
      throw this.#withCheckpoint(error);
    }
  }

  async #loop(): Promise<'finished' | 'interrupted'> {
    const trainer = this.#trainer;
    if (!this.#memory.reviewed && !this.#aborted()) await this.#review();
    let savedAt = performance.now();
    const { checkpointEvery, checkpointSeconds } = trainer.settings;
    let due = false;
    while (trainer.stepsDone < this.#steps && !(this.#aborted() && trainer.resumable)) {
      await this.#takeStep();
      if (!this.#aborted()) await this.#review();
      const step = trainer.stepsDone;
      due ||= checkpointEvery !== null && step % checkpointEvery === 0;
      due ||= checkpointSeconds !== null && performance.now() - savedAt >= checkpointSeconds * 1000;
      if (due && trainer.resumable && step < this.#steps && !this.#aborted()) {
        await this.#save();
        await this.#setState('running');
        savedAt = performance.now();
        due = false;
      }
    }
    await this.#save();
    return trainer.stepsDone < this.#steps || !this.#memory.reviewed ? 'interrupted' : 'finished';
  }

  // A function: the compiler would take `signal.aborted` for constant between two awaits.
  #aborted(): boolean {
    return this.#signal.aborted;
  }

  async #takeStep(): Promise<void> {
    const { folder, progress, unit = 'tokens', performance: speed } = this.#options;
    const started = performance.now();
    this.#saved = false;
    const report = await this.#trainer.step();
    this.#clock.tookStep(report.tokens, (performance.now() - started) / 1000);
    this.#lastReport = report;
    this.#memory.reviewed = false;
    const { step, loss, gradientNorm, learningRate, metrics } = report;
    const { tokensPerSecond, stepsPerSecond } = this.#clock;
    if (step % this.#trainer.settings.logEvery === 0 || step === this.#steps) {
      const seconds = round(this.#clock.total(), 3);
      await folder?.metrics.append({ step, ...metrics, seconds, tokensPerSecond: round(tokensPerSecond, 1) });
    }
    progress?.step?.({
      step,
      steps: this.#steps,
      loss,
      gradientNorm,
      learningRate,
      tokensPerSecond,
      unit,
      peakShare: speed === undefined ? undefined : (speed.flopsPerStep(step) * stepsPerSecond) / speed.peakFlops,
      secondsElapsed: this.#clock.total(),
      secondsLeft: this.#clock.secondsFor(this.#steps - step),
      metrics,
    });
    await this.#watch(step, metrics);
  }

  async #watch(step: number, metrics: Readonly<Record<string, number>>): Promise<void> {
    const { watch, folder, progress } = this.#options;
    if (watch === undefined) return;
    const { state, warnings } = watchFigures(this.#memory.watch, metrics, watch);
    this.#memory.watch = state;
    for (const warning of warnings) {
      await folder?.metrics.append({ step, warning });
      progress?.warning?.({ step, message: warning });
    }
  }

  /** The evaluation and the samples that the current step calls for. An abort in between leaves them for later. */
  async #review(): Promise<void> {
    const { evaluate, sample, folder, progress } = this.#options;
    const { evaluateEvery, sampleEvery } = this.#trainer.settings;
    const step = this.#trainer.stepsDone;
    const context = { step, signal: this.#signal };
    this.#saved = false;
    const due = (every: number): boolean => step % every === 0 || step === this.#steps;
    try {
      // Both come before either is logged, so that an abort between them logs nothing twice.
      const metrics = due(evaluateEvery) ? await evaluate?.(context) : undefined;
      const samples = due(sampleEvery) ? await sample?.(context) : undefined;
      if (metrics !== undefined) await this.#recordEvaluation({ step, metrics });
      if (samples !== undefined) {
        await folder?.samples.append({ step, samples });
        progress?.samples?.({ step, samples });
      }
      this.#memory.reviewed = true;
    } catch (error) {
      if (!this.#aborted()) throw error;
    }
  }

  async #recordEvaluation(evaluation: Evaluation): Promise<void> {
    const { folder, best: rule, progress } = this.#options;
    const { step, metrics } = evaluation;
    const memory = this.#memory;
    memory.evaluation = evaluation;
    const value = rule === undefined ? undefined : metrics[rule.metric];
    if (rule !== undefined && value === undefined) {
      const names = Object.keys(metrics).join(', ');
      throw new DescentError(`The best checkpoint is chosen by "${rule.metric}"; the evaluation gives: ${names}.`, {
        advice: 'Choose by one of these.',
      });
    }
    const previous = memory.best?.value;
    const better =
      value !== undefined &&
      Number.isFinite(value) &&
      (previous === undefined || (rule?.mode === 'max' ? value > previous : value < previous));
    if (better && rule !== undefined) {
      memory.best = { step, metric: rule.metric, value };
      if (folder !== undefined)
        await this.#trainer.saveWeights(folder.checkpoint('best'), { best: { ...memory.best } });
    }
    await folder?.metrics.append({ step, evaluation: { ...metrics } });
    progress?.evaluation?.({ step, metrics, best: better });
  }

  async #save(): Promise<void> {
    const { folder, progress } = this.#options;
    if (folder === undefined || this.#saved) return;
    const started = performance.now();
    this.#memory.seconds = this.#clock.total();
    const path = folder.checkpoint('last');
    this.#memory.logs = await folder.syncLogs();
    await this.#trainer.save(path, { ...this.#memory } as unknown as Json);
    this.#saved = true;
    const seconds = (performance.now() - started) / 1000;
    progress?.checkpoint?.({ step: this.#trainer.stepsDone, path, seconds });
  }

  async #setState(status: RunStatus): Promise<void> {
    const { best } = this.#memory;
    await this.#options.folder?.setState({
      status,
      step: this.#trainer.stepsDone,
      steps: this.#steps,
      seconds: round(this.#clock.total(), 3),
      ...(best === null ? {} : { best }),
    });
  }

  #result(status: 'finished' | 'interrupted'): TrainResult {
    const { evaluation, best } = this.#memory;
    return {
      status,
      step: this.#trainer.stepsDone,
      steps: this.#steps,
      seconds: this.#clock.total(),
      compileSeconds: this.#trainer.compileSeconds,
      tokens: this.#trainer.tokensSeen,
      loss: this.#lastReport?.loss,
      evaluation: evaluation ?? undefined,
      best: best ?? undefined,
      last: this.#options.folder?.checkpoint('last'),
    };
  }

  /** Adds to a divergence where the run can be taken up again. */
  #withCheckpoint(error: unknown): unknown {
    const { folder } = this.#options;
    if (!(error instanceof DivergenceError) || folder === undefined) return error;
    const kept = `The last good checkpoint is kept: ${folder.checkpoint('last')} (if one was written), logs in ${folder.path}.`;
    return new DivergenceError(error.message, { advice: `${error.advice ?? ''} ${kept}`.trim(), cause: error });
  }
}

/** Time spent and the rate of the latest steps. */
class Clock {
  /** Seconds of earlier sessions. */
  spent = 0;
  tokensPerSecond = 0;
  stepsPerSecond = 0;
  readonly #started = performance.now();
  /** Of each step, in seconds; the first is the start. */
  readonly #ends = [0];

  total(): number {
    return this.spent + this.#session();
  }

  tookStep(tokens: number, seconds: number): void {
    // An exponential mean over about twenty steps, exact at first.
    const share = Math.max(1 / this.#ends.length, 0.05);
    const previous = this.stepsPerSecond === 0 ? 0 : 1 / this.stepsPerSecond;
    const secondsPerStep = previous + share * (seconds - previous);
    this.stepsPerSecond = 1 / secondsPerStep;
    this.tokensPerSecond = tokens / secondsPerStep;
    this.#ends.push(this.#session());
  }

  /**
   * Time for so many more steps at the pace of the later half of this session's, evaluations and checkpoints included:
   * the earlier half may be of other phases.
   */
  secondsFor(steps: number): number {
    const taken = this.#ends.length - 1;
    const before = Math.floor(taken / 2);
    return (steps * (this.#session() - this.#ends[before]!)) / (taken - before);
  }

  #session(): number {
    return (performance.now() - this.#started) / 1000;
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
