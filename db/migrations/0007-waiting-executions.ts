// Executions are rows before they run: accepted, waiting, held by a host under a fence. Hosts tell that they live. The
// release before this one goes on inserting and ending rows of its own: whatever it does not know has a default or may be absent.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  // Milliseconds, as clients read it: a time that was read finds its row again.
  await sql`
    alter table executions
      alter column snapshot_id drop not null,
      alter column started_at drop not null,
      add column reference text,
      add column asked_by text not null default 'cli',
      add column priority integer not null default 0,
      add column queued_at timestamptz not null default date_trunc('milliseconds', now()),
      add column due_at timestamptz not null default now(),
      add column expires_at timestamptz,
      add column max_wait_ms bigint,
      add column attempt integer not null default 1,
      add column fence bigint not null default 0,
      add column host_id uuid,
      add column retry_attempts integer not null default 1,
      add column retry_backoff_ms bigint not null default 1000,
      add column retry_idempotent boolean not null default false,
      add column limits json,
      add column asked_snapshot_id text,
      add column idempotency_key text,
      add column request_hash text,
      add column traceparent text,
      add column timings json,
      add column error_summary json`.execute(db);
  await sql`update executions set queued_at = date_trunc('milliseconds', started_at), due_at = started_at`.execute(db);
  await sql`
    create unique index executions_idempotency on executions (workspace_id, idempotency_key)
    where idempotency_key is not null`.execute(db);
  await sql`create index executions_listed on executions (workspace_id, queued_at desc, id desc)`.execute(db);
  await sql`
    create index executions_waiting on executions (workspace_id, priority desc, due_at, id)
    where status = 'Pending'`.execute(db);
  await sql`create index executions_scheduled on executions (due_at) where status = 'Scheduled'`.execute(db);
  await sql`
    create index executions_expiring on executions (expires_at)
    where status in ('Scheduled', 'Pending') and expires_at is not null`.execute(db);
  await sql`
    create index executions_running on executions (workspace_id, host_id)
    where status in ('Running', 'Cancelling')`.execute(db);
  await sql`create index executions_held on executions (host_id) where status in ('Running', 'Cancelling')`.execute(db);
  await sql`create index executions_parent on executions (parent_id) where parent_id is not null`.execute(db);
  await sql`
    create table hosts (
      id uuid primary key,
      name text not null,
      slots integer not null,
      beats bigint not null default 0,
      beat_at timestamptz not null default now(),
      left_at timestamptz,
      dead_at timestamptz
    )`.execute(db);
  // Beside the workspaces, whose rows their writers lock for as long as a write takes.
  await sql`
    create table claim_turns (
      workspace_id uuid primary key references workspaces on delete cascade,
      served_at timestamptz not null
    )`.execute(db);
}

export const waitingExecutions: Migration = { up };
