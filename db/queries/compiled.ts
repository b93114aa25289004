// Statements on the table compiled, one a function.
import { sql, type Insertable, type Selectable } from "kysely";
import { anyOf } from "../any-of.ts";
import type { CompiledTable, Connection } from "../schema.ts";

export type CompiledRow = Selectable<CompiledTable>;
export type NewCompiledRow = Insertable<CompiledTable>;

export async function selectCompiled(db: Connection, keys: readonly string[]): Promise<CompiledRow[]> {
  return db.selectFrom("compiled").selectAll().where("key", "=", anyOf(keys)).execute();
}

/** Which of the keys are there. */
export async function selectCompiledKeys(db: Connection, keys: readonly string[]): Promise<string[]> {
  const rows = await db.selectFrom("compiled").select("key").where("key", "=", anyOf(keys)).execute();
  return rows.map((row) => row.key);
}

/**
 * At most one batch (see batches.ts), in the order of keys, so that two writers never wait for each other in a ring.
 * A row that differs is overwritten: it was damaged, for the key holds all that the code depends on.
 */
export async function upsertCompiled(db: Connection, rows: readonly NewCompiledRow[]): Promise<void> {
  await db
    .insertInto("compiled")
    .values(rows)
    .onConflict((conflict) =>
      conflict.column("key").doUpdateSet((row) => ({
        source_hash: row.ref("excluded.source_hash"),
        js: row.ref("excluded.js"),
        js_hash: row.ref("excluded.js_hash"),
        map: row.ref("excluded.map"),
        facts: row.ref("excluded.facts"),
      })).where(sql<boolean>`(compiled.source_hash, compiled.js, compiled.js_hash, compiled.map, compiled.facts::text)
          is distinct from (excluded.source_hash, excluded.js, excluded.js_hash, excluded.map, excluded.facts::text)`),
    )
    .execute();
}
