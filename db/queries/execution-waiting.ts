// Statements on the table executions, one a function: what waits, for how long, and what has waited for too long.
import { sql, type RawBuilder } from "kysely";
import { givenRows } from "../given-rows.ts";
import type { Connection } from "../schema.ts";

/** How many of its workspace are taken before the row `e`. */
export const AHEAD: RawBuilder<number> = sql<number>`(
  select count(*) from executions w
  where w.workspace_id = e.workspace_id and w.status = 'Pending'
    and (w.priority > e.priority or (w.priority = e.priority and (w.due_at, w.id) < (e.due_at, e.id))))`;

/** The status of the row `e`: what is due is Pending, also before a host has looked. */
export const STATUS: RawBuilder<string> = sql<string>`case when e.status = 'Scheduled' and e.due_at <= now() then 'Pending' else e.status end`;

export interface ExpiredRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly max_wait_ms: number;
  readonly ahead: number;
}

const MOST_EXPIRED = 500;

/** Those that have waited for too long, locked until the transaction ends; without those that somebody else has locked. */
export async function lockExpired(db: Connection): Promise<readonly ExpiredRow[]> {
  const { rows } = await sql<ExpiredRow>`
    select e.id, e.workspace_id, e.max_wait_ms, ${AHEAD} as ahead from executions e
    where e.status in ('Scheduled', 'Pending') and e.expires_at <= now()
    order by e.id limit ${MOST_EXPIRED}
    for no key update of e skip locked`.execute(db);
  return rows;
}

const FAILED = { id: "uuid", error: "text", error_summary: "text" } as const;

/** Of rows that the transaction has locked. */
export async function failWaiting(
  db: Connection,
  ends: readonly { readonly id: string; readonly error: string | null; readonly error_summary: string | null }[],
): Promise<void> {
  await sql`
    update executions e
    set status = 'Failed', error = n.error::json, error_summary = n.error_summary::json, finished_at = date_trunc('milliseconds', now())
    from ${givenRows("n", { columns: FAILED, rows: ends })}
    where e.id = n.id and e.status in ('Scheduled', 'Pending')`.execute(db);
}

/** Milliseconds, negative for what is overdue; undefined where nothing waits. */
export async function nextDue(db: Connection): Promise<number | undefined> {
  const { rows } = await sql<{ due_in_ms: number | null }>`
    select case
      when exists (select from executions where status = 'Pending') then 0::float8
      else (select (extract(epoch from min(due_at) - clock_timestamp()) * 1000)::float8 from executions where status = 'Scheduled')
    end as due_in_ms`.execute(db);
  return rows[0]?.due_in_ms ?? undefined;
}

export interface DepthRow {
  readonly workspace_id: string;
  readonly status: string;
  readonly count: number;
}

/** Of those that have not ended. */
export async function countOpen(db: Connection): Promise<readonly DepthRow[]> {
  // A condition for each of the partial indexes.
  const { rows } = await sql<DepthRow>`
    select workspace_id, status, count(*) as count
    from (
      select workspace_id, status from executions where status = 'Pending'
      union all select e.workspace_id, ${STATUS} from executions e where e.status = 'Scheduled'
      union all select workspace_id, status from executions where status in ('Running', 'Cancelling')
    ) as open
    group by workspace_id, status order by workspace_id, status`.execute(db);
  return rows;
}
