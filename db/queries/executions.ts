// Statements on the table executions, one a function: how an execution comes to be, begins and ends. Each takes many at once.
import { sql, type Selectable } from "kysely";
import { givenRows, type Given } from "../given-rows.ts";
import type { Connection, ExecutionsTable } from "../schema.ts";
import { LAST_WORD, LOG_COLUMNS, type NewLogRow } from "./execution-logs.ts";

export type ExecutionRow = Selectable<ExecutionsTable>;

const NEW = {
  id: "uuid",
  workspace_id: "uuid",
  workflow: "text",
  reference: "text",
  input: "text",
  /** Null: it waits, as Pending or Scheduled. */
  status: "text",
  snapshot_id: "text",
  started_at: "timestamptz",
  parent_id: "uuid",
  host_id: "uuid",
  fence: "bigint",
  attempt: "integer",
  asked_by: "text",
  priority: "integer",
  /** Null, or past: now. */
  due_at: "timestamptz",
  /** In place of `due_at`: from now on. */
  due_in_ms: "bigint",
  max_wait_ms: "bigint",
  retry_attempts: "integer",
  retry_backoff_ms: "bigint",
  retry_idempotent: "boolean",
  limits: "text",
  asked_snapshot_id: "text",
  idempotency_key: "text",
  request_hash: "text",
  traceparent: "text",
} as const;

export type NewExecution = Given<typeof NEW>;

/**
 * What runs already was asked for no later than it began, as far as the host's clock can be believed.
 * Gives the ids of those that are new; missing are those whose id or idempotency key is taken, and those of a host that has left or is dead.
 */
export async function insertExecutions(db: Connection, rows: readonly NewExecution[]): Promise<readonly string[]> {
  const inserted = await sql<{ id: string }>`
    insert into executions (
      id, workspace_id, workflow, reference, input, status, snapshot_id, started_at, parent_id, host_id, fence, attempt, asked_by, priority,
      queued_at, due_at, max_wait_ms, expires_at, retry_attempts, retry_backoff_ms, retry_idempotent, limits, asked_snapshot_id,
      idempotency_key, request_hash, traceparent)
    select
      n.id, n.workspace_id, n.workflow, n.reference, n.input::json,
      coalesce(n.status, case when due.at > now() then 'Scheduled' else 'Pending' end),
      n.snapshot_id, n.started_at, n.parent_id, n.host_id, n.fence, n.attempt, n.asked_by, n.priority,
      asked.at, due.at, n.max_wait_ms, due.at + n.max_wait_ms * interval '1 millisecond',
      n.retry_attempts, n.retry_backoff_ms, n.retry_idempotent, n.limits::json, n.asked_snapshot_id,
      n.idempotency_key, n.request_hash, n.traceparent
    from ${givenRows("n", { columns: NEW, rows })}
    cross join lateral (select date_trunc('milliseconds', now()) as now) clock
    cross join lateral (select greatest(least(clock.now, n.started_at), clock.now - interval '10 seconds') as at) asked
    cross join lateral (select greatest(n.due_at, asked.at + n.due_in_ms * interval '1 millisecond', asked.at) as at) due
    where not exists (select from hosts h where h.id = n.host_id and (h.dead_at is not null or h.left_at is not null))
    order by n.place
    on conflict do nothing
    returning id`.execute(db);
  return inserted.rows.map(({ id }) => id);
}

export async function findExecution(db: Connection, workspace: string, id: string): Promise<ExecutionRow | undefined> {
  return db.selectFrom("executions").selectAll().where("workspace_id", "=", workspace).where("id", "=", id).executeTakeFirst();
}

export interface KnownRequest {
  readonly id: string;
  readonly workspace_id: string;
  readonly idempotency_key: string | null;
  readonly request_hash: string | null;
}

