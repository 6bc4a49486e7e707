import { type Place, formatPlace } from '../data/bad-rows.js';
import { DataError } from '../errors.js';
import type { Fields } from './example.js';

const slot = /\{\{\s*([\w-]+)\s*\}\}/g;

/**
 * A template with its slots filled: `{{name}}` is the field of that name, to the letter. Nothing else is special, and
 * nothing is added or taken away, for a space too many before an answer changes which tokens it is made of.
 *
 * @throws DataError for a slot that has no field, or one that holds a list
 */
export function fill(template: string, fields: Fields, place?: Place): string {
  return template.replaceAll(slot, (_, name: string) => {
    const value = fields[name];
    if (typeof value === 'string') return value;
    const where = place === undefined ? '' : `${formatPlace(place)}: `;
    const what = value === undefined ? 'there is no such field' : 'this field is a list';
    throw new DataError(`${where}the template asks for {{${name}}}: ${what}`, {
      advice: `There are: ${Object.keys(fields).join(', ')}. Name the task's columns after its slots.`,
    });
  });
}
