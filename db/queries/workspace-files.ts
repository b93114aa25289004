// Statements on the table workspace_files, one a function.
import { sql, type Selectable } from "kysely";
import { anyOf } from "../any-of.ts";
import type { Connection, WorkspaceFilesTable } from "../schema.ts";

export type FileRow = Selectable<WorkspaceFilesTable>;
export type FileSummary = Pick<FileRow, "path" | "entity_type" | "content_hash" | "size_bytes" | "content_type" | "updated_at">;

const SUMMARY = ["path", "entity_type", "content_hash", "size_bytes", "content_type", "updated_at"] as const;

/** Live files in byte order of their paths: all, or the file `under` and those in the directory of that name. */
export async function listLiveFiles(db: Connection, workspace: string, under: string | undefined): Promise<FileSummary[]> {
  let query = db
    .selectFrom("workspace_files")
    .select(SUMMARY)
    .where("workspace_id", "=", workspace)
    .where("is_deleted", "=", false)
    .where("content", "is not", null);
  if (under !== undefined) {
    // "0" is the letter after "/": the range holds just the paths that begin with the directory and a slash.
    query = query.where((has) => has.or([has("path", "=", under), has.and([has("path", ">=", `${under}/`), has("path", "<", `${under}0`)])]));
  }
  return query.orderBy("path").execute();
}

export async function findLiveFile(db: Connection, workspace: string, path: string): Promise<FileRow | undefined> {
  return db
    .selectFrom("workspace_files")
    .selectAll()
    .where("workspace_id", "=", workspace)
    .where("path", "=", path)
    .where("is_deleted", "=", false)
    .where("content", "is not", null)
    .executeTakeFirst();
}

/** What those of the paths hold that are live. */
export async function findLiveFiles(
  db: Connection,
  workspace: string,
  paths: readonly string[],
): Promise<Pick<FileRow, "path" | "content_hash" | "entity_type">[]> {
  return db
    .selectFrom("workspace_files")
    .select(["path", "content_hash", "entity_type"])
    .where("workspace_id", "=", workspace)
    .where("path", "=", anyOf(paths))
    .where("is_deleted", "=", false)
    .where("content", "is not", null)
    .execute();
}

export interface FileWrite {
  readonly path: string;
  readonly entityType: string;
  /** Of a row in module_contents. */
  readonly hash: string;
  readonly contentType: string;
}

/** Inserts or overwrites; contents are taken from module_contents, so that they travel once. Returns how many were written. */
export async function upsertFiles(db: Connection, workspace: string, files: readonly FileWrite[]): Promise<number> {
  const result = await sql`
    insert into workspace_files (workspace_id, path, entity_type, content, content_hash, size_bytes, content_type, is_deleted, updated_at)
    select ${workspace}::uuid, file.path, file.entity_type, stored.content, stored.hash, stored.size_bytes, file.content_type, false, now()
    from unnest(
      ${files.map((file) => file.path)}::text[],
      ${files.map((file) => file.entityType)}::text[],
      ${files.map((file) => file.hash)}::text[],
      ${files.map((file) => file.contentType)}::text[]
    ) as file(path, entity_type, hash, content_type)
    join module_contents stored on stored.workspace_id = ${workspace}::uuid and stored.hash = file.hash
    on conflict (workspace_id, path) do update set
      entity_type = excluded.entity_type, content = excluded.content, content_hash = excluded.content_hash,
      size_bytes = excluded.size_bytes, content_type = excluded.content_type, is_deleted = false, updated_at = excluded.updated_at`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}

/** Only the type: what a file is known to be can change while its content does not. */
export async function updateEntityTypes(db: Connection, workspace: string, types: ReadonlyMap<string, string>): Promise<void> {
  await sql`
    update workspace_files set entity_type = known.entity_type
    from unnest(${[...types.keys()]}::text[], ${[...types.values()]}::text[]) as known(path, entity_type)
    where workspace_files.workspace_id = ${workspace}::uuid and workspace_files.path = known.path`.execute(db);
}

/** The row stays, without content (B53). */
export async function softDeleteFiles(db: Connection, workspace: string, paths: readonly string[]): Promise<void> {
  await db
    .updateTable("workspace_files")
    .set({ content: null, content_hash: null, size_bytes: 0, is_deleted: true, updated_at: sql<Date>`now()` })
    .where("workspace_id", "=", workspace)
    .where("path", "=", anyOf(paths))
    .execute();
}
