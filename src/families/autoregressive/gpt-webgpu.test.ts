import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../runtime/engine.js';
import { difference, golden, goldenResults } from './gpt.test-helper.js';

/** Debian's chromium brings a Vulkan device in software, and the loader for it: WebGPU without a GPU. */
const chromium = '/usr/lib/chromium';
const swiftShader = `${chromium}/vk_swiftshader_icd.json`;
const isRequired = process.env['DESCENT_REQUIRE_SHARED_DATA'] === '1';
const names = ['gpt2', 'modern'] as const;

type Results = Awaited<ReturnType<typeof goldenResults>>;

async function trainOnCpu(): Promise<Results> {
  const engine = await Engine.create({ threads: 1 });
  const results = await goldenResults(engine, names);
  await engine.dispose();
  return results;
}

async function trainOnWebGpu(): Promise<Results> {
  const script = fileURLToPath(new URL('./gpt-webgpu.test-helper.ts', import.meta.url));
  const libraries = [process.env['LD_LIBRARY_PATH'], chromium].filter(Boolean).join(':');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, ...names], {
    env: { ...process.env, VK_ICD_FILENAMES: swiftShader, LD_LIBRARY_PATH: libraries },
    timeout: 280_000,
  });
  return JSON.parse(stdout.slice(stdout.indexOf('{'))) as Results;
}

describe.runIf(isRequired || existsSync(swiftShader))('training on WebGPU, the state resident on the device', () => {
  it('has the losses of the CPU, and ends at the same weights', { timeout: 300_000 }, async () => {
    const cpu = await trainOnCpu();
    const gpu = await trainOnWebGpu();
    for (const name of names) {
      const { losses, weights } = gpu[name]!;
      expect(losses).toHaveLength(10);
      losses.forEach((loss, step) => {
        expect(Math.abs(loss - cpu[name]!.losses[step]!), `${name}, step ${step}`).toBeLessThan(1e-3);
        expect(Math.abs(loss - golden.models[name].losses[step]!), `${name}, step ${step}`).toBeLessThan(1e-3);
      });
      for (const [path, expected] of Object.entries(cpu[name]!.weights)) {
        const size = golden.models[name].parameters[path]!.reduce((a, b) => a * b, 1);
        expect(difference(weights[path]!, expected, size, 1e-2), `${name}, ${path}`).toBeLessThan(5e-3);
      }
    }
  });
});
