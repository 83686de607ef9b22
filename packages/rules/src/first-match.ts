/** The one way to look into a table: the first row that matches counts; `otherwise` where none does. */
export function firstMatch<Row, Value>(
  rows: readonly Row[],
  matches: (row: Row) => boolean,
  read: (row: Row) => Value,
  otherwise: Value,
): Value {
  const row = rows.find(matches);
  return row === undefined ? otherwise : read(row);
}
