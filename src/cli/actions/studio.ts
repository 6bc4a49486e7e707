import { spawn } from 'node:child_process';
import pc from 'picocolors';
import type { ServingSettings } from '../../serving/settings.js';
import type { Invocation } from '../command.js';
import type { ServingFlags } from '../flags.js';
import { aborted, servingOptions } from '../serving-options.js';
import { startStudio } from '../studio/start.js';

export interface StudioFlags extends ServingFlags {
  readonly open?: boolean;
}

export async function studioCommand(invocation: Invocation<StudioFlags, ServingSettings>): Promise<void> {
  const { positional, flags, config, say, answer, json, signal } = invocation;
  const { host, port } = flags;
  const options = { ...(await servingOptions(flags)), settings: config, host, port };
  const studio = await startStudio({ ...options, runs: positional[0] ?? 'runs', say });
  try {
    answer({ url: studio.url }, `${pc.bold('Studio')}  ${studio.url}`);
    if (flags.open === true) openInBrowser(studio.url);
    await aborted(signal);
  } finally {
    await studio.close();
  }
  if (!json) say('Ended. Runs go on.');
}

/** With the system's own opener; where there is none, the address is on the screen. */
function openInBrowser(url: string): void {
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  spawn(opener, [url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}
