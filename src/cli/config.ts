import { readFile } from 'node:fs/promises';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '../errors.js';

/** Settings on the command line: a file, dotted overrides, and help made from the schema's own words. */

type Nested = { [key: string]: unknown };

const isNested = (value: unknown): value is Nested =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `base` with every value of `over` put in its place. */
export function merge(base: Nested, over: Nested): Nested {
  const result: Nested = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const existing = result[key];
    result[key] = isNested(existing) && isNested(value) ? merge(existing, value) : value;
  }
  return result;
}

/** JSON where it is JSON, otherwise the text itself. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/**
 * Reads `--a.b value` and `--a.b=value` into nested settings. A key without a value is true.
 *
 * @throws ConfigError for anything else
 */
export function readOverrides(words: readonly string[]): Nested {
  let settings: Nested = {};
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (!word.startsWith('--')) {
      throw new ConfigError(`'${word}' is neither a flag nor the value of one`, { advice: 'See --help.' });
    }
    const [key, inline] = splitOnce(word.slice(2), '=');
    const next = words[index + 1];
    let value: unknown = true;
    if (inline !== undefined) value = readValue(inline);
    else if (next !== undefined && !next.startsWith('--')) value = readValue(words[++index]!);
    settings = merge(settings, nest(key.split('.'), value));
  }
  return settings;
}

const splitOnce = (text: string, at: string): [string, string | undefined] => {
  const index = text.indexOf(at);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
};

const nest = (path: readonly string[], value: unknown): Nested => {
  const [first, ...rest] = path;
  return { [first!]: rest.length === 0 ? value : nest(rest, value) };
};

/** Reads a settings file, JSON or YAML. @throws ConfigError naming the file */
export async function readConfigFile(path: string): Promise<Nested> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ConfigError(`${path} cannot be read`, { cause, advice: 'Give --config an existing file.' });
  });
  try {
    const value: unknown = parseYaml(text);
    if (isNested(value)) return value;
  } catch (cause) {
    throw new ConfigError(`${path}: ${(cause as Error).message}`, { cause });
  }
  throw new ConfigError(`${path} does not hold settings`, {
    advice: 'It should be a JSON or YAML object of settings.',
  });
}

/** Checks settings. @throws ConfigError naming every key that is wrong, and why */
export function checkConfig<Config>(schema: z.ZodType<Config>, value: unknown): Config {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `--${path.join('.') || 'settings'}: ${message}`);
  throw new ConfigError(problems.join('\n'), { advice: '--help lists every setting with its default.' });
}

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

export interface SettingHelp {
  readonly key: string;
  readonly summary: string;
  readonly default: unknown;
}

/** Every setting with its dotted key, description and default, in the order of the schema. */
export function describeSettings(schema: z.ZodType, prefix = ''): SettingHelp[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const visit = (node: JsonSchema, key: string): SettingHelp[] => {
    const object = node.properties ? node : node.anyOf?.find((option) => option.properties !== undefined);
    if (object?.properties) {
      return Object.entries(object.properties).flatMap(([name, child]) =>
        visit(child, key === '' ? name : `${key}.${name}`),
      );
    }
    const choices = node.enum ? ` (${node.enum.map(String).join(', ')})` : '';
    return [{ key, summary: `${node.description ?? ''}${choices}`, default: node.default }];
  };
  return visit(root, prefix);
}

/** The settings as help text; `defaults` (a preset, say) take the place of the schema's own. */
export function settingsHelp(schema: z.ZodType): string {
  const rows = describeSettings(schema).map(({ key, summary, default: value }) => {
    const shown = value === undefined ? '' : ` [default: ${JSON.stringify(value)}]`;
    return `  --${key.padEnd(36)} ${summary}${shown}`;
  });
  return ['', 'Settings (each also a key of the --config file):', ...rows].join('\n');
}
