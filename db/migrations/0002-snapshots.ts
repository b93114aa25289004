// Immutable rows by hash: what a snapshot is made of, and the code compiled from it.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table module_contents (
      workspace_id uuid not null references workspaces on delete cascade,
      hash text not null,
      content bytea not null,
      size_bytes bigint not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, hash)
    )`.execute(db);
  await sql`
    create table trees (
      workspace_id uuid not null references workspaces on delete cascade,
      hash text not null,
      entries json not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, hash)
    )`.execute(db);
  await sql`
    create table snapshots (
      workspace_id uuid not null references workspaces on delete cascade,
      id text not null,
      tree text not null,
      package_lock text,
      compiler_options json not null,
      created_at timestamptz not null default now(),
      primary key (workspace_id, id)
    )`.execute(db);
  await sql`
    create table head_history (
      workspace_id uuid not null references workspaces on delete cascade,
      version bigint not null,
      snapshot_id text not null,
      at timestamptz not null default now(),
      primary key (workspace_id, version)
    )`.execute(db);
  await sql`
    create table compiled (
      key text primary key,
      source_hash text not null,
      js bytea not null,
      js_hash text not null,
      map bytea not null,
      facts json not null,
      created_at timestamptz not null default now()
    )`.execute(db);
}

export const snapshots: Migration = { up };
