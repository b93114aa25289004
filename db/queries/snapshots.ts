// Statements on the table snapshots, one a function.
import type { Insertable, Selectable } from "kysely";
import { anyOf } from "../any-of.ts";
import type { Connection, SnapshotsTable } from "../schema.ts";

export type SnapshotRow = Selectable<SnapshotsTable>;

export async function selectSnapshots(db: Connection, workspace: string, ids: readonly string[]): Promise<SnapshotRow[]> {
  return db.selectFrom("snapshots").selectAll().where("workspace_id", "=", workspace).where("id", "=", anyOf(ids)).execute();
}

/** A row that is there already stays. */
export async function insertSnapshot(db: Connection, row: Insertable<SnapshotsTable>): Promise<void> {
  await db
    .insertInto("snapshots")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
