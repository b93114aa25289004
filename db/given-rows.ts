// Rows as parameters: one array a column, so that a statement has one text for however many rows it is given.
import { sql, type RawBuilder } from "kysely";

export type Given<Columns extends Readonly<Record<string, string>>> = { readonly [Name in keyof Columns]: string | number | boolean | null };

/**
 * A table `name` with the columns (name → SQL type) and `place`, 1 for the first row. Names and types are texts of ours: they
 * go into the statement as they are.
 */
export function givenRows<Columns extends Readonly<Record<string, string>>>(
  name: string,
  { columns, rows }: { readonly columns: Columns; readonly rows: readonly Given<Columns>[] },
): RawBuilder<unknown> {
  const names = Object.keys(columns);
  const arrays = names.map((column) => sql`${rows.map((row) => row[column] ?? null)}::${sql.raw(`${columns[column]}[]`)}`);
  return sql`unnest(${sql.join(arrays)}) with ordinality as ${sql.raw(`${name}(${names.join(", ")}, place)`)}`;
}
