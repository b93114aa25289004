// PostgreSQL through pg.Pool. Knows time limits and how to name a server; knows nothing of tables.
import { Kysely, PostgresDialect } from "kysely";
import type { OpenDatabase } from "./open-database.ts";
import { DatabaseProblem } from "./problem.ts";
import type { Database } from "./schema.ts";
import { typeParsers } from "./wire.ts";

export interface PostgresOptions {
  /** Connections at most. */
  readonly connections?: number;
  readonly connectTimeoutMs?: number;
  /** How long the server works on one statement, lock waits included. */
  readonly statementTimeoutMs?: number;
  /** Told of connections lost while no statement was under way, maybe twice: for the log. The next statement on one fails, the pool replaces it. */
  readonly onConnectionError?: (error: Error) => void;
}

/** Past the server's own limit by this much, the connection counts as dead: the server is gone without a word. */
const SILENCE_MS = 5_000;

/** Opens a pool; connects only when the first query is made. `url`: `postgres://user:password@host:port/database`. */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<OpenDatabase> {
  const server = describePostgres(url);
  const { default: pg } = await import("pg");
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    application_name: "bifrost-executor",
    types: typeParsers(pg.types),
    ...(statementTimeoutMs > 0 ? { query_timeout: statementTimeoutMs + SILENCE_MS } : {}),
  });
  // Without listeners a server that stops would end this process: the pool's hears idle connections, each connection's own
  // the ones that are taken but have no statement under way, as between the statements of a transaction.
  const heard = (error: Error): void => options.onConnectionError?.(error);
  pool.on("error", heard);
  pool.on("connect", (client) => void client.on("error", heard));

  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: async () => pool }) });
  let closing: Promise<void> | undefined;
  return {
    db,
    server,
    exclusive: false,
    close: () => (closing ??= db.destroy().then(() => (pool.ended ? undefined : pool.end()))),
  };
}

/** `host:port/database`, without user or password. Throws DatabaseProblem where `url` is no PostgreSQL address. */
export function describePostgres(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !["postgres:", "postgresql:"].includes(parsed.protocol)) {
    throw new DatabaseProblem("address_invalid", "DATABASE_URL is not an address of the form postgres://user:password@host:port/database.");
  }
  const host = parsed.searchParams.get("host") ?? decodeURIComponent(parsed.hostname);
  const place = host === "" ? "localhost" : host;
  return `${place}:${parsed.port === "" ? "5432" : parsed.port}${parsed.pathname}`;
}
