import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import { closest } from './closest.js';
import { type Nested, isNested } from './overrides.js';
import type { SettingHelp } from './settings-help.js';

/** Settings on the command line: a file, dotted overrides, and a description made from the schema's own words. */

/** Reads a settings file, JSON or YAML. @throws ConfigError naming the file */
export async function readConfigFile(path: string): Promise<Nested> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ConfigError(`${path} cannot be read`, { cause, advice: 'Give --config an existing file.' });
  });
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new ConfigError(`${path}: ${(cause as Error).message}`, { cause, advice: 'Mend it: JSON or YAML.' });
  }
  if (isNested(value)) return value;
  throw new ConfigError(`${path} does not hold settings`, {
    advice: 'It should be a JSON or YAML object of settings.',
  });
}

/**
 * Checks settings.
 *
 * @param flags names of the command's flags: a mistyped one looks like a setting
 * @throws ConfigError naming every key that is wrong, why, and what may have been meant
 */
export function checkConfig<Config>(schema: z.ZodType<Config>, value: unknown, flags: readonly string[] = []): Config {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return `--${issue.path.join('.') || 'settings'}: ${issue.message}`;
    return issue.keys.map((key) => unknownKey([...issue.path, key].join('.'), schema, flags));
  });
  throw new ConfigError(problems.join('\n'), { advice: '--help lists every setting with its default.' });
}

function unknownKey(key: string, schema: z.ZodType, flags: readonly string[]): string {
  const known = [...flags, ...describeSettings(schema).map((setting) => setting.key)];
  const similar = closest(key, known).map((name) => `--${name}`);
  return `--${key}: there is no such setting${similar.length > 0 ? `; did you mean ${similar.join(' or ')}?` : ''}`;
}

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

/** Every setting with its dotted key, description and default, in the order of the schema. */
export function describeSettings(schema: z.ZodType): SettingHelp[] {
  const visit = (node: JsonSchema, key: string): SettingHelp[] => {
    const object = node.properties ? node : node.anyOf?.find((option) => option.properties !== undefined);
    if (object?.properties) {
      return Object.entries(object.properties).flatMap(([name, child]) =>
        visit(child, key === '' ? name : `${key}.${name}`),
      );
    }
    const choices = node.enum ?? node.anyOf?.find((option) => option.enum !== undefined)?.enum;
    const listed = choices === undefined ? '' : ` (${choices.map(String).join(', ')})`;
    return [{ key, summary: `${node.description ?? ''}${listed}`, default: node.default }];
  };
  return visit(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, '');
}
