import { Engine } from '../runtime/engine.js';
import { networkRun, networkSettings } from './engine.test-helper.js';
import { abortOnInterrupt } from './interrupt.js';
import { RunFolder } from './run-folder.js';
import { train } from './train.js';

/** A process to be killed: trains in the folder that its argument names, and prints every step. */
const folder = await RunFolder.open({ path: process.argv[2]!, config: { training: networkSettings } });
const engine = await Engine.create({ threads: 1 });
const { signal } = abortOnInterrupt();
const result = await train({
  ...(await networkRun(engine)),
  folder,
  signal,
  progress: { step: ({ step }) => process.stdout.write(`step ${step}\n`) },
});
process.stdout.write(`${result.status}\n`);
await folder.close();
await engine.dispose();
process.exit();
