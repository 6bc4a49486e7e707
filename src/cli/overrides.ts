/** Settings as words on the command line. */

export type Nested = { [key: string]: unknown };

export const isNested = (value: unknown): value is Nested =>
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
 * Reads `--a.b value` and `--a.b=value` into nested settings; a key without a value is true. Words that belong to no
 * key are positional.
 */
export function readOverrides(words: readonly string[]): { settings: Nested; positional: string[] } {
  let settings: Nested = {};
  const positional: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (!word.startsWith('--')) {
      positional.push(word);
      continue;
    }
    const [key, inline] = splitOnce(word.slice(2), '=');
    const next = words[index + 1];
    let value: unknown = true;
    if (inline !== undefined) value = readValue(inline);
    else if (next !== undefined && !next.startsWith('--')) value = readValue(words[++index]!);
    settings = merge(settings, nest(key.split('.'), value));
  }
  return { settings, positional };
}

const splitOnce = (text: string, at: string): [string, string | undefined] => {
  const index = text.indexOf(at);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
};

export const nest = (path: readonly string[], value: unknown): Nested => {
  const [first, ...rest] = path;
  return { [first!]: rest.length === 0 ? value : nest(rest, value) };
};
