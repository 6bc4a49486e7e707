import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../errors.js';
import { Remote } from './remote.js';

const failing = (code: string): Worker => new Worker(code, { eval: true });

describe('Remote', () => {
  it('rejects every pending call when the worker dies, and every later one', async () => {
    const remote = new Remote(
      failing(`require('node:worker_threads').parentPort.once('message', () => { throw new Error('out of luck'); })`),
    );
    const calls = [1, 2, 3].map((id) => remote.call('disposeStore', { id }));
    const outcomes = await Promise.allSettled(calls);
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected');
      const { reason } = outcome as { reason: RuntimeError };
      expect(reason).toBeInstanceOf(RuntimeError);
      expect(reason.message).toMatch(/out of luck/);
    }
    await expect(remote.call('disposeStore', { id: 4 })).rejects.toThrow(/out of luck/);
  });

  it('rejects when the worker exits by itself', async () => {
    const remote = new Remote(
      failing(`require('node:worker_threads').parentPort.once('message', () => process.exit(3))`),
    );
    await expect(remote.call('disposeStore', { id: 1 })).rejects.toThrow(/code 3/);
  });
});
