// What a workspace is configured with. A value is json, never jsonb: its text must come back as it went in. A secret is there
// only as encrypted text; both at once cannot stand in a row.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table config_values (
      workspace_id uuid not null references workspaces on delete cascade,
      key text collate "C" not null,
      is_secret boolean not null,
      value json,
      encrypted text,
      granted_to json not null default '[]',
      version bigint not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (workspace_id, key),
      check ((value is null) = is_secret and (encrypted is null) <> is_secret)
    )`.execute(db);
}

export const configValues: Migration = { up };
