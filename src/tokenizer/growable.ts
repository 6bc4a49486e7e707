type NumberArray = Int32Array | Uint16Array | Uint8Array | Float64Array;

/** The same array, or a copy of at least twice the length when `needed` elements do not fit. */
export function withRoomFor<A extends NumberArray>(array: A, needed: number): A {
  if (needed <= array.length) return array;
  const larger = new (array.constructor as new (length: number) => A)(Math.max(needed, array.length * 2));
  larger.set(array);
  return larger;
}
