// Statements on the table head_history, one a function.
import type { Insertable } from "kysely";
import type { Connection, HeadHistoryTable } from "../schema.ts";

export async function insertHeadHistory(db: Connection, row: Insertable<HeadHistoryTable>): Promise<void> {
  await db.insertInto("head_history").values(row).execute();
}
