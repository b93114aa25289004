// Statements on the table hosts, and on what a host holds, one a function.
import { sql } from "kysely";
import type { Connection } from "../schema.ts";

export interface BeatRow {
  readonly alive: boolean;
  /** Ids of executions of the host that are to be cancelled. */
  readonly cancelling: readonly string[];
}

/** A host that has left or is dead stays so. */
export async function beatHost(db: Connection, host: { readonly id: string; readonly name: string; readonly slots: number }): Promise<BeatRow> {
  const { rows } = await sql<BeatRow>`
    with beaten as (
      insert into hosts (id, name, slots, beats) values (${host.id}, ${host.name}, ${host.slots}, 1)
      on conflict (id) do update set beats = hosts.beats + 1, beat_at = now(), name = excluded.name, slots = excluded.slots
      where hosts.dead_at is null and hosts.left_at is null
      returning 1
    )
    select exists (select from beaten) as alive,
      array(select id::text from executions where host_id = ${host.id}::uuid and status = 'Cancelling' order by id) as cancelling`.execute(db);
  return rows[0] ?? { alive: false, cancelling: [] };
}

export interface HostRow {
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly beats: number;
  readonly running: number;
}

/** Those that live, and whoever else holds executions. */
export async function listHosts(db: Connection): Promise<readonly HostRow[]> {
  const { rows } = await sql<HostRow>`
    select coalesce(h.id, held.host_id) as id, coalesce(h.name, '') as name, coalesce(h.slots, 0) as slots, coalesce(h.beats, 0) as beats,
      coalesce(held.running, 0) as running
    from hosts h
    full join (
      select host_id, count(*) as running from executions where status in ('Running', 'Cancelling') and host_id is not null group by host_id
    ) held on held.host_id = h.id
    where (h.id is not null and h.left_at is null and h.dead_at is null) or held.host_id is not null
    order by 1`.execute(db);
  return rows;
}

export async function leaveHost(db: Connection, id: string): Promise<void> {
  await sql`update hosts set left_at = coalesce(left_at, now()) where id = ${id}`.execute(db);
}

/** Under `lockTurns`: from then on it is given nothing. */
export async function markDead(db: Connection, id: string): Promise<void> {
  await sql`
    insert into hosts (id, name, slots, dead_at) values (${id}, '', 0, now())
    on conflict (id) do update set dead_at = coalesce(hosts.dead_at, now())`.execute(db);
}

export interface HeldRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly host_id: string;
  readonly fence: number;
  readonly begun: boolean;
  readonly nested: boolean;
}

export async function selectHeld(db: Connection, host: string): Promise<readonly HeldRow[]> {
  const { rows } = await sql<HeldRow>`
    select id, workspace_id, host_id, fence, started_at is not null as begun, parent_id is not null as nested from executions where host_id = ${host} and status in ('Running', 'Cancelling') order by id`.execute(
    db,
  );
  return rows;
}

interface End {
  readonly error: string | null;
  readonly error_summary: string | null;
}

export interface ReapedRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly status: string;
}

/** The pause before the attempt after the one numbered `attempt`: doubled each time, an hour at most. */
export const PAUSE = sql`least(e.retry_backoff_ms * power(2, least(e.attempt - 1, 30)), 3600000) * interval '1 millisecond'`;

/**
 * Takes all from a host: what was to be cancelled is; what has not begun waits in the place that it had; what may run again and has attempts left
 * waits; the rest is stuck. What is executed by another never waits by itself. `only` these where it is given.
 */
export async function takeFromHost(
  db: Connection,
  host: string,
  { cancelled, stuck, only }: { readonly cancelled: End; readonly stuck: End; readonly only?: readonly string[] | undefined },
): Promise<readonly ReapedRow[]> {
  const among = only === undefined ? sql`` : sql`and e.id = any(${[...only]}::uuid[])`;
  const { rows } = await sql<ReapedRow>`
    with held as (
      select e.id, case
        when e.status = 'Cancelling' then 'Cancelled'
        when e.started_at is null and e.parent_id is null then 'Scheduled'
        when e.retry_idempotent and e.parent_id is null and e.attempt < e.retry_attempts then 'Scheduled'
        else 'Stuck' end as status,
        e.started_at is null and e.parent_id is null as unbegun
      from executions e where e.host_id = ${host}::uuid and e.status in ('Running', 'Cancelling') ${among}
      order by e.id for no key update of e
    )
    update executions e
    set status = h.status,
      host_id = case h.status when 'Scheduled' then null else e.host_id end,
      started_at = case h.status when 'Scheduled' then null else e.started_at end,
      due_at = case when h.status = 'Scheduled' and not h.unbegun then now() + ${PAUSE} else e.due_at end,
      expires_at = case when h.status = 'Scheduled' and not h.unbegun then now() + ${PAUSE} + e.max_wait_ms * interval '1 millisecond' else e.expires_at end,
      attempt = case when h.status = 'Scheduled' and h.unbegun then e.attempt - 1 else e.attempt end,
      error = case h.status when 'Scheduled' then null when 'Cancelled' then ${cancelled.error}::json else ${stuck.error}::json end,
      error_summary = case h.status when 'Scheduled' then null when 'Cancelled' then ${cancelled.error_summary}::json else ${stuck.error_summary}::json end,
      finished_at = case h.status when 'Scheduled' then null else date_trunc('milliseconds', now()) end
    from held h where e.id = h.id
    returning e.id, e.workspace_id, e.status`.execute(db);
  return rows;
}
