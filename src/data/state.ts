import { DataError } from '../errors.js';
import { isObject, nameOf, type Json } from './json.js';

/**
 * Reads the counters out of a saved position, and holds its size against the source that it is to be used with.
 *
 * @param size what the source counts of its data, e.g. its tokens; saved under the same name
 * @throws DataError when a counter is missing or the data has another size than when the position was saved
 */
export function readPosition<Name extends string>(
  state: Json,
  names: readonly Name[],
  size: Readonly<Record<string, number>>,
): Record<Name, number> {
  const position: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const value = isObject(state) ? state[name] : undefined;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw new DataError(`The saved position has no counter "${name}": it is ${nameOf(state)}`, { advice });
    }
    position[name] = value;
  }
  for (const [name, expected] of Object.entries(size)) {
    const saved = isObject(state) ? state[name] : undefined;
    if (saved !== expected) {
      throw new DataError(
        `The saved position is one in other data: ${name} were ${nameOf(saved)} then and are ${expected} now`,
        { advice },
      );
    }
  }
  return position as Record<Name, number>;
}

const advice = 'Resume with the data and the data settings of the original run.';
