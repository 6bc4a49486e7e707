/** Peers that take turns: each program trains its own copy in a process of its own, idle while another has its turn. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { median, significant } from '../result.js';
import { type Peer, type StepConfig, type Steps, startPeer } from './peer.js';

export interface Turn {
  readonly peer: Peer;
  /** Steps of one turn. */
  readonly steps: number;
}

const peerFile = (name: string) => fileURLToPath(new URL(name, import.meta.url));
export const startNode = (file: string, config: StepConfig) =>
  startPeer(process.execPath, ['--import', createRequire(import.meta.url).resolve('tsx'), peerFile(file)], config);

/** Debian's python3-torch belongs to Debian's interpreter, whichever python3 stands first in the path. */
export const startTorch = (script: string, config: StepConfig) =>
  startPeer('/usr/bin/python3', [peerFile(script)], config, {
    OMP_NUM_THREADS: String(config.threads),
    OPENBLAS_NUM_THREADS: String(config.threads),
  });

/** PyTorch with the thread setting that is faster here. */
export async function startBestTorch(script: string, config: StepConfig): Promise<{ peer: Peer; threads: number }> {
  const tried: { threads: number; ms: number }[] = [];
  for (const threads of [1, 2]) {
    const peer = await startTorch(script, { ...config, threads });
    await peer.steps(2);
    tried.push({ threads, ms: median((await peer.steps(4)).milliseconds) });
    await peer.stop();
  }
  const { threads } = tried.reduce((best, next) => (next.ms < best.ms ? next : best));
  return { peer: await startTorch(script, { ...config, threads }), threads };
}

export interface Measured {
  about: Record<string, unknown>;
  milliseconds: number[];
  last: Steps;
}

/** Lets the peers take turns; the first turn only warms up. */
export async function takeTurns(peers: ReadonlyMap<string, Turn>, rounds: number): Promise<Map<string, Measured>> {
  const measured = new Map<string, Measured>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { peer, steps }] of peers) {
      const last = await peer.steps(round === 0 ? Math.min(steps, 3) : steps);
      const before = round === 0 ? [] : (measured.get(name)?.milliseconds ?? []);
      measured.set(name, {
        about: peer.about,
        last,
        milliseconds: round === 0 ? [] : [...before, ...last.milliseconds],
      });
    }
  }
  return measured;
}

/** Whether a figure is what it should be, in words. */
export function verdict(
  what: string,
  value: number,
  target: number,
  sense: 'at least' | 'at most' = 'at least',
): string {
  const met = sense === 'at least' ? value >= target : value <= target;
  return `${met ? 'met' : 'MISSED'}: ${what} ${significant(value)}, to be ${sense} ${target}`;
}
