import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Summary, difference, golden } from './gpt.test-helper.js';

/** A Vulkan device in software, which Debian's chromium brings: WebGPU without a GPU. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const isRequired = process.env['DESCENT_REQUIRE_SHARED_DATA'] === '1';
const names = ['gpt2', 'modern'] as const;

type Results = Record<string, { losses: number[]; norms: number[]; weights: Record<string, Summary> }>;

async function trainOn(device: string): Promise<Results> {
  const script = fileURLToPath(new URL('./gpt-webgpu.test-helper.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, device, ...names], {
    env: { ...process.env, VK_ICD_FILENAMES: swiftShader },
    timeout: 150_000,
  });
  return JSON.parse(stdout.slice(stdout.indexOf('{'))) as Results;
}

describe.runIf(isRequired || existsSync(swiftShader))('training on WebGPU, the state resident on the device', () => {
  it('has the losses of the CPU, and ends at the same weights', { timeout: 300_000 }, async () => {
    const cpu = await trainOn('cpu');
    const gpu = await trainOn('webgpu');
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
