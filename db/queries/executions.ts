// Statements on the table executions, one a function.
import type { Insertable, Selectable, Updateable } from "kysely";
import type { Connection, ExecutionsTable } from "../schema.ts";

export type ExecutionRow = Selectable<ExecutionsTable>;

/** False where the id is taken. */
export async function insertExecution(db: Connection, row: Insertable<ExecutionsTable>): Promise<boolean> {
  const result = await db
    .insertInto("executions")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function findExecution(db: Connection, workspace: string, id: string): Promise<ExecutionRow | undefined> {
  return db.selectFrom("executions").selectAll().where("workspace_id", "=", workspace).where("id", "=", id).executeTakeFirst();
}

/** Writes only over a row that is still Running; false where there is none. */
export async function finishExecution(
  db: Connection,
  workspace: string,
  options: { readonly id: string; readonly set: Updateable<ExecutionsTable> },
): Promise<boolean> {
  const result = await db
    .updateTable("executions")
    .set(options.set)
    .where("workspace_id", "=", workspace)
    .where("id", "=", options.id)
    .where("status", "=", "Running")
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
