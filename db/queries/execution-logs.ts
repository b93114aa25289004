// Statements on the table execution_logs, one a function.
import { sql, type Selectable } from "kysely";
import { givenRows, type Given } from "../given-rows.ts";
import type { Connection, ExecutionLogsTable } from "../schema.ts";

export type LogRow = Pick<Selectable<ExecutionLogsTable>, "sequence" | "level" | "message" | "data" | "at">;

export const LOG_COLUMNS = { sequence: "integer", level: "text", message: "text", data: "text", at: "timestamptz" } as const;

export interface NewLogRow extends Given<typeof LOG_COLUMNS> {
  readonly message: string;
  readonly data: string | null;
}

/** Those after the one numbered `after`. */
export async function selectLogs(
  db: Connection,
  workspace: string,
  options: { readonly execution: string; readonly after?: number | undefined; readonly limit?: number | undefined },
): Promise<LogRow[]> {
  const { execution, after = 0, limit } = options;
  return db
    .selectFrom("execution_logs")
    .select(["sequence", "level", "message", "data", "at"])
    .where("workspace_id", "=", workspace)
    .where("execution_id", "=", execution)
    .where("sequence", ">", after)
    .orderBy("sequence")
    .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
    .execute();
}

/** At the end it is known what more must be taken out of a line than when it was said. */
export const LAST_WORD = sql`
  on conflict (execution_id, sequence) do update set message = excluded.message, data = excluded.data
  where execution_logs.message <> excluded.message or execution_logs.data::text is distinct from excluded.data::text`;

/** At most one batch (see batches.ts). Those that are there already stay, unless these are the last word. */
export async function insertLogs(
  db: Connection,
  workspace: string,
  logs: { readonly execution: string; readonly rows: readonly NewLogRow[]; readonly isLastWord?: boolean },
): Promise<void> {
  const { execution, rows, isLastWord = false } = logs;
  await sql`
    insert into execution_logs (workspace_id, execution_id, sequence, level, message, data, at)
    select ${workspace}::uuid, ${execution}::uuid, line.sequence, line.level, line.message, line.data::json, line.at
    from ${givenRows("line", { columns: LOG_COLUMNS, rows })}
    ${isLastWord ? LAST_WORD : sql`on conflict do nothing`}`.execute(db);
}

/** Whether it is held so and runs; then nobody ends or takes it until the transaction ends. */
export async function lockHeld(
  db: Connection,
  claim: { readonly id: string; readonly workspace: string; readonly host: string; readonly fence: number },
): Promise<boolean> {
  const { rows } = await sql`
    select from executions
    where id = ${claim.id} and workspace_id = ${claim.workspace} and host_id = ${claim.host} and fence = ${claim.fence}
      and status in ('Running', 'Cancelling')
    for no key update`.execute(db);
  return rows.length > 0;
}
