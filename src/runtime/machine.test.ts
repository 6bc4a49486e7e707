import { expect, it } from 'vitest';
import { describeMachine } from './machine.js';

it('a result names its machine and the versions that made it', () => {
  const machine = describeMachine(['vitest', 'no-such-package']);
  expect(machine.cores).toBeGreaterThan(0);
  expect(machine.memoryGiB).toBeGreaterThan(0);
  expect(machine.node).toBe(process.versions.node);
  expect(machine.versions['onnxruntime-node']).toMatch(/^\d+\.\d+\.\d+/);
  expect(machine.versions['vitest']).toMatch(/^\d+\.\d+\.\d+/);
  expect(machine.versions['no-such-package']).toBe('not installed');
});
