import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isProcessAlive } from './process-alive.js';

it('tells whether a process is at work', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
  await once(child, 'spawn');
  expect(await isProcessAlive(child.pid!)).toBe(true);
  const closed = once(child, 'exit');
  child.kill('SIGKILL');
  await closed;
  expect(await isProcessAlive(child.pid!)).toBe(false);
});

it.skipIf(!existsSync('/proc/self/stat'))(
  'takes one that nobody has asked about since it ended for ended',
  async () => {
    // A shell that becomes a program which knows nothing of the child it was given.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60']);
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const id = Number(line.toString());
      while (await isProcessAlive(id)) await sleep(10);
      // Its number is still taken.
      expect(() => process.kill(id, 0)).not.toThrow();
    } finally {
      parent.kill('SIGKILL');
    }
  },
);
