import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { ConfigError } from '../errors.js';
import type { Log } from '../serving/context.js';
import type { ServeOptions } from '../serving/serving.js';
import type { ServingFlags } from './flags.js';

/** What a server is started with, from a command's flags. */
export async function servingOptions(
  flags: ServingFlags,
): Promise<Pick<ServeOptions, 'security' | 'engine' | 'log' | 'logsText'>> {
  const { host, device, threads, allowHost, allowOrigin } = flags;
  return {
    security: {
      host,
      keys: await readKeys(flags.keyFile),
      ...(allowHost && { allowedHosts: allowHost }),
      ...(allowOrigin && { allowedOrigins: allowOrigin }),
    },
    engine: { device, ...(threads !== undefined && { threads }) },
    log: logTo(flags.log),
    logsText: flags.logText === true,
  };
}

/** Keys of a file, one a line, and of the environment. */
async function readKeys(file: string | undefined): Promise<string[]> {
  const lines = file === undefined ? [] : (await readFile(file, 'utf8')).split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '');
  if (file !== undefined && keys.length === 0)
    throw new ConfigError(`${file} holds no key`, { advice: 'Write one key a line.' });
  const own = process.env['DESCENT_API_KEY']?.trim();
  return own === undefined || own === '' ? keys : [...keys, own];
}

function logTo(file: string | undefined): Log {
  if (file === 'none') return () => undefined;
  const logger = pino({ base: null }, pino.destination({ dest: file ?? 2, sync: true, mkdir: true }));
  return (entry, message) => {
    if (message === 'error') logger.error(entry, message);
    else logger.info(entry, message);
  };
}

/** Waits until somebody wants it to end. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
