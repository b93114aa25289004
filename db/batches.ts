// Cuts what is to be inserted into statements of bearable size: a statement takes 65,535 parameters, and holds its bytes in memory.

const MAX_ROWS = 1_000;
const MAX_BYTES = 8 * 1024 * 1024;

export function batches<Row>(rows: readonly Row[], sizeOf: (row: Row) => number): Row[][] {
  const cut: Row[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = sizeOf(row);
    const last = cut.at(-1);
    if (last === undefined || last.length >= MAX_ROWS || bytes + size > MAX_BYTES) {
      cut.push([row]);
      bytes = size;
    } else {
      last.push(row);
      bytes += size;
    }
  }
  return cut;
}
