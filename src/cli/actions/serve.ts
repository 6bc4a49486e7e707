import { existsSync } from 'node:fs';
import pc from 'picocolors';
import { ConfigError } from '../../errors.js';
import { createApp } from '../../serving/app.js';
import { modelSource } from '../../serving/model-folders.js';
import { createServing } from '../../serving/serving.js';
import type { ServingSettings } from '../../serving/settings.js';
import type { Invocation } from '../command.js';
import type { ServingFlags } from '../flags.js';
import { listen } from '../listen.js';
import { aborted, servingOptions } from '../serving-options.js';

export async function serveCommand(invocation: Invocation<ServingFlags, ServingSettings>): Promise<void> {
  const { positional, flags, config, say, answer, json, signal } = invocation;
  const { host, port } = flags;
  const models = (positional.length > 0 ? positional : ['runs']).map(modelSource);
  const missing = positional.length > 0 && models.find(({ path }) => !existsSync(path));
  if (missing) throw new ConfigError(`There is nothing at ${missing.path}`, { advice: 'descent runs lists the runs.' });
  const serving = createServing({ models, settings: config, ...(await servingOptions(flags)) });
  try {
    // An answer that is sent whole may take as long as a request may.
    const idleSeconds = config.maxSeconds + 60;
    const listening = await listen(createApp({ context: serving.context }), { host, port, idleSeconds });
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
