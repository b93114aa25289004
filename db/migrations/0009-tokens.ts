// Tokens that open the RPC: of each the hash, and never the token.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table tokens (
      id text primary key,
      name text not null,
      secret_hash bytea not null,
      scopes text not null,
      workspace_id uuid references workspaces on delete cascade,
      created_at timestamptz not null default now(),
      expires_at timestamptz,
      revoked_at timestamptz,
      last_used_at timestamptz
    )`.execute(db);
}

export const tokens: Migration = { up };
