// Statements on the table tokens, one a function. What is good is judged by the database's clock.
import { sql, type Insertable, type Selectable } from "kysely";
import type { Connection, TokensTable } from "../schema.ts";

export interface TokenRow extends Omit<Selectable<TokensTable>, "workspace_id"> {
  /** Name of the workspace; null for all. */
  readonly workspace: string | null;
  /** Neither revoked nor expired. */
  readonly is_good: boolean;
  /** Not marked as used within the last minute. */
  readonly is_stale: boolean;
}

const isGood = sql<boolean>`tokens.revoked_at is null and (tokens.expires_at is null or tokens.expires_at > now())`;
const isStale = sql<boolean>`tokens.last_used_at is null or tokens.last_used_at < now() - interval '1 minute'`;

function tokens(db: Connection) {
  return db
    .selectFrom("tokens")
    .leftJoin("workspaces", "workspaces.id", "tokens.workspace_id")
    .select([
      "tokens.id",
      "tokens.name",
      "tokens.secret_hash",
      "tokens.scopes",
      "tokens.created_at",
      "tokens.expires_at",
      "tokens.revoked_at",
      "tokens.last_used_at",
      "workspaces.name as workspace",
      isGood.as("is_good"),
      isStale.as("is_stale"),
    ]);
}

export async function insertToken(db: Connection, row: Insertable<TokensTable>): Promise<Omit<TokenRow, "workspace">> {
  return db
    .insertInto("tokens")
    .values(row)
    .returningAll()
    .returning([isGood.as("is_good"), isStale.as("is_stale")])
    .executeTakeFirstOrThrow();
}

export async function findToken(db: Connection, id: string): Promise<TokenRow | undefined> {
  return tokens(db).where("tokens.id", "=", id).executeTakeFirst();
}

/** Oldest first; of one workspace where its name is given. */
export async function listTokens(db: Connection, workspace?: string): Promise<readonly TokenRow[]> {
  const all = tokens(db).orderBy("tokens.created_at").orderBy("tokens.id");
  return (workspace === undefined ? all : all.where("workspaces.name", "=", workspace)).execute();
}

export async function deleteToken(db: Connection, id: string): Promise<void> {
  await db.deleteFrom("tokens").where("id", "=", id).execute();
}

export async function revokeToken(db: Connection, id: string): Promise<void> {
  await db
    .updateTable("tokens")
    .set({ revoked_at: sql<Date>`now()` })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .execute();
}

/** At most once a minute. */
export async function touchToken(db: Connection, id: string): Promise<void> {
  await db
    .updateTable("tokens")
    .set({ last_used_at: sql<Date>`now()` })
    .where("id", "=", id)
    .where(isStale)
    .execute();
}
