import { spawn } from 'node:child_process';
import { DescentError } from '../../errors.js';
import type { StudioContext } from './context.js';

/**
 * Runs a command to its end, in a process of its own that an abort kills.
 *
 * @returns what it prints with --json
 * @throws DescentError with the command's own words where it fails
 */
export async function runCommand(
  { program, cwd }: Pick<StudioContext, 'program' | 'cwd'>,
  words: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const [file, ...before] = program;
  const child = spawn(file, [...before, ...words, '--json'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  const stop = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  try {
    const [output, problems, code] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject)),
    ]);
    signal.throwIfAborted();
    if (code === 0) return JSON.parse(output) as Record<string, unknown>;
    const lines = problems.trim().split('\n');
    const at = lines.findIndex((line) => line.startsWith('Error: '));
    const [message = '', ...advice] = at < 0 ? lines.slice(-1) : lines.slice(at);
    throw new DescentError(message.replace(/^Error: /, '') || `descent ${words[0]} ended with ${code}`, {
      advice: advice.join(' '),
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
