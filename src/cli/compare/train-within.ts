import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../errors.js';
import type { ImageSource } from '../../data/images/sources.js';
import { findImageModel } from '../../formats/image-models.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { readJsonLines } from '../../training/json-lines.js';
import { imageTrainingSchema, trainImages } from '../stages/images.js';
import { type StageContext, modelFolderOf } from '../stages/stage.js';
import type { Contestant } from './contestants.js';

/** Steps of a short run that tells how long a step takes; the first of them are slower than the rest. */
const [warmSteps, timedSteps] = [8, 24];

export interface TrainWithinOptions {
  readonly out: string;
  readonly contestant: Contestant;
  readonly source: ImageSource;
  /** What there is for training steps. */
  readonly seconds: number;
}

/** What a run of so many seconds is made of; kept, so that an interrupted one goes on as the same. */
interface Plan {
  readonly seconds: number;
  readonly settings: Contestant['settings'];
  readonly steps: number;
}

/**
 * Trains a model for a given time: a short run finds how long a step takes, and the schedule is then made for as many
 * as there is time for.
 *
 * @returns its model folder
 * @throws ConfigError when there is no time for a single step
 */
export async function trainWithin(context: StageContext, options: TrainWithinOptions): Promise<string> {
  const { out, contestant, source, seconds } = options;
  const { settings } = contestant;
  const found = await findImageModel(contestant.model);
  /** Of so many steps, with so many looks at how far it is on the way. */
  const configOf = (steps: number, looks: number) => {
    const often = { evaluateEvery: Math.ceil(steps / looks), sampleEvery: Math.ceil((2 * steps) / looks) };
    const training = { ...(settings['training'] as object | undefined), steps, ...often };
    return imageTrainingSchema(found).parse({ ...settings, training });
  };
  const file = join(out, 'plan.json');
  let plan = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Plan) : undefined;
  if (plan?.seconds !== seconds || JSON.stringify(plan.settings) !== JSON.stringify(settings)) {
    const trial = join(out, 'trial');
    const config = configOf(warmSteps + timedSteps, 1);
    await rm(trial, { recursive: true, force: true });
    await trainImages({ ...context, changed: 'restart' }, { out: trial, found, config, source });
    const perStep = await secondsPerStep(trial);
    await rm(trial, { recursive: true, force: true });
    const steps = Math.floor(seconds / perStep);
    if (steps < 1) {
      throw new ConfigError(`A step of ${contestant.model} takes ${perStep.toFixed(1)} s: ${seconds} s are too few`, {
        advice: 'Give more time: --minutes.',
      });
    }
    plan = { seconds, settings, steps };
    await writeFileAtomically(file, JSON.stringify(plan));
  }
  const config = configOf(plan.steps, 8);
  await trainImages({ ...context, changed: 'restart' }, { out, found, config, source });
  return modelFolderOf(out);
}

async function secondsPerStep(run: string): Promise<number> {
  const times = (await readJsonLines(join(run, 'metrics.jsonl'))).flatMap(({ seconds }) =>
    typeof seconds === 'number' ? [seconds] : [],
  );
  return (times.at(-1)! - times.at(-1 - timedSteps)!) / timedSteps;
}
