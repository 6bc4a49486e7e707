import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { isProcessAlive } from '../../runtime/process-alive.js';
import type { LaunchView } from './wire.js';

/**
 * Commands as processes that outlive the server. What is to be known of one lies in the folder that it works in:
 *
 *     launch.json   its words, its process
 *     output.txt    what it said
 *     exit.json     how it ended
 *
 * so a server that starts later finds it there.
 */

const LAUNCH_FILE = 'launch.json';
const OUTPUT_FILE = 'output.txt';
const EXIT_FILE = 'exit.json';

export const launchRequestSchema = z.strictObject({
  command: z.string(),
  positional: z.array(z.string()).default([]),
  flags: z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())])).default({}),
  settings: z.record(z.string(), z.unknown()).default({}),
});

const launchSchema = z.object({
  words: z.array(z.string()),
  request: launchRequestSchema,
  startedAt: z.string(),
  process: z.object({ id: z.number(), host: z.string() }),
});
const exitSchema = z.object({ code: z.number().nullable(), startedAt: z.string() });

export interface LauncherOptions {
  /** The command that starts Descent, to which words are added. */
  readonly program: readonly [file: string, ...words: string[]];
  /** Where commands run: relative paths are from here. */
  readonly cwd: string;
}

export class Launcher {
  readonly #options: LauncherOptions;

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  /**
   * Starts a command.
   *
   * @param folder where it works, absolute
   * @param launch.request kept beside the words, to fill a form in again
   * @throws ConfigError when a command is running there
   */
  async start(folder: string, { words, request }: Pick<LaunchView, 'words' | 'request'>): Promise<void> {
    const earlier = await readLaunch(folder);
    if (earlier?.status === 'running') {
      throw new ConfigError(`${folder}: a command is running there`, { advice: 'Stop it first, or use another name.' });
    }
    await mkdir(folder, { recursive: true });
    const startedAt = new Date().toISOString();
    const output = await open(join(folder, OUTPUT_FILE), 'w');
    const [file, ...before] = this.#options.program;
    try {
      // A group of its own: what ends the server does not reach it.
      const child = spawn(file, [...before, ...words], {
        cwd: this.#options.cwd,
        detached: true,
        stdio: ['ignore', output.fd, output.fd],
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      });
      await new Promise((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      child.unref();
      child.once('exit', (code) => {
        void writeFileAtomically(join(folder, EXIT_FILE), JSON.stringify({ code, startedAt })).catch(() => undefined);
      });
      const launch = { words, request, startedAt, process: { id: child.pid!, host: hostname() } };
      await writeFileAtomically(join(folder, LAUNCH_FILE), `${JSON.stringify(launch, null, 2)}\n`);
    } finally {
      await output.close();
    }
  }

  /** The same command again: what it had finished it does not do again. @throws ConfigError for a folder without one */
  async resume(folder: string): Promise<void> {
    const launch = await readLaunch(folder);
    if (launch === undefined) throw new ConfigError(`${folder}: nothing was started here`);
    await this.start(folder, launch);
  }
}

/** What was started in a folder, and whether it still runs. */
export async function readLaunch(folder: string): Promise<(LaunchView & { readonly process: number }) | undefined> {
  const launch = await readAs(join(folder, LAUNCH_FILE), launchSchema);
  if (launch === undefined) return undefined;
  const { words, request, startedAt, process: owner } = launch;
  const exit = await readAs(join(folder, EXIT_FILE), exitSchema);
  const ended = exit?.startedAt === startedAt;
  const view = { words, request, startedAt, process: owner.id };
  if (!ended && owner.host === hostname() && (await isAlive(owner.id, words))) return { ...view, status: 'running' };
  return { ...view, status: 'ended', ...(ended && exit.code !== null && { exitCode: exit.code }) };
}

/** Asks a command to save and stop. @returns whether there was one */
export async function stopLaunch(folder: string): Promise<boolean> {
  const launch = await readLaunch(folder);
  if (launch?.status !== 'running') return false;
  process.kill(launch.process, 'SIGINT');
  return true;
}

/** The last that a command said. */
export async function launchOutput(folder: string, most = 16_384): Promise<string> {
  const path = join(folder, OUTPUT_FILE);
  if (!existsSync(path)) return '';
  const text = await readFile(path, 'utf8');
  return text.slice(-most);
}

/** Whether the process lives; where the system tells, also that it is no later bearer of the number. */
async function isAlive(id: number, words: readonly string[]): Promise<boolean> {
  if (!(await isProcessAlive(id))) return false;
  const spoken = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => undefined);
  return spoken === undefined || spoken.endsWith(`\0${words.join('\0')}\0`);
}

async function readAs<Value>(path: string, schema: z.ZodType<Value>): Promise<Value | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
