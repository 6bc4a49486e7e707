/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object of JSON, such as one row of a data file. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Rows as JSON, a line each. */
export const jsonLines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Says in a few words what a value is, for messages about values that should be something else. */
export function nameOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  if (typeof value === 'object') return `an object with ${listKeys(value)}`;
  if (typeof value === 'string') return `the string ${JSON.stringify(shorten(value))}`;
  return typeof value === 'number' || typeof value === 'boolean' ? `the ${typeof value} ${value}` : typeof value;
}

/** The first characters of a text, for messages. */
export function shorten(text: string, length = 40): string {
  const characters = Array.from(text.slice(0, 2 * length));
  return characters.length <= length ? text.slice(0, 2 * length) : `${characters.slice(0, length - 1).join('')}…`;
}

function listKeys(value: object): string {
  const keys = Object.keys(value);
  if (keys.length === 0) return 'no fields';
  const shown = keys.slice(0, 8).map((key) => shorten(key, 24));
  return `${keys.length === 1 ? 'the field' : 'the fields'} ${shown.join(', ')}${keys.length > 8 ? ', …' : ''}`;
}
