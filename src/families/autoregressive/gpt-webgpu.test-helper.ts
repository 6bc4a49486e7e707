/** Trains golden models on WebGPU and prints what came out: its own process, since Vulkan reads its environment. */
import { Engine } from '../../runtime/engine.js';
import { goldenResults } from './gpt.test-helper.js';

const engine = await Engine.create({ device: 'webgpu', threads: 1 });
console.log(JSON.stringify(await goldenResults(engine, process.argv.slice(2) as Parameters<typeof goldenResults>[1])));
await engine.dispose();
