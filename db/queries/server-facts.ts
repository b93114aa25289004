// What a database server says of itself, one statement.
import { sql } from "kysely";
import type { Connection } from "../schema.ts";

export interface ServerFacts {
  readonly version: string;
  /** Milliseconds since 1970, by its clock. */
  readonly now: number;
  readonly maxConnections: number;
}

export async function readServerFacts(db: Connection): Promise<ServerFacts> {
  const { rows } = await sql<{ version: string; now: string; connections: string }>`
    select current_setting('server_version') as version,
      (extract(epoch from clock_timestamp()) * 1000)::text as now,
      current_setting('max_connections') as connections`.execute(db);
  const { version = "unknown", now = "0", connections = "0" } = rows[0] ?? {};
  return { version, now: Number(now), maxConnections: Number(connections) };
}
