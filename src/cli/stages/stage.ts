import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError } from '../interrupted.js';
import { type Ancestor, type Lineage, readLineage } from '../../formats/lineage.js';
import { hasModel } from '../../formats/folder.js';
import type { Engine } from '../../runtime/engine.js';
import { createTrainStep } from '../../runtime/train-step.js';
import type { Json } from '../../data/json.js';
import { flopsPerStep } from '../../training/flops.js';
import { RunFolder } from '../../training/run-folder.js';
import type { ProgressReporter } from '../../training/progress.js';
import { type TrainOptions, type TrainResult, train } from '../../training/train.js';

/** What every stage works with. */
export interface StageContext {
  readonly engine: Engine;
  readonly signal?: AbortSignal;
  /** Makes the display of one training run. */
  readonly progress?: (title: string) => ProgressReporter;
  /** The machine's matrix-product rate, operations per second: progress shows the share of it. */
  readonly peakFlops?: number;
  /** What to do with an unfinished run of other settings in the same folder. Default: refuse, with an error. */
  readonly changed?: 'refuse' | 'restart';
}

/** Where a stage's model lies within its run folder. */
export const modelFolderOf = (out: string): string => join(out, 'model');

/** What a stage's result depends on, as a short hash: equal fingerprints, equal models. */
export const fingerprintOf = (settings: unknown): string =>
  createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);

/** What a model descends from, as a part of its fingerprint. */
export const kinOf = (ancestors: readonly Ancestor[]): unknown =>
  ancestors.map(({ role, id, name }) => [role, id, name]);

/** A short hash of contents, such as the texts of a corpus. */
export async function contentId(parts: Iterable<string | NodeJS.ArrayBufferView> | AsyncIterable<string>) {
  const hash = createHash('sha256');
  for await (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

/** The lineage of a stage's finished model, if it was made with this very fingerprint. */
export async function finishedStage(out: string, fingerprint: string): Promise<Lineage | undefined> {
  const folder = modelFolderOf(out);
  if (!hasModel(folder)) return undefined;
  const lineage = await readLineage(folder).catch(() => undefined);
  return lineage?.settings['fingerprint'] === fingerprint ? lineage : undefined;
}

/**
 * Trains in a run folder, going on where an earlier start of the same stage stopped.
 *
 * @throws InterruptedError when the signal ended it early; everything up to the last step is saved
 */
export async function trainInFolder(
  context: StageContext,
  options: Omit<TrainOptions, 'folder' | 'createStep' | 'progress' | 'signal' | 'performance'> & {
    out: string;
    title: string;
    config: Json;
    fingerprint: string;
    /** Shows which share of the machine's peak the phases reach; false where a step is more than its phases. */
    showsShare?: boolean;
  },
): Promise<TrainResult> {
  const { engine, signal } = context;
  const { out, title, config, fingerprint, showsShare = true, ...rest } = options;
  const folder = await openFolder(out, { config, fingerprint }, context.changed ?? 'refuse');
  try {
    const result = await train({
      ...rest,
      folder,
      createStep: (definition) => createTrainStep(engine, definition as never),
      ...(context.progress && { progress: context.progress(title) }),
      ...(signal && { signal }),
      ...(context.peakFlops !== undefined &&
        showsShare && {
          performance: {
            flopsPerStep: flopsPerStep(rest.phases, rest.settings?.accumulation),
            peakFlops: context.peakFlops,
          },
        }),
    });
    if (result.status === 'interrupted') {
      throw new InterruptedError(`${title} stopped at step ${result.step} of ${result.steps}; it is saved in ${out}.`);
    }
    return result;
  } finally {
    await folder.close();
  }
}

/** Opens the run; one of another fingerprint is of other settings or other parents. */
async function openFolder(
  path: string,
  config: { config: Json; fingerprint: string },
  changed: 'refuse' | 'restart',
): Promise<RunFolder> {
  const earlier = await readFile(join(path, 'config.json'), 'utf8').catch(() => undefined);
  const isOther = earlier !== undefined && !earlier.includes(config.fingerprint);
  return RunFolder.open({ path, config, mayChange: [], resume: isOther && changed === 'restart' ? 'never' : 'auto' });
}
