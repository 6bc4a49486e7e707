import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '../../errors.js';
import { hasModel } from '../../formats/folder.js';
import { readJsonLines } from '../../training/json-lines.js';
import { type RunState, type RunSummary, findRuns, readRunState } from '../../training/run-folder.js';
import { readLaunch } from './launches.js';
import { readProgress } from './progress.js';
import { RunLog } from './run-log.js';
import type { RunView, SampleView } from './wire.js';

/** How deep runs lie: runs/recipes/<recipe>/<part>. */
const DEPTH = 4;

/** A stage keeps its settings beside the fingerprint of all that it depends on. */
const settingsOf = (config: unknown): unknown =>
  typeof config === 'object' && config !== null && 'fingerprint' in config && 'config' in config
    ? config.config
    : (config ?? null);

/** The runs of a folder, with their logs as far as they have been read. */
export class RunLibrary {
  readonly root: string;
  readonly #logs = new Map<string, RunLog>();

  constructor(root: string) {
    this.root = resolve(root);
  }

  /** Where a run lies. @throws ConfigError for a name that leads out of the folder, or to nothing */
  folder(id: string): string {
    const path = this.newFolder(id);
    if (existsSync(path)) return path;
    throw new ConfigError(`There is no run ${id}`);
  }

  /** Where a run of this name would lie. @throws ConfigError for a name that leads out of the folder */
  newFolder(id: string): string {
    const parts = id.split('/');
    const isPlain = parts.length <= DEPTH && parts.every((part) => /^[\p{L}\p{N}_][\p{L}\p{N}_.+ -]*$/u.test(part));
    if (isPlain) return join(this.root, ...parts);
    throw new ConfigError(`'${id}' is no name for a run`, {
      advice: `Letters, digits, dots and dashes; a slash for a folder within ${this.root}.`,
    });
  }

  log(id: string): RunLog {
    const log = this.#logs.get(id) ?? new RunLog(join(this.folder(id), 'metrics.jsonl'));
    this.#logs.set(id, log);
    return log;
  }

  /** Runs and what was started here, the latest first. */
  async list(): Promise<RunView[]> {
    const runs = new Map((await findRuns(this.root, DEPTH)).map((run) => [this.#idOf(run.path), run]));
    const launched = await this.#launched(this.root, DEPTH);
    const ids = [...new Set([...launched, ...runs.keys()])];
    const views = await Promise.all(ids.map((id) => this.#view(id, runs.get(id))));
    const latest = ({ state, launch }: RunView): string => state?.updated ?? launch?.startedAt ?? '';
    return views.sort((a, b) => (latest(a) < latest(b) ? 1 : -1));
  }

  async view(id: string): Promise<RunView & { readonly config: unknown; readonly environment: unknown }> {
    const folder = this.folder(id);
    const run = (await findRuns(resolve(folder, '..'), 1)).find(({ path }) => resolve(path) === folder);
    const environment = await readFile(join(folder, 'environment.json'), 'utf8').catch(() => 'null');
    return {
      ...(await this.#view(id, run)),
      config: settingsOf(run?.config),
      environment: JSON.parse(environment) as unknown,
    };
  }

  /** What status.json says of a run. */
  async state(id: string): Promise<RunState | undefined> {
    return readRunState(this.folder(id));
  }

  /** Asks a run that was started elsewhere to save and stop. @returns whether it is running on this machine */
  async stop(id: string): Promise<boolean> {
    const state = await this.state(id);
    if (state?.status !== 'running' || state.process?.host !== hostname()) return false;
    process.kill(state.process.id, 'SIGINT');
    return true;
  }

  /** What the run drew, the last so many. */
  async samples(id: string, most = 200): Promise<SampleView[]> {
    const lines = await readJsonLines(join(this.folder(id), 'samples.jsonl'));
    return lines.slice(-most).map(({ step, samples }) => ({ step, samples }));
  }

  async #view(id: string, run: RunSummary | undefined): Promise<RunView> {
    const folder = join(this.root, id);
    const launch = await readLaunch(folder);
    const progress = run && (await readProgress(folder, run.state));
    return {
      id,
      state: run?.state,
      ...(launch && { launch }),
      hasLog: run !== undefined,
      hasModel: hasModel(join(folder, 'model')),
      hasReport: existsSync(join(folder, 'report.html')),
      ...(progress && { progress }),
    };
  }

  #idOf(path: string): string {
    return relative(this.root, resolve(path)).split(sep).join('/');
  }

  async #launched(folder: string, depth: number): Promise<string[]> {
    if (depth === 0 || !existsSync(folder)) return [];
    const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const found = await Promise.all(
      entries.map(async ({ name }) => {
        const path = join(folder, name);
        if (existsSync(join(path, 'launch.json'))) return [this.#idOf(path)];
        return this.#launched(path, depth - 1);
      }),
    );
    return found.flat();
  }
}
