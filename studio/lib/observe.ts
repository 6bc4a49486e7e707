/**
 * Has what calls it drawn or worked out anew whenever a signal changes, where it is not its value that counts: turns of a
 * conversation and curves are changed in place.
 */
export const observe = (signal: { readonly value: unknown }): unknown => signal.value;
