// What a workflow's author says of trying it again; null where nothing is said.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table workflows add column retry json`.execute(db);
}

export const retry: Migration = { up };
