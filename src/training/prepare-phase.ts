import { ConfigError } from '../errors.js';
import type { CreateStep, TrainableStep, TrainableStore } from './backend.js';
import { type GuardState, initialGuardState } from './guard.js';
import { type Moving, movedBy, storeOf } from './moving.js';
import { type OptimizerConfig, optimizerSchema } from './optimizer.js';
import type { LossTerm, Phase } from './phase.js';
import { type ScheduleConfig, scheduleSchema } from './schedule.js';
import { type TrainingConfig, parseSettings } from './settings.js';

/** A phase ready to run: its losses compiled, its settings complete, and how far it is. */

export interface PreparedTerm {
  readonly term: LossTerm;
  readonly step: TrainableStep;
  readonly wantsKey: boolean;
}

export interface PreparedPhase extends Moving {
  readonly phase: Phase;
  readonly terms: readonly PreparedTerm[];
  readonly optimizer: OptimizerConfig;
  readonly schedule: ScheduleConfig;
  /** Optimizer steps taken. */
  updates: number;
  guard: GuardState;
}

interface PrepareOptions<Store extends TrainableStore> {
  readonly stores: Readonly<Record<string, Store>>;
  readonly createStep: CreateStep<Store>;
  readonly settings: TrainingConfig;
}

/** @throws ConfigError for an impossible setting, ShapeError when a loss does not fit its batch */
export async function preparePhase<Store extends TrainableStore>(
  phase: Phase,
  { stores, createStep, settings }: PrepareOptions<Store>,
): Promise<PreparedPhase> {
  const store = stores[storeOf(phase)];
  if (store === undefined) {
    const names = Object.keys(stores).join(', ');
    throw new ConfigError(`Phase "${phase.name}" trains the store "${storeOf(phase)}"; there are: ${names}.`);
  }
  const where = `phase "${phase.name}"`;
  const optimizer = parseSettings(optimizerSchema, { ...settings.optimizer, ...phase.optimizer }, where);
  const schedule = parseSettings(scheduleSchema, { ...settings.schedule, ...phase.schedule }, where);
  const clipNorm = (phase.clipNorm === undefined ? settings.clipNorm : phase.clipNorm) ?? undefined;
  const terms: PreparedTerm[] = [];
  for (const term of [phase, ...(phase.also ?? [])]) {
    const { batch, loss } = term;
    const { parameters, trainable } = phase;
    const name = term === phase ? phase.name : `${phase.name}/${term.name}`;
    const step = await createStep({
      store,
      parameters,
      batch,
      loss,
      optimizer,
      clipNorm,
      trainable,
      name,
      lanes: Math.min(settings.lanes, settings.accumulation * (phase.parts ?? 1) * (1 + (phase.also?.length ?? 0))),
      addsTo: terms[0]?.step,
    });
    terms.push({ term, step, wantsKey: 'key' in batch });
  }
  return { ...movedBy(phase), phase, terms, optimizer, schedule, updates: 0, guard: initialGuardState };
}
