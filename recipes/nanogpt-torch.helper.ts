import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileAtomically } from '../src/runtime/atomic-file.js';

interface TorchRun {
  readonly version: string;
  readonly validationLoss: number;
  readonly seconds: number;
  readonly threads: number;
}

/** Debian's python3-torch belongs to Debian's interpreter, whichever python3 stands first in the path. */
const python = '/usr/bin/python3';
// From the sources, and from dist/recipes.
const script = ['./nanogpt-torch.py', '../../recipes/nanogpt-torch.py']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path));

/** The same training in PyTorch, with the thread setting that is faster here; or why it could not be measured. */
export async function runTorch(options: {
  folder: string;
  text: string;
  steps: number;
  learningRate: number;
  signal?: AbortSignal;
  say?: (text: string) => void;
}): Promise<TorchRun | { readonly missing: string }> {
  const { folder, text, steps, learningRate, signal, say } = options;
  if (script === undefined) return { missing: 'the script of the comparison is part of the repository alone' };
  if (!existsSync(python)) return { missing: `there is no ${python}` };
  const path = join(folder, 'data', 'text.txt');
  await writeFileAtomically(path, text);
  const train = async (threads: number, count: number, evaluate: boolean): Promise<TorchRun> => {
    const config = JSON.stringify({ path, steps: count, learningRate, threads, evaluate });
    const output = await new Promise<string>((resolve, reject) => {
      execFile(python, [script, config], { signal, env: environmentFor(threads) }, (error, stdout, stderr) => {
        if (error) reject(signal?.aborted ? error : new Error(stderr.trim().split('\n').at(-1), { cause: error }));
        else resolve(stdout);
      });
    });
    return { ...(JSON.parse(output) as Omit<TorchRun, 'threads'>), threads };
  };
  try {
    say?.('PyTorch: the same setting, for comparison');
    const trials = Math.min(40, steps);
    const [one, two] = [await train(1, trials, false), await train(2, trials, false)];
    return await train(one.seconds < two.seconds ? 1 : 2, steps, true);
  } catch (error) {
    if (signal?.aborted) throw error;
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

const environmentFor = (threads: number): NodeJS.ProcessEnv => ({
  ...process.env,
  OMP_NUM_THREADS: String(threads),
  OPENBLAS_NUM_THREADS: String(threads),
});
