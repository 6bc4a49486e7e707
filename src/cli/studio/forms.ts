import { Command } from 'commander';
import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { trainedByName } from '../../formats/text-models.js';
import type { FormSource } from '../../serving/studio/context.js';
import type { FlagView, FormSummary, FormView, LaunchRequest, SettingSchema } from '../../serving/studio/wire.js';
import { closest } from '../closest.js';
import { type CommandDefinition, type CommandEntry, savesAndStops } from '../command.js';
import { checkConfig } from '../config.js';
import { merge, nest } from '../overrides.js';
import { listRecipes } from '../recipe-files.js';

/** The commands as forms: what commander and the settings' schema say of each, nothing is written down twice. */

interface Found {
  readonly definition: CommandDefinition;
  readonly summary: string;
  /** The words that name it; a variant's name is its first argument too. */
  readonly words: readonly string[];
}

/** The table leads to every command, and so to this file: it is found by its name, not imported. */
const table = new URL(`../command-table${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
const allCommands = async (): Promise<Readonly<Record<string, CommandEntry>>> =>
  ((await import(table.href)) as { commands: Record<string, CommandEntry> }).commands;

/** Those that train: what is interrupted is saved, and the same words go on from there. */
const trains = ({ onInterrupt }: CommandDefinition): boolean => onInterrupt === savesAndStops;

async function find(name: string): Promise<Found> {
  const commands = await allCommands();
  const entry = commands[name];
  if (entry !== undefined) {
    return { definition: (await entry.load()).command, summary: entry.summary, words: name.split(' ') };
  }
  const [first, ...rest] = name.split(' ');
  const variants = commands[first!]?.variants;
  if (variants !== undefined && rest.length === 1) {
    const { names, commandFor } = (await variants()).variants;
    if ((await names()).includes(rest[0]!)) {
      return { definition: commandFor(rest[0]!), summary: rest[0]!, words: [first!, rest[0]!] };
    }
  }
  const [similar] = closest(name, Object.keys(commands));
  throw new ConfigError(`There is no command '${name}'${similar === undefined ? '' : `; did you mean ${similar}?`}`);
}

/** What a command is about, or a model that one trains by its name. */
function groupOf(name: string, isVariant = false): FormSummary['group'] {
  if (name === 'reproduce') return 'recipes';
  return name === 'compare' || (isVariant && !trainedByName.includes(name)) ? 'images' : 'text';
}

/** All commands that train, image models each on its own. */
async function listForms(): Promise<readonly FormSummary[]> {
  const forms: FormSummary[] = [];
  for (const [command, { summary, load, variants }] of Object.entries(await allCommands())) {
    if (trains((await load()).command)) {
      // Of a command with variants, the summary says after a semicolon what those are.
      forms.push({ command, summary: summary.split(';')[0]!, group: groupOf(command) });
    }
    if (variants === undefined) continue;
    for (const name of await (await variants()).variants.names()) {
      forms.push({ command: `${command} ${name}`, summary: name, group: groupOf(name, true) });
    }
  }
  return forms;
}

async function formOf(name: string): Promise<FormView> {
  const { definition, summary, words } = await find(name);
  const isVariant = (await allCommands())[name] === undefined;
  const schema = await definition.config?.();
  const choices = name === 'reproduce' ? (await listRecipes()).map((recipe) => recipe.name) : undefined;
  return {
    command: words.join(' '),
    summary,
    group: groupOf(words.at(-1)!, isVariant),
    details: definition.details,
    // The first argument of a variant is its own name.
    positional: (definition.positional ?? []).slice(isVariant ? 1 : 0).map((argument) => ({
      name: argument.name.replaceAll(/[<>[\].]/g, ''),
      summary: argument.summary,
      required: argument.name.startsWith('<'),
      ...(choices && { choices }),
    })),
    flags: flagsOf(definition),
    ...(schema && {
      settings: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as unknown as SettingSchema,
    }),
  };
}

function flagsOf(definition: CommandDefinition): FlagView[] {
  const command = new Command();
  definition.flags?.(command);
  return command.options.map((option) => ({
    name: option.long!,
    summary: option.description,
    kind: option.variadic ? 'list' : option.required || option.optional ? 'text' : 'switch',
    required: option.mandatory,
    ...(option.defaultValue !== undefined && { default: option.defaultValue as unknown }),
    ...(option.argChoices && { choices: option.argChoices }),
  }));
}

/** @throws ConfigError naming what is wrong, as the command itself would */
async function wordsOf({ command, positional, flags, settings }: LaunchRequest): Promise<readonly string[]> {
  const { definition, words } = await find(command);
  const form = await formOf(command);
  for (const [index, { name, required, summary }] of form.positional.entries()) {
    if (required && (positional[index] ?? '') === '') throw new ConfigError(`${name} is missing: ${summary}`);
  }
  const odd = positional.find((word) => word.startsWith('-'));
  if (odd !== undefined) throw new ConfigError(`'${odd}' begins with a dash`, { advice: 'Write ./ before it.' });
  const given = Object.entries(flags).flatMap(([name, value]): string[] => {
    const flag = form.flags.find((each) => each.name === `--${name}`);
    if (flag === undefined) throw new ConfigError(`--${name}: descent ${command} has no such flag`);
    if (flag.choices && !flag.choices.includes(String(value))) {
      throw new ConfigError(`--${name}: '${String(value)}' is none of ${flag.choices.join(', ')}`);
    }
    if (typeof value === 'boolean') return value ? [flag.name] : [];
    if (typeof value === 'string') return [`${flag.name}=${value}`];
    const dashed = value.find((word) => word.startsWith('-'));
    if (dashed !== undefined) throw new ConfigError(`--${name}: '${dashed}' begins with a dash`);
    return value.length === 0 ? [] : [flag.name, ...value];
  });
  const missing = form.flags.find(({ name, required }) => required && !given.some((word) => isOf(name, word)));
  if (missing !== undefined) throw new ConfigError(`${missing.name} is missing: ${missing.summary}`);
  const schema = await definition.config?.();
  if (schema !== undefined) {
    const nested = Object.entries(settings).map(([key, value]) => nest(key.split('.'), value));
    checkConfig(schema, nested.reduce(merge, {}));
  } else if (Object.keys(settings).length > 0) {
    throw new ConfigError(`descent ${command} has no settings`);
  }
  const set = Object.entries(settings).map(([key, value]) => `--${key}=${JSON.stringify(value)}`);
  // A list of values goes on until the next flag: the arguments come before all of them.
  return [...words, ...positional.filter((word) => word !== ''), ...given, ...set];
}

const isOf = (flag: string, word: string): boolean => word === flag || word.startsWith(`${flag}=`);

/** Forms of this version's commands; what does not change is made once. */
export function commandForms(): FormSource {
  let list: Promise<readonly FormSummary[]> | undefined;
  return { list: () => (list ??= listForms()), form: formOf, words: wordsOf };
}
