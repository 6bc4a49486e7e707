import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import pc from 'picocolors';
import { pino } from 'pino';
import { ConfigError } from '../../errors.js';
import { createApp } from '../../serving/app.js';
import type { Log } from '../../serving/context.js';
import { modelSource } from '../../serving/model-folders.js';
import { createServing } from '../../serving/serving.js';
import type { ServingSettings } from '../../serving/settings.js';
import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import { listen } from '../listen.js';

export interface ServeFlags extends EngineFlags {
  readonly host: string;
  readonly port: number;
  readonly keyFile?: string;
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly log?: string;
  readonly logText?: boolean;
}

export async function serveCommand(invocation: Invocation<ServeFlags, ServingSettings>): Promise<void> {
  const { positional, flags, config, say, answer, json, signal } = invocation;
  const { host, port, device, threads } = flags;
  const models = (positional.length > 0 ? positional : ['runs']).map(modelSource);
  const missing = positional.length > 0 && models.find(({ path }) => !existsSync(path));
  if (missing) throw new ConfigError(`There is nothing at ${missing.path}`, { advice: 'descent runs lists the runs.' });
  const serving = createServing({
    models,
    settings: config,
    security: {
      host,
      keys: await readKeys(flags.keyFile),
      ...(flags.allowHost && { allowedHosts: flags.allowHost }),
      ...(flags.allowOrigin && { allowedOrigins: flags.allowOrigin }),
    },
    engine: { device, ...(threads !== undefined && { threads }) },
    log: logTo(flags.log),
    logsText: flags.logText === true,
  });
  try {
    const listening = await listen(createApp({ context: serving.context }), { host, port });
    const found = await serving.context.registry.list();
    const names = found.map(({ name, kind }) => `  ${name}  ${pc.dim(kind.replace('-', ' '))}`);
    const none = '  none yet; those that are trained while it runs appear';
    const lines = [`${pc.bold('Listening')}  ${listening.url}/v1`, ...(names.length > 0 ? names : [none])];
    answer({ url: `${listening.url}/v1`, models: found.map(({ name }) => name) }, lines.join('\n'));
    await aborted(signal);
    await serving.close();
    await listening.close();
  } finally {
    await serving.close(0);
  }
  if (!json) say('Ended.');
}

/** Keys of a file, one a line, and of the environment. */
async function readKeys(file: string | undefined): Promise<string[]> {
  const lines = file === undefined ? [] : (await readFile(file, 'utf8')).split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '');
  if (file !== undefined && keys.length === 0) throw new ConfigError(`${file} holds no key`);
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

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
