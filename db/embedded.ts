// The embedded database: PGlite in a directory of its own, behind its node-postgres shim, so that statements and
// values travel as they do with PostgreSQL. One connection: statements of one transaction never mix with others'.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Kysely, PostgresDialect } from "kysely";
import { lockDirectory, type DirectoryLock } from "./directory-lock.ts";
import type { OpenDatabase } from "./open-database.ts";
import type { Database } from "./schema.ts";
import { prepareOften } from "./prepared.ts";
import { typeParsers } from "./wire.ts";

export interface EmbeddedOptions {
  /** How long to wait for another process to leave the directory; 0 refuses at once. */
  readonly waitMs?: number;
}

/**
 * Opens the database in `directory`, which is made with its parents (mode 0700) where it does not exist.
 * Throws DatabaseProblem `locked` where another process has it open.
 */
export async function openEmbedded(directory: string, options: EmbeddedOptions = {}): Promise<OpenDatabase> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(directory, { waitMs: options.waitMs ?? 0 });
  try {
    return await openUnderLock(await initialised(directory), { server: directory, lock });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A database that ends with the process. */
export async function openEmbeddedInMemory(): Promise<OpenDatabase> {
  return openUnderLock("memory://", { server: "memory" });
}

/** A first start takes seconds and can be killed: it happens beside, and only a finished database takes the name. */
async function initialised(directory: string): Promise<string> {
  const data = join(directory, "database");
  if (existsSync(data)) return data;
  const unfinished = join(directory, "database.new");
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const { PGlite } = await import("@electric-sql/pglite");
  const first = await PGlite.create(unfinished);
  await first.close();
  renameSync(unfinished, data);
  return data;
}

async function openUnderLock(data: string, place: { readonly server: string; readonly lock?: DirectoryLock }): Promise<OpenDatabase> {
  const [{ default: pg }, { PGlite }, { createPgConfig }] = await Promise.all([
    import("pg"),
    import("@electric-sql/pglite"),
    import("@electric-sql/pglite/node-postgres"),
  ]);
  const lite = await PGlite.create(data);
  const pool = new pg.Pool(Object.assign(createPgConfig(lite), { max: 1, idleTimeoutMillis: 0, types: typeParsers(pg.types) }));
  pool.on("error", () => undefined);
  pool.on("connect", prepareOften);

  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: async () => pool }) });
  async function closeAll(): Promise<void> {
    await db.destroy();
    if (!pool.ending) await pool.end();
    await lite.close();
    place.lock?.release();
  }
  let closing: Promise<void> | undefined;
  return { db, server: place.server, exclusive: true, close: () => (closing ??= closeAll()) };
}
