import { type TerminalOutput, formatDuration, progressBar } from '../training/progress.js';

/** Of what takes longer than this one wants to know how long. */
const patience = 1000;

/** Calls with a function to be told the share that is done, and shows it where somebody waits at a terminal. */
export async function showingProgress<Result>(
  run: (progress: (share: number) => void) => Promise<Result>,
  { output = process.stderr, now = () => performance.now() }: { output?: TerminalOutput; now?: () => number } = {},
): Promise<Result> {
  const began = now();
  let shown = false;
  const clear = (): void => {
    if (shown) output.write('\r\u001B[2K');
  };
  try {
    return await run((share) => {
      const elapsed = now() - began;
      if (!output.isTTY || elapsed < patience) return;
      clear();
      shown = true;
      const left = formatDuration((elapsed / 1000) * (1 / share - 1));
      output.write(`${progressBar(share, 16)}  ${Math.floor(100 * share)}%  ${left} left`);
    });
  } finally {
    clear();
  }
}
