// Statements that remove executions, with their logs, and hosts that are past; and those by which one host of many does so.
import { sql } from "kysely";
import type { Connection } from "../schema.ts";

export interface Removed {
  readonly count: number;
  /** As they are stored, without what the server adds. */
  readonly bytes: number;
}

export interface RemovedExecutions {
  readonly executions: Removed;
  readonly logLines: Removed;
}

const EXECUTION_BYTES = sql<number>`coalesce(pg_column_size(input), 0) + coalesce(pg_column_size(result), 0) + coalesce(pg_column_size(error), 0)
  + coalesce(pg_column_size(modules), 0) + coalesce(pg_column_size(limits), 0)`;
const LINE_BYTES = sql<number>`pg_column_size(message) + coalesce(pg_column_size(data), 0)`;

/** What has ended before; who waits or runs has no `finished_at`. The first condition follows from the second, and has an index. */
function ended(workspace: string, retentionDays: number) {
  return sql<boolean>`workspace_id = ${workspace}::uuid
    and queued_at < now() - make_interval(days => ${retentionDays}) and finished_at < now() - make_interval(days => ${retentionDays})
    and status not in ('Scheduled', 'Pending', 'Running', 'Cancelling')`;
}

/** At most `most`, oldest first; rows that somebody else has hold of are passed over. */
export async function deleteEndedExecutions(
  db: Connection,
  workspace: string,
  { retentionDays, most }: { readonly retentionDays: number; readonly most: number },
): Promise<RemovedExecutions> {
  const { rows } = await sql<Counts>`
    with old as materialized (
      select id from executions where ${ended(workspace, retentionDays)}
      order by queued_at, id limit ${most} for update skip locked
    ), lines as (
      delete from execution_logs where execution_id in (select id from old) returning ${LINE_BYTES} as bytes
    ), rows as (
      delete from executions where id in (select id from old) returning ${EXECUTION_BYTES} as bytes
    )
    select (select count(*) from rows) as executions, (select coalesce(sum(bytes), 0)::bigint from rows) as execution_bytes,
      (select count(*) from lines) as lines, (select coalesce(sum(bytes), 0)::bigint from lines) as line_bytes`.execute(db);
  return removedOf(rows[0]);
}

/** What `deleteEndedExecutions` would delete in all. */
export async function countEndedExecutions(db: Connection, workspace: string, retentionDays: number): Promise<RemovedExecutions> {
  const { rows } = await sql<Counts>`
    with rows as materialized (
      select id, ${EXECUTION_BYTES} as bytes from executions where ${ended(workspace, retentionDays)}
    ), lines as (
      select ${LINE_BYTES} as bytes from execution_logs where execution_id in (select id from rows)
    )
    select (select count(*) from rows) as executions, (select coalesce(sum(bytes), 0)::bigint from rows) as execution_bytes,
      (select count(*) from lines) as lines, (select coalesce(sum(bytes), 0)::bigint from lines) as line_bytes`.execute(db);
  return removedOf(rows[0]);
}

interface Counts {
  readonly executions: number;
  readonly execution_bytes: number;
  readonly lines: number;
  readonly line_bytes: number;
}

function removedOf(counts: Counts | undefined): RemovedExecutions {
  return {
    executions: { count: counts?.executions ?? 0, bytes: counts?.execution_bytes ?? 0 },
    logLines: { count: counts?.lines ?? 0, bytes: counts?.line_bytes ?? 0 },
  };
}

export interface SnapshotUse {
  readonly snapshots: readonly string[];
  /** Where to go on; undefined after the last page. */
  readonly next: { readonly queuedAt: string; readonly id: string } | undefined;
}

/**
 * Snapshots that a page of `most` executions have run on, or are to run on. With `retentionDays`, those are left out that have
 * ended before. Newest first: what is accepted meanwhile is not among them.
 */
export async function selectUsedSnapshots(
  db: Connection,
  workspace: string,
  { after, most, retentionDays }: { readonly after: SnapshotUse["next"]; readonly most: number; readonly retentionDays: number },
): Promise<SnapshotUse> {
  const { rows } = await sql<{ snapshots: (string | null)[] | null; rows: number; queued_at: string | null; id: string | null }>`
    with page as materialized (
      select id, queued_at, snapshot_id, asked_snapshot_id, ${retentionDays === 0 ? sql`false` : ended(workspace, retentionDays)} as goes
      from executions
      where workspace_id = ${workspace}::uuid
        ${after === undefined ? sql`` : sql`and (queued_at, id) < (${after.queuedAt}::timestamptz, ${after.id}::uuid)`}
      order by queued_at desc, id desc limit ${most}
    ), last as (
      select id, queued_at from page order by queued_at, id limit 1
    )
    select (select array_agg(distinct snapshot) from page, unnest(array[snapshot_id, asked_snapshot_id]) as snapshot where not goes) as snapshots,
      (select count(*) from page) as rows, (select queued_at::text from last) as queued_at, (select id from last) as id`.execute(db);
  const [page] = rows;
  const snapshots = (page?.snapshots ?? []).filter((id) => id !== null);
  if (page === undefined || page.rows < most || page.queued_at === null || page.id === null) return { snapshots, next: undefined };
  return { snapshots, next: { queuedAt: page.queued_at, id: page.id } };
}

/** Of processes that have left, or were taken for dead, or have not beaten, for so long; and that hold nothing. */
export async function deletePastHosts(db: Connection, { olderThanMs, dryRun }: { readonly olderThanMs: number; readonly dryRun: boolean }): Promise<number> {
  const past = sql`
    beat_at < now() - ${olderThanMs} * interval '1 millisecond'
    and not exists (select from executions where executions.host_id = hosts.id and executions.status in ('Running', 'Cancelling'))`;
  const { rows } = await (
    dryRun
      ? sql<{ count: number }>`select count(*) from hosts where ${past}`
      : sql<{ count: number }>`with gone as (delete from hosts where ${past} returning 1) select count(*) from gone`
  ).execute(db);
  return rows[0]?.count ?? 0;
}

/** True for one caller of all that ask while the last beginning is not older than that. */
export async function beginUpkeep(db: Connection, name: string, everyMs: number): Promise<boolean> {
  const { rows } = await sql`
    insert into upkeep (name) values (${name})
    on conflict (name) do update set begun_at = now(), ended_at = null
    where upkeep.begun_at <= now() - ${everyMs} * interval '1 millisecond' returning 1`.execute(db);
  return rows.length > 0;
}

export async function endUpkeep(db: Connection, name: string, report: string): Promise<void> {
  await sql`update upkeep set ended_at = now(), report = ${report}::json where name = ${name}`.execute(db);
}

/** It was begun and not done: the next who asks may. */
export async function forgetUpkeep(db: Connection, name: string): Promise<void> {
  await db.deleteFrom("upkeep").where("name", "=", name).execute();
}
