// Statements on the table executions, one a function: who gets what waits, and how it comes back or ends without having run.
import { sql } from "kysely";
import type { Connection } from "../schema.ts";
import type { ExecutionRow } from "./executions.ts";

/** Of the lock that claims, and the closing of dead hosts, take turns by. */
const TURNS_LOCK = 7_206_110_431_554_113;

/**
 * Taken until the transaction ends: what others decided before is seen by the statements after it. These are short, and read little,
 * but are thought to read much where much waits: compiling them first (jit) would take a hundred times as long.
 */
export async function lockTurns(db: Connection): Promise<void> {
  await sql`select set_config('jit', 'off', true), pg_advisory_xact_lock(${TURNS_LOCK}::bigint)`.execute(db);
}

/** Makes those Pending that have become due. Whether any are Pending. */
export async function promoteDue(db: Connection): Promise<boolean> {
  const { rows } = await sql<{ waits: boolean }>`
    with promoted as (update executions set status = 'Pending' where status = 'Scheduled' and due_at <= now() returning 1)
    select exists (select from promoted) or exists (select from executions where status = 'Pending') as waits`.execute(db);
  return rows[0]?.waits === true;
}

export interface ClaimedRow extends Omit<
  ExecutionRow,
  "status" | "host_id" | "result" | "error" | "error_summary" | "modules" | "usage" | "timings" | "started_at" | "finished_at" | "expires_at" | "request_hash"
> {
  readonly host_id: string;
  readonly queued_ms: number;
}

/**
 * Under `lockTurns`. Each workspace's first waiting executions are numbered on from how many it has running, and the lowest numbers
 * are taken: so the one with the fewest running comes first, and all are filled evenly; among equals the one that was served longest ago.
 * Those that are executed by another use that one's place and are not counted, nor are those of no host.
 */
export async function claimExecutions(
  db: Connection,
  { host, most, maxRunning }: { readonly host: string; readonly most: number; readonly maxRunning: number },
): Promise<readonly ClaimedRow[]> {
  const claimed = await sql<ClaimedRow>`
    with recursive waiting(workspace_id) as (
      (select workspace_id from executions where status = 'Pending' order by workspace_id limit 1)
      union all
      select (select e.workspace_id from executions e where e.status = 'Pending' and e.workspace_id > w.workspace_id order by e.workspace_id limit 1)
      from waiting w where w.workspace_id is not null
    ), tenants as (
      select w.workspace_id, busy.running, t.served_at,
        case when s.settings ->> 'maxRunning' ~ '^[0-9]{1,9}$' then (s.settings ->> 'maxRunning')::bigint else ${maxRunning}::bigint end as bound
      from waiting w
      join workspaces s on s.id = w.workspace_id
      left join claim_turns t on t.workspace_id = w.workspace_id
      cross join lateral (
        select count(*) as running from executions r
        where r.workspace_id = w.workspace_id and r.status in ('Running', 'Cancelling') and r.host_id is not null and r.parent_id is null
      ) busy
    ), candidates as (
      select e.id, e.workspace_id, e.due_at, t.served_at,
        t.running + row_number() over (partition by e.workspace_id order by e.priority desc, e.due_at, e.id) as nth
      from tenants t
      cross join lateral (
        select f.id, f.workspace_id, f.priority, f.due_at from executions f
        where f.workspace_id = t.workspace_id and f.status = 'Pending' and (f.expires_at is null or f.expires_at > now())
        order by f.priority desc, f.due_at, f.id
        limit case when t.bound = 0 then ${most}::bigint else least(${most}::bigint, greatest(t.bound - t.running, 0)) end
      ) e
    ), chosen as (
      select id, workspace_id, row_number() over (order by nth, served_at nulls first, due_at, id) as turn
      from candidates
      where not exists (select from hosts where id = ${host}::uuid and (dead_at is not null or left_at is not null))
      order by turn limit ${most}::bigint
    ), served as (
      insert into claim_turns (workspace_id, served_at)
      select workspace_id, statement_timestamp() from chosen group by workspace_id
      on conflict (workspace_id) do update set served_at = excluded.served_at
    ), taken as (
      update executions e
      set status = 'Running', host_id = ${host}::uuid, fence = e.fence + 1, attempt = e.attempt + 1
      from chosen c where e.id = c.id and e.status = 'Pending'
      returning e.id, e.workspace_id, e.workflow, e.snapshot_id, e.input, e.parent_id, e.reference, e.asked_by, e.priority, e.queued_at, e.due_at,
        e.max_wait_ms, e.attempt, e.fence, e.host_id, e.retry_attempts, e.retry_backoff_ms, e.retry_idempotent, e.limits, e.asked_snapshot_id,
        e.idempotency_key, e.traceparent, (extract(epoch from clock_timestamp() - e.due_at) * 1000)::float8 as queued_ms, c.turn
    )
    select * from taken order by turn`.execute(db);
  return claimed.rows;
}

