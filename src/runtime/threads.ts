import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The machine's physical cores, as far as it tells; two hyperthreads of one core only compete in a matrix product. */
export function physicalCores(): number {
  const logical = availableParallelism();
  try {
    const blocks = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n');
    const field = (block: string, name: string): string | undefined =>
      new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(block)?.[1];
    const cores = new Set(
      blocks.flatMap((block) => {
        const core = field(block, 'core id');
        return core === undefined ? [] : [`${field(block, 'physical id') ?? ''}/${core}`];
      }),
    );
    return cores.size === 0 ? logical : Math.min(cores.size, logical);
  } catch {
    return logical;
  }
}
