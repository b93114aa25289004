// What keeps the database from growing for ever: when a snapshot was last asked for and which versions it was, by which source
// compiled code is found, and when upkeep was last begun. The release before writes snapshots without the time; then it is that of the writing.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table snapshots add column used_at timestamptz not null default now()`.execute(db);
  await sql`create index head_history_snapshot on head_history (workspace_id, snapshot_id)`.execute(db);
  await sql`create index module_contents_hash on module_contents (hash)`.execute(db);
  await sql`
    create table upkeep (
      name text primary key,
      begun_at timestamptz not null default now(),
      ended_at timestamptz,
      report json
    )`.execute(db);
}

export const upkeep: Migration = { up };
