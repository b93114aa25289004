// Brings a database to the schema this release knows, and says how the two stand. Safe to run many at once: kysely's
// migrator holds an advisory lock, and each migration is a transaction.
import { sql, type Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import { MIGRATIONS } from "./migrations/all.ts";
import { DatabaseProblem } from "./problem.ts";
import type { Database } from "./schema.ts";

const TABLE = "kysely_migration";
const UNDEFINED_TABLE = "42P01";

export interface SchemaState {
  /** `newer`: the database has migrations that this release does not know; `behind`: it lacks some that this release has. */
  readonly state: "current" | "behind" | "newer";
  readonly applied: readonly string[];
  /** Known here, not applied there. */
  readonly missing: readonly string[];
  /** Applied there, not known here. */
  readonly unknown: readonly string[];
}

/** One query; changes nothing. */
export async function schemaState(db: Kysely<Database>): Promise<SchemaState> {
  const applied = await appliedMigrations(db);
  const known = Object.keys(MIGRATIONS);
  const missing = known.filter((name) => !applied.includes(name));
  const unknown = applied.filter((name) => !known.includes(name));
  return { state: unknown.length > 0 ? "newer" : missing.length > 0 ? "behind" : "current", applied, missing, unknown };
}

/** Throws DatabaseProblem unless the schema is exactly the one this release was made for. */
export async function requireCurrentSchema(db: Kysely<Database>): Promise<void> {
  const found = await schemaState(db);
  if (found.state === "newer") throw newer(found);
  if (found.state === "behind") {
    throw new DatabaseProblem("schema_behind", `The database lacks the migrations ${found.missing.join(", ")}. Run \`bifrost-executor init\` against it.`);
  }
}

/** Applies what is missing and returns the names applied by this call. Throws DatabaseProblem for a schema newer than this release. */
export async function migrateToLatest(db: Kysely<Database>): Promise<readonly string[]> {
  const found = await schemaState(db);
  if (found.state === "current") return [];
  if (found.state === "newer") throw newer(found);

  return db.connection().execute(async (connection) => {
    // Waiting for another migrator, and a migration itself, may take longer than any statement of a run should.
    await sql`set statement_timeout = 0`.execute(connection);
    try {
      const migrator = new Migrator({ db: connection, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
      const { error, results = [] } = await migrator.migrateToLatest();
      if (error !== undefined) throw error as Error;
      return results.map((result) => result.migrationName);
    } finally {
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}

async function appliedMigrations(db: Kysely<Database>): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`select name from ${sql.table(TABLE)} order by name`.execute(db);
    return rows.map((row) => row.name);
  } catch (error) {
    if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return [];
    throw error;
  }
}

function newer(found: SchemaState): DatabaseProblem {
  const unknown = found.unknown.join(", ");
  return new DatabaseProblem(
    "schema_newer",
    `The database has migrations that this release does not know: ${unknown}. Use the release that made them, or a later one; this one would misread the data.`,
  );
}
