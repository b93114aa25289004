// What is kept of every run. Input, result and error are json, never jsonb: their text must come back as it went in.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table executions (
      id uuid primary key,
      workspace_id uuid not null references workspaces on delete cascade,
      workflow text not null,
      snapshot_id text not null,
      status text not null,
      input json not null,
      result json,
      error json,
      modules json,
      usage json,
      started_at timestamptz not null,
      finished_at timestamptz
    )`.execute(db);
  await sql`create index executions_started on executions (workspace_id, started_at)`.execute(db);
  await sql`
    create table execution_logs (
      workspace_id uuid not null,
      execution_id uuid not null references executions on delete cascade,
      sequence integer not null,
      level text not null,
      message text not null,
      data json,
      at timestamptz not null,
      primary key (execution_id, sequence)
    )`.execute(db);
}

export const executions: Migration = { up };
