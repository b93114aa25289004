// Workspaces, and the files that live in them.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table workspaces (
      id uuid primary key,
      name text not null unique,
      head_version bigint not null default 0,
      head_snapshot text not null,
      wall_ms bigint not null,
      cpu_ms bigint not null,
      memory_bytes bigint not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table workspace_files (
      workspace_id uuid not null references workspaces on delete cascade,
      path text collate "C" not null,
      entity_type text not null,
      content bytea,
      content_hash text,
      size_bytes bigint not null,
      content_type text not null,
      is_deleted boolean not null default false,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (workspace_id, path)
    )`.execute(db);
  await sql`
    create table requirements (
      workspace_id uuid primary key references workspaces on delete cascade,
      content bytea not null,
      hash text not null,
      updated_at timestamptz not null default now()
    )`.execute(db);
}

export const workspaces: Migration = { up };
