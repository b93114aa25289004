// Registered exports. The unique constraint is checked at the end of a statement, so that one update can carry the
// rows of files that trade places.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table workflows (
      id uuid primary key,
      workspace_id uuid not null references workspaces on delete cascade,
      path text collate "C" not null,
      export_name text not null,
      name text not null,
      kind text not null,
      parameter_schema json,
      parameters_reason text,
      parameters_closure_hash text,
      timeout_ms bigint,
      is_active boolean not null default true,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      unique (workspace_id, path, export_name) deferrable initially immediate
    )`.execute(db);
  await sql`create index workflows_name on workflows (workspace_id, name)`.execute(db);
}

export const workflows: Migration = { up };
