// Statements on the table executions, one a function: what is shown of executions, without result and logs.
import { sql, type RawBuilder } from "kysely";
import { anyOf } from "../any-of.ts";
import type { Connection } from "../schema.ts";
import type { ExecutionRow } from "./executions.ts";
import { AHEAD, STATUS } from "./execution-waiting.ts";

export type SummaryRow = Pick<
  ExecutionRow,
  | "id"
  | "parent_id"
  | "workspace_id"
  | "workflow"
  | "status"
  | "asked_by"
  | "priority"
  | "attempt"
  | "queued_at"
  | "due_at"
  | "started_at"
  | "finished_at"
  | "snapshot_id"
  | "host_id"
  | "usage"
  | "timings"
  | "error_summary"
> & {
  /** Only where there is no summary of it. */
  readonly error: string | null;
};

export type StateRow = SummaryRow & Pick<ExecutionRow, "modules" | "input"> & { readonly ahead: number };

const SHOWN: RawBuilder<unknown> = sql`
  e.id, e.parent_id, e.workspace_id, e.workflow, ${STATUS} as status, e.asked_by, e.priority, e.attempt, e.queued_at, e.due_at, e.started_at,
  e.finished_at, e.snapshot_id, e.host_id, e.usage, e.timings`;

export async function findState(db: Connection, workspace: string, id: string): Promise<StateRow | undefined> {
  const { rows } = await sql<StateRow>`
    select ${SHOWN}, e.error, e.error_summary, e.modules, e.input, case when ${STATUS} = 'Pending' then ${AHEAD} else 0 end as ahead
    from executions e where e.id = ${id} and e.workspace_id = ${workspace}`.execute(db);
  return rows[0];
}

export async function findStatus(db: Connection, workspace: string, id: string): Promise<string | undefined> {
  const { rows } = await sql<Pick<ExecutionRow, "status">>`
    select ${STATUS} as status from executions e where e.id = ${id} and e.workspace_id = ${workspace}`.execute(db);
  return rows[0]?.status;
}

export interface ListOptions {
  readonly workflow?: string | undefined;
  /** How the workflows begin that are listed beside the one named `workflow`. */
  readonly workflowPrefix?: string | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly parent?: string | undefined;
  readonly askedBy?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** What the page before ended with. */
  readonly after?: { readonly queuedAt: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listExecutions(db: Connection, workspace: string, options: ListOptions): Promise<readonly SummaryRow[]> {
  const { workflow, workflowPrefix, statuses, parent, askedBy, since, until, after, limit } = options;
  const conditions = [sql`e.workspace_id = ${workspace}`];
  if (workflow !== undefined) conditions.push(sql`(e.workflow = ${workflow} or starts_with(e.workflow, ${workflowPrefix ?? workflow}))`);
  if (statuses !== undefined) conditions.push(sql`${STATUS} = ${anyOf(statuses)}`);
  if (parent !== undefined) conditions.push(sql`e.parent_id = ${parent}`);
  if (askedBy !== undefined) conditions.push(sql`e.asked_by = ${askedBy}`);
  if (since !== undefined) conditions.push(sql`e.queued_at >= ${since}::timestamptz`);
  if (until !== undefined) conditions.push(sql`e.queued_at < ${until}::timestamptz`);
  if (after !== undefined) conditions.push(sql`(e.queued_at, e.id) < (${after.queuedAt}::timestamptz, ${after.id}::uuid)`);
  const { rows } = await sql<SummaryRow>`
    select ${SHOWN}, e.error_summary, case when e.error_summary is null then e.error end as error
    from executions e where ${sql.join(conditions, sql` and `)}
    order by e.queued_at desc, e.id desc limit ${limit}`.execute(db);
  return rows;
}
