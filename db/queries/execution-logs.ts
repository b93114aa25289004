// Statements on the table execution_logs, one a function.
import { sql, type Selectable } from "kysely";
import type { Connection, ExecutionLogsTable } from "../schema.ts";

export type LogRow = Pick<Selectable<ExecutionLogsTable>, "sequence" | "level" | "message" | "data" | "at">;
export type NewLogRow = Omit<LogRow, "at"> & { readonly at: string };

export async function selectLogs(db: Connection, workspace: string, execution: string): Promise<LogRow[]> {
  return db
    .selectFrom("execution_logs")
    .select(["sequence", "level", "message", "data", "at"])
    .where("workspace_id", "=", workspace)
    .where("execution_id", "=", execution)
    .orderBy("sequence")
    .execute();
}

/** At most one batch (see batches.ts). */
export async function insertLogs(db: Connection, workspace: string, logs: { readonly execution: string; readonly rows: readonly NewLogRow[] }): Promise<void> {
  const { execution, rows } = logs;
  await sql`
    insert into execution_logs (workspace_id, execution_id, sequence, level, message, data, at)
    select ${workspace}::uuid, ${execution}::uuid, line.sequence, line.level, line.message, line.data::json, line.at
    from unnest(
      ${rows.map((row) => row.sequence)}::integer[],
      ${rows.map((row) => row.level)}::text[],
      ${rows.map((row) => row.message)}::text[],
      ${rows.map((row) => row.data)}::text[],
      ${rows.map((row) => row.at)}::timestamptz[]
    ) as line(sequence, level, message, data, at)`.execute(db);
}
