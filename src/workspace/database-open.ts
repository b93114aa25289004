// Opens the database that the configuration names, with a schema this release knows. What db/ and the drivers report comes
// out as Faults. Loads kysely and a driver: import it only where a database is used.
import { openEmbedded } from "../../db/embedded.ts";
import { migrateToLatest, requireCurrentSchema } from "../../db/migrate.ts";
import type { OpenDatabase } from "../../db/open-database.ts";
import { describePostgres, openPostgres } from "../../db/postgres.ts";
import { DatabaseProblem } from "../../db/problem.ts";
import { Fault } from "../errors.ts";
import { databaseFault } from "./database-faults.ts";

export type DatabasePlace =
  /** PostgreSQL. */
  | { readonly url: string; readonly connections?: number }
  /** The embedded database; `waitMs`: how long to wait for another process to leave the directory. */
  | { readonly directory: string; readonly waitMs?: number };

export interface OpenDatabaseOptions {
  /**
   * `check` (default for PostgreSQL): refuse a schema that is not this release's. `apply` (default for the embedded
   * database): bring it up to date; a newer one is refused all the same.
   */
  readonly migrations?: "check" | "apply";
}

export interface ReadyDatabase extends OpenDatabase {
  /** Names of the migrations that opening it has applied. */
  readonly applied: readonly string[];
}

/** Rejects with ERR_DATABASE_UNAVAILABLE or ERR_CONFIG_INVALID. */
export async function openDatabase(place: DatabasePlace, options: OpenDatabaseOptions = {}): Promise<ReadyDatabase> {
  const server = nameOf(place);
  const apply = (options.migrations ?? ("url" in place ? "check" : "apply")) === "apply";
  try {
    const database = "url" in place ? await openPostgres(place.url, place) : await openEmbedded(place.directory, place);
    try {
      if (!apply) await requireCurrentSchema(database.db);
      return { ...database, applied: apply ? await migrateToLatest(database.db) : [] };
    } catch (error) {
      await database.close();
      throw error;
    }
  } catch (error) {
    throw databaseFault(server, error);
  }
}

function nameOf(place: DatabasePlace): string {
  if (!("url" in place)) return place.directory;
  try {
    return describePostgres(place.url);
  } catch (error) {
    if (error instanceof DatabaseProblem) throw new Fault("ERR_CONFIG_INVALID", error.message, { details: { setting: "DATABASE_URL" } });
    throw error;
  }
}
