// Statements on the table requirements, one a function.
import { sql } from "kysely";
import type { Connection } from "../schema.ts";

export interface Requirements {
  readonly content: Uint8Array;
  readonly hash: string;
}

export async function findRequirements(db: Connection, workspace: string): Promise<Requirements | undefined> {
  return db.selectFrom("requirements").select(["content", "hash"]).where("workspace_id", "=", workspace).executeTakeFirst();
}

/** Takes the content from module_contents, where it is stored already. */
export async function upsertRequirements(db: Connection, workspace: string, hash: string): Promise<void> {
  await sql`
    insert into requirements (workspace_id, content, hash)
    select workspace_id, content, hash from module_contents where workspace_id = ${workspace}::uuid and hash = ${hash}
    on conflict (workspace_id) do update set content = excluded.content, hash = excluded.hash, updated_at = now()`.execute(db);
}

export async function deleteRequirements(db: Connection, workspace: string): Promise<void> {
  await db.deleteFrom("requirements").where("workspace_id", "=", workspace).execute();
}
