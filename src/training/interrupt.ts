/**
 * Makes Ctrl-C (and a polite kill) an abort, so that training saves and ends after its current step. A second Ctrl-C
 * ends the process at once; the last checkpoint is safe then too.
 *
 * @returns the signal for `train`, and `dispose` to give Ctrl-C its usual meaning back
 */
export function abortOnInterrupt(onFirst?: () => void): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
    controller.abort();
    onFirst?.();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    dispose() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}
