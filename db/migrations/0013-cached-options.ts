// For how long what a data provider returned may be given again; null where nothing is said.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table workflows add column cache_ms bigint`.execute(db);
}

export const cachedOptions: Migration = { up };
