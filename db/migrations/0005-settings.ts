// A workspace's own settings, as one JSON object of those that were set. The release before this one goes on reading the
// three columns that it knows; what an operator changed in them by hand is taken over.
import { sql, type Kysely, type Migration } from "./migration.ts";

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table workspaces add column settings json not null default '{}'`.execute(db);
  await sql`
    update workspaces set settings = json_strip_nulls(json_build_object(
      'wallMs', nullif(wall_ms, 300000), 'cpuMs', nullif(cpu_ms, 60000), 'memoryBytes', nullif(memory_bytes, 134217728)))
    where wall_ms <> 300000 or cpu_ms <> 60000 or memory_bytes <> 134217728`.execute(db);
}

export const settings: Migration = { up };
