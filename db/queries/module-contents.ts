// Statements on the table module_contents, one a function.
import { anyOf } from "../any-of.ts";
import type { Connection } from "../schema.ts";

export async function selectContents(db: Connection, workspace: string, hashes: readonly string[]): Promise<{ hash: string; content: Uint8Array }[]> {
  return db.selectFrom("module_contents").select(["hash", "content"]).where("workspace_id", "=", workspace).where("hash", "=", anyOf(hashes)).execute();
}

/** Which of the hashes are there. */
export async function selectContentHashes(db: Connection, workspace: string, hashes: readonly string[]): Promise<string[]> {
  const rows = await db.selectFrom("module_contents").select("hash").where("workspace_id", "=", workspace).where("hash", "=", anyOf(hashes)).execute();
  return rows.map((row) => row.hash);
}

/** At most one batch (see batches.ts). Rows that are there already stay. */
export async function insertContents(
  db: Connection,
  workspace: string,
  contents: readonly { readonly hash: string; readonly content: Uint8Array }[],
): Promise<void> {
  await db
    .insertInto("module_contents")
    .values(contents.map(({ hash, content }) => ({ workspace_id: workspace, hash, content, size_bytes: content.byteLength })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
