import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DescentError } from '../../src/errors.js';

/** What a training step's cost depends on. */
export interface ModelShape {
  layers: number;
  heads: number;
  width: number;
  context: number;
  batch: number;
  vocab: number;
}

/** What every peer is started with. */
export interface StepConfig {
  /** 0: as many as it likes. */
  readonly threads: number;
}

/** What a GPT is started with. `tokens`: the one batch, [batch, context + 1] row by row. */
export interface PeerConfig extends ModelShape, StepConfig {
  tokens: number[];
  learningRate: number;
}

/** What doing the work several times took; the value is what it gave at last: a step's loss, before its update. */
export interface Steps {
  milliseconds: number[];
  value: number;
  /** Highest resident memory of the whole process so far. */
  peakBytes: number;
}

/** A process that holds one model and trains it or draws from it when asked to, idle in between. */
export interface Peer {
  /** What it says of itself: version, number of parameters. */
  readonly about: Record<string, unknown>;
  steps(count: number): Promise<Steps>;
  stop(): Promise<void>;
}

/** Starts a peer that speaks JSON lines (see torch_steps.py). Throws when the program is missing or dies. */
export async function startPeer(
  command: string,
  args: string[],
  config: StepConfig,
  environment: Record<string, string> = {},
): Promise<Peer> {
  const child = spawn(command, [...args, JSON.stringify(config)], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  child.stdin.on('error', () => undefined);
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
    child.once('error', (error) => {
      complaints += error.message;
      resolve();
    });
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const line = await lines.next();
    if (line.done !== true) return JSON.parse(line.value) as Record<string, unknown>;
    await exited;
    throw new DescentError(`${command} ${args.join(' ')} ended: ${complaints.trim().slice(-2000)}`, {
      advice: 'Is the peer installed? CONTRIBUTING.md says what the benchmarks want.',
    });
  };
  const about = await answer();
  return {
    about,
    async steps(count) {
      child.stdin.write(`${count}\n`);
      return (await answer()) as unknown as Steps;
    },
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}
