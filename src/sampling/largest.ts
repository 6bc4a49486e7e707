/**
 * Indices of the `count` largest values, largest first, the lower index first among equals. A heap of `count` entries
 * with the smallest on top: most values are turned away by one comparison, so a large vocabulary is not sorted.
 */
export function largest(values: Float32Array | Float64Array, count: number): Int32Array {
  const size = Math.min(count, values.length);
  const heap = new Int32Array(size);
  /** Whether index a ranks below index b. */
  const below = (a: number, b: number): boolean => {
    const [x, y] = [values[a]!, values[b]!];
    return x < y || (x === y && a > b);
  };
  const sink = (from: number, length: number): void => {
    const moving = heap[from]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && below(heap[child + 1]!, heap[child]!)) child++;
      if (!below(heap[child]!, moving)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moving;
  };
  for (let index = 0; index < size; index++) heap[index] = index;
  for (let at = (size >> 1) - 1; at >= 0; at--) sink(at, size);
  if (size > 0) {
    let smallest = values[heap[0]!]!;
    for (let index = size; index < values.length; index++) {
      if (values[index]! <= smallest) continue;
      heap[0] = index;
      sink(0, size);
      smallest = values[heap[0]]!;
    }
  }
  // The smallest goes behind the rest, again and again: largest first.
  for (let last = size - 1; last > 0; last--) {
    const smallest = heap[0]!;
    heap[0] = heap[last]!;
    heap[last] = smallest;
    sink(0, last);
  }
  return heap;
}