interface Held {
  readonly id: string;
  readonly workspace: string;
  readonly host: string;
  readonly fence: number;
}

/** Of one that is not to be cancelled. At once, and not counted, it takes the place that it had. False where it is not held so. */
export async function handBackExecution(db: Connection, claim: Held, options: { readonly dueInMs: number; readonly counts: boolean }): Promise<boolean> {
  const { dueInMs, counts } = options;
  const due = dueInMs > 0 || counts ? sql`now() + ${dueInMs}::float8 * interval '1 millisecond'` : sql`e.due_at`;
  const { rows } = await sql`
    update executions e
    set status = case when ${due} > now() then 'Scheduled' else 'Pending' end, due_at = ${due},
      expires_at = greatest(${due}, now()) + e.max_wait_ms * interval '1 millisecond',
      host_id = null, started_at = null, attempt = e.attempt - ${counts ? 0 : 1}::integer
    where e.id = ${claim.id} and e.workspace_id = ${claim.workspace} and e.host_id = ${claim.host} and e.fence = ${claim.fence} and e.status = 'Running'
    returning e.id`.execute(db);
  return rows.length > 0;
}

interface Unrun {
  readonly id: string;
  readonly workspace: string;
  readonly status: string;
  readonly error: string | null;
  readonly error_summary: string | null;
}

/** With host and fence of one that is held so, else of one that waits. False where it is neither. */
export async function endUnrun(db: Connection, end: Unrun & { readonly claim: Pick<Held, "host" | "fence"> | undefined }): Promise<boolean> {
  const { id, workspace, status, error, error_summary: summary, claim } = end;
  const isIts =
    claim === undefined
      ? sql`status in ('Scheduled', 'Pending')`
      : sql`status in ('Running', 'Cancelling') and host_id = ${claim.host} and fence = ${claim.fence}`;
  const { rows } = await sql`
    update executions
    set status = ${status}, error = ${error}::json, error_summary = ${summary}::json, finished_at = date_trunc('milliseconds', now())
    where id = ${id} and workspace_id = ${workspace} and ${isIts}
    returning id`.execute(db);
  return rows.length > 0;
}

export interface CancelRow {
  readonly status: string;
  readonly host_id: string | null;
  readonly has_begun: boolean;
}

/** What waits is cancelled, with the error; what runs is to be. Gives how it stands afterwards; undefined where there is none. */
export async function cancelExecution(db: Connection, { id, workspace, error, error_summary: summary }: Omit<Unrun, "status">): Promise<CancelRow | undefined> {
  const { rows: changed } = await sql<CancelRow>`
    update executions
    set status = case status when 'Running' then 'Cancelling' else 'Cancelled' end,
      error = case status when 'Running' then null else ${error}::json end,
      error_summary = case status when 'Running' then null else ${summary}::json end,
      finished_at = case status when 'Running' then null else date_trunc('milliseconds', now()) end
    where id = ${id} and workspace_id = ${workspace} and status in ('Scheduled', 'Pending', 'Running')
    returning status, host_id, started_at is not null as has_begun`.execute(db);
  if (changed[0] !== undefined) return changed[0];
  const { rows: standing } = await sql<CancelRow>`
    select status, host_id, started_at is not null as has_begun from executions where id = ${id} and workspace_id = ${workspace}`.execute(db);
  return standing[0];
}
