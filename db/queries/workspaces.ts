// Statements on the table workspaces, one a function.
import type { Insertable, Selectable } from "kysely";
import type { Connection, WorkspacesTable } from "../schema.ts";

export type WorkspaceRow = Selectable<WorkspacesTable>;
export type HeadRow = Pick<WorkspaceRow, "head_version" | "head_snapshot">;

export async function findWorkspace(db: Connection, name: string): Promise<WorkspaceRow | undefined> {
  return db.selectFrom("workspaces").selectAll().where("name", "=", name).executeTakeFirst();
}

/** Does nothing where the id or the name is taken; true when the row is new. */
export async function insertWorkspace(db: Connection, row: Insertable<WorkspacesTable>): Promise<boolean> {
  const result = await db
    .insertInto("workspaces")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function readHead(db: Connection, id: string): Promise<HeadRow | undefined> {
  return db.selectFrom("workspaces").select(["head_version", "head_snapshot"]).where("id", "=", id).executeTakeFirst();
}

/**
 * Takes the writers' lock until the transaction ends. `no key`: rows that refer to the workspace, such as those of
 * executions, can be inserted meanwhile.
 */
export async function lockHead(db: Connection, id: string): Promise<HeadRow | undefined> {
  return db.selectFrom("workspaces").select(["head_version", "head_snapshot"]).where("id", "=", id).forNoKeyUpdate().executeTakeFirst();
}

/** As lockHead, but undefined where a writer holds the lock. */
export async function tryLockHead(db: Connection, id: string): Promise<HeadRow | undefined> {
  return db.selectFrom("workspaces").select(["head_version", "head_snapshot"]).where("id", "=", id).forNoKeyUpdate().skipLocked().executeTakeFirst();
}

export async function moveHead(db: Connection, id: string, head: HeadRow): Promise<void> {
  await db.updateTable("workspaces").set(head).where("id", "=", id).execute();
}

/** As findWorkspace, and takes the writers' lock until the transaction ends. */
export async function lockWorkspace(db: Connection, name: string): Promise<WorkspaceRow | undefined> {
  return db.selectFrom("workspaces").selectAll().where("name", "=", name).forNoKeyUpdate().executeTakeFirst();
}

export async function updateSettings(
  db: Connection,
  id: string,
  settings: Pick<WorkspaceRow, "settings" | "wall_ms" | "cpu_ms" | "memory_bytes">,
): Promise<void> {
  await db.updateTable("workspaces").set(settings).where("id", "=", id).execute();
}

export async function listWorkspaces(db: Connection): Promise<readonly Pick<WorkspaceRow, "id" | "name">[]> {
  return db.selectFrom("workspaces").select(["id", "name"]).orderBy("name").execute();
}
