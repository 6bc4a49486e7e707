import { existsSync, readFileSync } from 'node:fs';
import { helpWidth, wrap } from './wrap.js';

/** A command's settings as help. Loading schemas takes longer than all else that help does, so the build does it once. */

export interface SettingHelp {
  readonly key: string;
  readonly summary: string;
  readonly default: unknown;
}

/** Where the build leaves the settings of every command; absent where the sources run. */
export const describedSettings = new URL('described-settings.json', import.meta.url);

/** What the build wrote of a command's settings. */
export function describedByBuild(command: string): readonly SettingHelp[] | undefined {
  if (!existsSync(describedSettings)) return undefined;
  return (JSON.parse(readFileSync(describedSettings, 'utf8')) as Record<string, SettingHelp[]>)[command];
}

/** The settings as help text, wrapped to the width of the terminal. */
export function settingsHelp(settings: readonly SettingHelp[], width = helpWidth()): string {
  const column = Math.max(...settings.map(({ key }) => key.length)) + 6;
  const rows = settings.map(({ key, summary, default: value }) => {
    const shown = value === undefined ? '' : ` [${JSON.stringify(value)}]`;
    return (
      `  --${key}`.padEnd(column) +
      wrap(`${summary}${shown}`, Math.max(30, width - column)).join(`\n${' '.repeat(column)}`)
    );
  });
  return ['', 'Settings, with their defaults (each also a key of the --config file):', ...rows].join('\n');
}
