/** A step of the build: writes the settings of every command, so that help need not load their schemas. */
import { writeFileSync } from 'node:fs';
import { commands } from './command-table.js';
import { describeSettings } from './config.js';
import { type SettingHelp, describedSettings } from './settings-help.js';

const described: Record<string, readonly SettingHelp[]> = {};
for (const [name, { load }] of Object.entries(commands)) {
  const schema = await (await load()).command.config?.();
  if (schema !== undefined) described[name] = describeSettings(schema);
}
writeFileSync(describedSettings, JSON.stringify(described));
