// Which execution executed another. No reference to its row: that may be swept first, or never have been kept.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table executions add column parent_id uuid`.execute(db);
}

export const nestedExecutions: Migration = { up };
