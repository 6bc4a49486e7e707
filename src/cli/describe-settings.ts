/** A step of the build: writes the settings of every command, so that help need not load their schemas. */
import { writeFileSync } from 'node:fs';
import type { CommandDefinition } from './command.js';
import { commands } from './command-table.js';
import { describeSettings } from './config.js';
import { type SettingHelp, describedSettings } from './settings-help.js';

const described: Record<string, readonly SettingHelp[]> = {};

async function add(name: string, command: CommandDefinition): Promise<void> {
  const schema = await command.config?.();
  if (schema !== undefined) described[name] = describeSettings(schema);
}

for (const [name, { load, variants }] of Object.entries(commands)) {
  await add(name, (await load()).command);
  if (variants === undefined) continue;
  const { names, commandFor } = (await variants()).variants;
  for (const word of await names()) await add(`${name} ${word}`, commandFor(word));
}
writeFileSync(describedSettings, JSON.stringify(described));
