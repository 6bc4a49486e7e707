/** Trains golden models on a device and prints their losses: a process of its own, since Vulkan reads its environment. */
import { Engine } from '../../runtime/engine.js';
import type { Device } from '../../runtime/device.js';
import { goldenTraining, summary } from './gpt.test-helper.js';

const [device, ...names] = process.argv.slice(2) as [Device, ...('gpt1' | 'gpt2' | 'gpt3' | 'modern')[]];
const engine = await Engine.create({ device, threads: 1 });
const results: Record<string, unknown> = {};
for (const name of names) {
  const { store, train } = await goldenTraining(engine, name);
  const { losses, norms } = await train(10);
  const weights = Object.fromEntries(Object.entries(await store.read()).map(([path, data]) => [path, summary(data)]));
  results[name] = { losses, norms, weights };
}
await engine.dispose();
console.log(JSON.stringify(results));
