import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const tsx = createRequire(import.meta.url).resolve('tsx');

/** Starts the real command in a process of its own. */
export function start(
  args: readonly string[],
  options: { cwd: string; input?: string },
): { child: ChildProcess; answer: Promise<Answer> } {
  const child = spawn(process.execPath, ['--import', tsx, main, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(options.input ?? '');
  const answer = new Promise<Answer>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return { child, answer };
}

/** The command in a folder that is known once the tests run: its answer, or what it prints with --json, which has to succeed. */
export function commandIn(cwd: () => string) {
  const descent = (...args: string[]): Promise<Answer> => start(args, { cwd: cwd() }).answer;
  const json = async <Result = Record<string, unknown>>(...args: string[]): Promise<Result> => {
    const { code, stdout, stderr } = await descent(...args, '--json');
    if (code !== 0) throw new Error(`descent ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Result;
  };
  return { descent, json };
}
