import { access, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ConfigError, FormatError } from '../errors.js';
import { removePartialFiles, writeFileAtomically } from '../runtime/atomic-file.js';
import { describeMachine } from '../runtime/machine.js';
import { isProcessAlive } from '../runtime/process-alive.js';
import type { Json } from '../data/json.js';
import { JsonLinesLog } from './json-lines.js';

export type RunStatus = 'created' | 'running' | 'finished' | 'interrupted' | 'diverged' | 'failed' | 'killed';

/** What status.json says of a run. */
export interface RunState {
  readonly status: RunStatus;
  /** Of the last checkpoint. */
  readonly step: number;
  readonly steps: number;
  /** Training time so far. */
  readonly seconds: number;
  /** ISO 8601. */
  readonly updated: string;
  readonly best?: { readonly metric: string; readonly value: number; readonly step: number };
  readonly process?: { readonly id: number; readonly host: string };
}

/** Bytes of each log. */
export interface LogSizes {
  readonly metrics: number;
  readonly samples: number;
}

export interface RunFolderOptions {
  readonly path: string;
  /** All of the run's settings; a later opening must bring the same ones. */
  readonly config: Json;
  /** Dotted keys that may differ between a run and its resumption. Default: `training.steps`. */
  readonly mayChange?: readonly string[];
  /**
   * 'auto' goes on where an earlier run stopped, if there is one; 'required' refuses when there is none; 'never'
   * begins anew and deletes what the earlier run left. Default 'auto'.
   */
  readonly resume?: 'auto' | 'required' | 'never';
}

/**
 * A run on disk:
 *
 *     config.json        all settings
 *     environment.json   machine, versions and commit, one entry for every time the run was started or resumed
 *     status.json        how far it got
 *     metrics.jsonl      one line a step (or every `logEvery`), evaluations included
 *     samples.jsonl      samples during training
 *     checkpoints/       last.safetensors (resumes exactly), best.safetensors (weights)
 *
 * One process at a time may hold it.
 */
export class RunFolder {
  readonly path: string;
  readonly metrics: JsonLinesLog;
  readonly samples: JsonLinesLog;
  /** Whether there is a checkpoint to go on from. */
  readonly resumed: boolean;

  private constructor(path: string, metrics: JsonLinesLog, samples: JsonLinesLog, resumed: boolean) {
    this.path = path;
    this.metrics = metrics;
    this.samples = samples;
    this.resumed = resumed;
  }

  /**
   * Creates the folder, or opens it to go on.
   *
   * @throws ConfigError when the folder is of a run with other settings, or another process is training in it
   */
  static async open(options: RunFolderOptions): Promise<RunFolder> {
    const { path, config, resume = 'auto', mayChange = ['training.steps'] } = options;
    await mkdir(join(path, 'checkpoints'), { recursive: true });
    const state = await readRunState(path);
    if (state?.status === 'running' && state.process?.id !== process.pid) {
      const { id, host } = state.process ?? {};
      throw new ConfigError(`Process ${id} on ${host} is training in ${path}.`, {
        advice: 'Wait for it or end it; or give this run another name.',
      });
    }
    if (resume === 'never') await clear(path);
    const resumed = await exists(checkpointPath(path, 'last'));
    if (resume === 'required' && !resumed) {
      throw new ConfigError(`${path} has no checkpoint to resume from.`, { advice: 'Start the run without resuming.' });
    }
    const configPath = join(path, 'config.json');
    const earlier = await readJson(configPath);
    if (resumed && earlier !== undefined) assertSameConfig(path, earlier, config, mayChange);
    await removePartialFiles(path);
    await removePartialFiles(join(path, 'checkpoints'));
    await writeFileAtomically(configPath, pretty(config));
    const environmentPath = join(path, 'environment.json');
    const environments = resumed ? await readJson(environmentPath) : undefined;
    const environment = { started: new Date().toISOString(), ...describeMachine() };
    const all = [...(Array.isArray(environments) ? (environments as unknown[]) : []), environment];
    await writeFileAtomically(environmentPath, pretty(all));
    const metrics = await JsonLinesLog.open(join(path, 'metrics.jsonl'));
    const samples = await JsonLinesLog.open(join(path, 'samples.jsonl'));
    return new RunFolder(path, metrics, samples, resumed);
  }

  /** `last` resumes exactly; `best` holds the weights of the best evaluation. */
  checkpoint(kind: 'last' | 'best'): string {
    return checkpointPath(this.path, kind);
  }

  /** Forces the logs onto the disk and tells their sizes: a checkpoint never knows of a step that they do not. */
  async syncLogs(): Promise<LogSizes> {
    await this.metrics.sync();
    await this.samples.sync();
    return { metrics: await this.metrics.size(), samples: await this.samples.size() };
  }

