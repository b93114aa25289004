// Statements on the table trees, one a function.
import { sql } from "kysely";
import { anyOf } from "../any-of.ts";
import type { Connection } from "../schema.ts";

export async function selectTrees(db: Connection, workspace: string, hashes: readonly string[]): Promise<{ hash: string; entries: string }[]> {
  return db.selectFrom("trees").select(["hash", "entries"]).where("workspace_id", "=", workspace).where("hash", "=", anyOf(hashes)).execute();
}

/** Rows that are there already stay. */
export async function insertTrees(db: Connection, workspace: string, trees: ReadonlyMap<string, string>): Promise<void> {
  await sql`
    insert into trees (workspace_id, hash, entries)
    select ${workspace}::uuid, tree.hash, tree.entries::json
    from unnest(${[...trees.keys()]}::text[], ${[...trees.values()]}::text[]) as tree(hash, entries)
    on conflict do nothing`.execute(db);
}
