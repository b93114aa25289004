// Statements on the table config_values, one a function.
import { sql, type Selectable } from "kysely";
import type { ConfigValuesTable, Connection } from "../schema.ts";

export type ConfigRow = Selectable<ConfigValuesTable>;

export async function findConfigValue(db: Connection, workspace: string, key: string): Promise<ConfigRow | undefined> {
  return db.selectFrom("config_values").selectAll().where("workspace_id", "=", workspace).where("key", "=", key).executeTakeFirst();
}

/** As findConfigValue, and keeps others from changing it until the transaction ends. */
export async function lockConfigValue(db: Connection, workspace: string, key: string): Promise<ConfigRow | undefined> {
  return db.selectFrom("config_values").selectAll().where("workspace_id", "=", workspace).where("key", "=", key).forUpdate().executeTakeFirst();
}

export async function listConfigValues(db: Connection, workspace: string): Promise<readonly ConfigRow[]> {
  return db.selectFrom("config_values").selectAll().where("workspace_id", "=", workspace).orderBy("key").execute();
}

/** Undefined where a secret stands under the key. */
export async function upsertValue(
  db: Connection,
  workspace: string,
  { key, value }: Pick<ConfigRow, "key"> & { readonly value: string },
): Promise<ConfigRow | undefined> {
  return db
    .insertInto("config_values")
    .values({ workspace_id: workspace, key, is_secret: false, value })
    .onConflict((conflict) =>
      conflict
        .columns(["workspace_id", "key"])
        .doUpdateSet((known) => ({ value: known.ref("excluded.value"), version: sql<number>`config_values.version + 1`, updated_at: sql<Date>`now()` }))
        .where("config_values.is_secret", "=", false),
    )
    .returningAll()
    .executeTakeFirst();
}

/** Also over a value. `grants` is JSON text; null keeps those of a secret that is there. */
export async function upsertSecret(
  db: Connection,
  workspace: string,
  { key, encrypted, grants }: Pick<ConfigRow, "key"> & { readonly encrypted: string; readonly grants: string | null },
): Promise<ConfigRow> {
  return db
    .insertInto("config_values")
    .values({ workspace_id: workspace, key, is_secret: true, encrypted, granted_to: grants ?? "[]" })
    .onConflict((conflict) =>
      conflict.columns(["workspace_id", "key"]).doUpdateSet({
        is_secret: true,
        value: null,
        encrypted,
        granted_to: grants ?? sql<string>`config_values.granted_to`,
        version: sql<number>`config_values.version + 1`,
        updated_at: sql<Date>`now()`,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** `grants` is JSON text. */
export async function updateGrants(
  db: Connection,
  workspace: string,
  { key, grants }: Pick<ConfigRow, "key"> & { readonly grants: string },
): Promise<ConfigRow | undefined> {
  return db
    .updateTable("config_values")
    .set({ granted_to: grants, version: sql<number>`version + 1`, updated_at: sql<Date>`now()` })
    .where("workspace_id", "=", workspace)
    .where("key", "=", key)
    .returningAll()
    .executeTakeFirst();
}

/** False where there is none. */
export async function deleteConfigValue(db: Connection, workspace: string, key: string): Promise<boolean> {
  const result = await db.deleteFrom("config_values").where("workspace_id", "=", workspace).where("key", "=", key).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

export interface SecretRow {
  readonly workspace_id: string;
  readonly workspace: string;
  readonly key: string;
  readonly encrypted: string;
}

/** Secrets of all workspaces in the order of workspace and key, those after the one given. */
export async function listSecrets(db: Connection, after: Pick<SecretRow, "workspace_id" | "key"> | undefined, most: number): Promise<readonly SecretRow[]> {
  let query = db
    .selectFrom("config_values")
    .innerJoin("workspaces", "workspaces.id", "config_values.workspace_id")
    .select(["config_values.workspace_id", "workspaces.name as workspace", "config_values.key", "config_values.encrypted"])
    .where("config_values.is_secret", "=", true)
    .$narrowType<{ encrypted: string }>();
  if (after !== undefined) query = query.where(sql<boolean>`(config_values.workspace_id, config_values.key) > (${after.workspace_id}::uuid, ${after.key})`);
  return query.orderBy("config_values.workspace_id").orderBy("config_values.key").limit(most).execute();
}

/** The same secret, encrypted anew: no new version. False where it was changed or removed meanwhile. */
export async function replaceEncrypted(db: Connection, row: Pick<SecretRow, "workspace_id" | "key" | "encrypted">, encrypted: string): Promise<boolean> {
  const result = await db
    .updateTable("config_values")
    .set({ encrypted })
    .where("workspace_id", "=", row.workspace_id)
    .where("key", "=", row.key)
    .where("encrypted", "=", row.encrypted)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