  /** Drops what the logs say of steps after the checkpoint that these sizes are of. */
  async truncateLogs(sizes: LogSizes): Promise<void> {
    await this.metrics.truncate(sizes.metrics);
    await this.samples.truncate(sizes.samples);
  }

  async setState(state: Omit<RunState, 'updated' | 'process'>): Promise<void> {
    const updated = new Date().toISOString();
    const process_ = state.status === 'running' ? { process: { id: process.pid, host: hostname() } } : {};
    await writeFileAtomically(join(this.path, 'status.json'), pretty({ ...state, ...process_, updated }));
  }

  async close(): Promise<void> {
    await this.metrics.close();
    await this.samples.close();
  }
}

export interface RunSummary {
  readonly name: string;
  readonly path: string;
  readonly config: Json;
  readonly state: RunState | undefined;
}

/** The runs in a folder, the latest first. A folder that does not exist has none. */
export async function listRuns(root: string): Promise<RunSummary[]> {
  const entries = (await exists(root)) ? await readdir(root, { withFileTypes: true }) : [];
  const runs: RunSummary[] = [];
  for (const entry of entries) {
    const path = join(root, entry.name);
    if (!entry.isDirectory() || !(await exists(join(path, 'config.json')))) continue;
    const config = (await readJson(join(path, 'config.json'))) as Json;
    runs.push({ name: entry.name, path, config, state: await readRunState(path) });
  }
  return latestFirst(runs);
}

function latestFirst(runs: RunSummary[]): RunSummary[] {
  const updated = (run: RunSummary): string => run.state?.updated ?? '';
  return runs.sort((a, b) => (updated(a) < updated(b) ? 1 : -1));
}

/**
 * The runs in a folder and in folders below it, such as a quickstart's, the latest first. What has a config but no log,
 * such as a model, is none.
 */
export async function findRuns(root: string, depth = 2): Promise<RunSummary[]> {
  if (!(await exists(root))) return [];
  const found: RunSummary[] = [];
  for (const run of await listRuns(root)) if (await exists(join(run.path, 'metrics.jsonl'))) found.push(run);
  const isRun = new Set(found.map(({ path }) => path));
  for (const entry of depth > 1 ? await readdir(root, { withFileTypes: true }) : []) {
    const path = join(root, entry.name);
    if (entry.isDirectory() && !isRun.has(path)) found.push(...(await findRuns(path, depth - 1)));
  }
  return latestFirst(found);
}

/** The state that status.json tells; a run whose process is gone counts as killed. */
export async function readRunState(path: string): Promise<RunState | undefined> {
  const state = (await readJson(join(path, 'status.json'))) as RunState | undefined;
  if (state?.status !== 'running' || (await isAlive(state))) return state;
  return { ...state, status: 'killed' };
}

async function isAlive({ process: owner, updated }: RunState): Promise<boolean> {
  // Another machine's process cannot be asked.
  if (owner?.host !== hostname()) return false;
  // This very process trains and is asked at the same time; or it has the number that an earlier one had.
  if (owner.id === process.pid) return Date.parse(updated) >= performance.timeOrigin;
  return isProcessAlive(owner.id);
}

const checkpointPath = (path: string, kind: 'last' | 'best'): string =>
  join(path, 'checkpoints', `${kind}.safetensors`);

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function clear(path: string): Promise<void> {
  const names = ['checkpoints', 'metrics.jsonl', 'samples.jsonl', 'status.json', 'environment.json', 'config.json'];
  for (const name of names) await rm(join(path, name), { recursive: true, force: true });
  await mkdir(join(path, 'checkpoints'), { recursive: true });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readJson(path: string): Promise<unknown> {
  if (!(await exists(path))) return undefined;
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new FormatError(`${path} is not JSON.`, { advice: 'Mend or delete it.', cause: error });
  }
}

function assertSameConfig(path: string, earlier: unknown, now: unknown, mayChange: readonly string[]): void {
  const before = flatten(earlier);
  const after = flatten(JSON.parse(JSON.stringify(now)) as unknown);
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const changed = keys.filter((key) => before.get(key) !== after.get(key) && !mayChange.includes(key));
  if (changed.length === 0) return;
  const list = changed
    .slice(0, 5)
    .map((key) => `${key}: ${before.get(key) ?? 'not set'} then, ${after.get(key) ?? 'not set'} now`)
    .join('; ');
  throw new ConfigError(`${path} holds a run with other settings (${list}${changed.length > 5 ? '; …' : ''}).`, {
    advice: 'Give the run another name, restore the settings to resume it, or begin anew over it.',
  });
}

/** Dotted keys and JSON texts of the leaves. */
function flatten(value: unknown, prefix = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    return new Map([[prefix, JSON.stringify(value)]]);
  }
  const entries = Object.entries(value).flatMap(([key, child]) => [
    ...flatten(child, prefix === '' ? key : `${prefix}.${key}`),
  ]);
  return new Map(entries);
}