/** Those that have the id, in any workspace, or in the workspace the key. */
export async function selectKnownRequests(
  db: Connection,
  asked: { readonly id: string; readonly workspace: string; readonly key: string | null },
): Promise<KnownRequest[]> {
  return db
    .selectFrom("executions")
    .select(["id", "workspace_id", "idempotency_key", "request_hash"])
    .where((has) => has.or([has("id", "=", asked.id), ...(asked.key === null ? [] : [has.and({ workspace_id: asked.workspace, idempotency_key: asked.key })])]))
    .execute();
}

const BEGINNING = {
  id: "uuid",
  workspace_id: "uuid",
  host_id: "uuid",
  fence: "bigint",
  workflow: "text",
  snapshot_id: "text",
  started_at: "timestamptz",
} as const;

export interface BegunRow {
  /** Of the row given, 1 for the first. */
  readonly place: number;
  readonly status: string;
  readonly snapshot_id: string;
  readonly started_at: Date;
}

/** Only those that are held as they say. A snapshot that is there already stays. */
export async function beginExecutions(db: Connection, rows: readonly Given<typeof BEGINNING>[]): Promise<readonly BegunRow[]> {
  const begun = await sql<BegunRow>`
    with held as (
      select e.id, n.place, n.workflow, n.snapshot_id, n.started_at
      from ${givenRows("n", { columns: BEGINNING, rows })}
      join executions e on e.id = n.id and e.workspace_id = n.workspace_id and e.host_id = n.host_id and e.fence = n.fence
      where e.status in ('Running', 'Cancelling')
      order by e.id for no key update of e
    )
    update executions e
    set workflow = h.workflow, snapshot_id = coalesce(e.snapshot_id, h.snapshot_id), started_at = coalesce(e.started_at, h.started_at)
    from held h where e.id = h.id
    returning h.place, e.status, e.snapshot_id, e.started_at`.execute(db);
  return begun.rows;
}

const ENDING = {
  id: "uuid",
  workspace_id: "uuid",
  /** Null: it is written without claim. */
  host_id: "uuid",
  fence: "bigint",
  status: "text",
  /** Null: it stays as it is. */
  input: "text",
  result: "text",
  error: "text",
  error_summary: "text",
  modules: "text",
  usage: "text",
  timings: "text",
  finished_at: "timestamptz",
} as const;

export type EndingRow = Given<typeof ENDING>;

/**
 * Writes only over rows that run, and are held as they say; with the log lines, each naming the place of its row (1 for the first), and at most
 * one batch of them (see batches.ts). Lines that are there already stay. Gives the places of the rows it wrote.
 */
export async function finishExecutions(
  db: Connection,
  { rows, lines }: { readonly rows: readonly EndingRow[]; readonly lines: readonly (NewLogRow & { readonly execution: number })[] },
): Promise<readonly number[]> {
  // The rows are locked in the order of their ids: whoever takes several does, so that none waits in a circle.
  const written = await sql<{ place: number }>`
    with held as (
      select e.id as execution_id, n.*
      from ${givenRows("n", { columns: ENDING, rows })}
      join executions e on e.id = n.id and e.workspace_id = n.workspace_id
      where e.status in ('Running', 'Cancelling') and case when n.host_id is null then e.fence = 0 else e.host_id = n.host_id and e.fence = n.fence end
      order by e.id for no key update of e
    ), ended as (
      update executions e
      set status = h.status, input = coalesce(h.input::json, e.input), result = h.result::json, error = h.error::json, error_summary = h.error_summary::json, modules = h.modules::json,
        usage = h.usage::json, timings = h.timings::json, finished_at = h.finished_at
      from held h where e.id = h.execution_id
      returning h.place, e.id, e.workspace_id
    ), kept as (
      insert into execution_logs (workspace_id, execution_id, sequence, level, message, data, at)
      select ended.workspace_id, ended.id, line.sequence, line.level, line.message, line.data::json, line.at
      from ${givenRows("line", { columns: { execution: "bigint", ...LOG_COLUMNS }, rows: lines })}
      join ended on ended.place = line.execution
      ${LAST_WORD}
    )
    select place from ended`.execute(db);
  return written.rows.map(({ place }) => place);
}
