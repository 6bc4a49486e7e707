/** A row with zeros at its end. @throws RangeError for more values than the row is long */
export function padded(values: Int32Array, length: number): Int32Array {
  const row = new Int32Array(length);
  row.set(values);
  return row;
}
