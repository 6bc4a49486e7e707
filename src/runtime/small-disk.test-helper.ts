import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';

const run = (command: string, ...args: string[]): unknown => execFileSync(command, args, { stdio: 'ignore' });

/**
 * Runs `use` with a real file system of so many KiB at `folder`.
 *
 * @returns false when one cannot be mounted here, which takes root and Linux
 */
export async function withSmallDisk(folder: string, kibibytes: number, use: () => Promise<void>): Promise<boolean> {
  await mkdir(folder);
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder);
  } catch {
    return false;
  }
  try {
    await use();
  } finally {
    run('umount', folder);
  }
  return true;
}
