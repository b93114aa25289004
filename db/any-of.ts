// `column = any($1)`: one parameter for a list of any length, and one prepared text for all of them.
import { sql, type RawBuilder } from "kysely";

export function anyOf(values: readonly string[]): RawBuilder<string> {
  return sql<string>`any(${values}::text[])`;
}

export function anyOfIds(ids: readonly string[]): RawBuilder<string> {
  return sql<string>`any(${ids}::uuid[])`;
}
