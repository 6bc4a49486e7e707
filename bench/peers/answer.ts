import { createInterface } from 'node:readline';
import type { ImagePeerConfig } from './image-peer.js';
import type { PeerConfig } from './peer.js';

/** The peer's end of the conversation: tells `about`, then does its work as often as each line of stdin asks for. */
export async function answerWork(about: object, work: () => number | Promise<number>): Promise<void> {
  const answer = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
  answer(about);
  for await (const line of createInterface({ input: process.stdin })) {
    const milliseconds: number[] = [];
    let value = 0;
    for (let i = 0; i < Number(line); i++) {
      const started = performance.now();
      value = await work();
      milliseconds.push(performance.now() - started);
    }
    answer({ milliseconds, value, peakBytes: process.resourceUsage().maxRSS * 1024 });
  }
}

/** The configuration that startPeer passed, of whichever kind. */
export function peerConfig(): PeerConfig & ImagePeerConfig {
  return JSON.parse(process.argv[2] ?? '{}') as PeerConfig & ImagePeerConfig;
}
