import { readFile } from 'node:fs/promises';

/** Whether a process of this machine is still at work. One that has ended, but that its parent has not asked about yet, is not. */
export async function isProcessAlive(id: number): Promise<boolean> {
  try {
    process.kill(id, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  // After the name in brackets comes the state; only Linux tells.
  const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  return !/\) [ZX] [^)]*$/.test(stat);
}
