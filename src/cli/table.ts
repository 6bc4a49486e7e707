/** Rows as aligned text under their keys; numbers to the right. */
export function formatTable(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (row: (typeof rows)[number], column: string): string => String(row[column] ?? '');
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => cell(row, column).length)));
  const line = (cells: readonly string[], right: readonly boolean[]): string =>
    cells
      .map((text, index) => (right[index] === true ? text.padStart(widths[index]!) : text.padEnd(widths[index]!)))
      .join('  ')
      .trimEnd();
  const isNumber = columns.map((column) => rows.some((row) => typeof row[column] === 'number'));
  return [
    line(columns, isNumber),
    ...rows.map((row) =>
      line(
        columns.map((column) => cell(row, column)),
        isNumber,
      ),
    ),
  ].join('\n');
}
