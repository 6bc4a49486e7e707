/** `npm run bench -- <name> [--json] [--save]`: runs one benchmark and prints its table. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { DescentError } from '../src/errors.js';
import { describeMachine } from '../src/runtime/machine.js';
import { formatTable } from '../src/cli/table.js';
import type { Bench } from './result.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const peers = ['@huggingface/tokenizers', 'tokenizers', 'tiktoken'];

/** Benchmarks are the files of this folder that are not the frame around them. */
function benchNames(): string[] {
  return readdirSync(here)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !['main.ts', 'result.ts'].includes(file))
    .map((file) => file.slice(0, -3));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, save: { type: 'boolean', default: false } },
  });
  const [name] = positionals;
  if (name === undefined || !existsSync(join(here, `${name}.ts`)) || !benchNames().includes(name)) {
    throw new DescentError(name === undefined ? 'Which benchmark?' : `There is no benchmark named '${name}'`, {
      advice: `npm run bench -- <${benchNames().join('|')}> [--json] [--save]`,
    });
  }
  const bench = (await import(pathToFileURL(join(here, `${name}.ts`)).href)) as Bench;
  const started = performance.now();
  const result = await bench.run();
  const seconds = Math.round((performance.now() - started) / 1000);
  const record = `${JSON.stringify({ ...result, seconds, date: new Date().toISOString(), machine: describeMachine(peers) }, null, 2)}\n`;
  if (values.json) process.stdout.write(record);
  else console.log([formatTable(result.rows), '', ...result.notes.map((note) => `- ${note}`)].join('\n'));
  if (values.save) {
    const folder = join(here, '..', 'results');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `bench-${name}.json`), record);
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof DescentError)) throw error;
  console.error([error.message, error.advice].filter(Boolean).join('\n'));
  process.exitCode = 1;
}
