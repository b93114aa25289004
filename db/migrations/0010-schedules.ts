// Workflows that run by the clock. `next_at` is the tick that has not been submitted yet; null where none is to come.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table schedules (
      workspace_id uuid not null references workspaces on delete cascade,
      name text collate "C" not null,
      workflow text not null,
      input json not null,
      cron text not null,
      time_zone text not null,
      is_enabled boolean not null default true,
      next_at timestamptz,
      last_at timestamptz,
      last_execution_id uuid,
      last_error text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (workspace_id, name)
    )`.execute(db);
  await sql`create index schedules_next on schedules (next_at) where is_enabled`.execute(db);
}

export const schedules: Migration = { up };
