import { createInterface } from 'node:readline';
import type { ImagePeerConfig } from './image-peer.js';
import type { PeerConfig } from './peer.js';

/** The peer's end of the conversation: tells `about`, then runs as many steps as each line of stdin asks for. */
export async function answerSteps(about: object, step: () => number | Promise<number>): Promise<void> {
  const answer = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
  answer(about);
  for await (const line of createInterface({ input: process.stdin })) {
    const milliseconds: number[] = [];
    let loss = NaN;
    for (let i = 0; i < Number(line); i++) {
      const started = performance.now();
      loss = await step();
      milliseconds.push(performance.now() - started);
    }
    answer({ milliseconds, loss, peakBytes: process.resourceUsage().maxRSS * 1024 });
  }
}

/** The configuration that startPeer passed, of whichever kind. */
export function peerConfig(): PeerConfig & ImagePeerConfig {
  return JSON.parse(process.argv[2] ?? '{}') as PeerConfig & ImagePeerConfig;
}
