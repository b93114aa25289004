// One process at a time in a data directory: PGlite loses data without a word where two share one.
// The lock is SQLite's own on a small file: a second process is refused at once, and the kernel frees it with its
// holder, however that ends. (A pid file or a listening socket stays after a crash and lets two recoverers both win.)
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DatabaseProblem } from "./problem.ts";

export interface DirectoryLock {
  release(): void;
}

/** A connection that nobody refers to is closed by the garbage collector, and its lock with it, under an open database. */
const held = new Set<object>();

const HOLDER_FILE = "lock-holder";
const RETRY_MS = 25;
const BUSY = 5;

/** Says where whoever holds the directory can be asked instead of it, to those who are refused. Only for the holder; gone with its hold. */
export function tellHolder(directory: string, url: string): void {
  writeFileSync(join(directory, HOLDER_FILE), `${process.pid}\n${url}\n`, { mode: 0o600 });
}

/** Throws DatabaseProblem `locked` where another holds it for longer than `waitMs`. The directory must exist. */
export async function lockDirectory(directory: string, options: { readonly waitMs: number }): Promise<DirectoryLock> {
  const { DatabaseSync } = await import("node:sqlite");
  const deadline = Date.now() + options.waitMs;
  const holderFile = join(directory, HOLDER_FILE);
  for (;;) {
    const file = new DatabaseSync(join(directory, "lock"), { timeout: 0 });
    try {
      file.exec("BEGIN EXCLUSIVE");
      // Only for the message of whoever is refused; the lock itself does not depend on it.
      writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
      held.add(file);
      return {
        release() {
          if (held.delete(file)) file.close();
        },
      };
    } catch (error) {
      file.close();
      if ((error as { errcode?: unknown }).errcode !== BUSY) throw error;
      const holder = readHolder(holderFile);
      // A service stays.
      if (Date.now() >= deadline || holder.url !== undefined) throw refusal(directory, holder, error);
    }
    await delay(RETRY_MS);
  }
}

interface Holder {
  readonly pid: string;
  /** Of one that can be asked. */
  readonly url: string | undefined;
}

function refusal(directory: string, { pid, url }: Holder, cause: unknown): DatabaseProblem {
  const instead =
    url === undefined
      ? "Wait until it ends, choose another directory with BIFROST_DATA, or set DATABASE_URL to share one PostgreSQL."
      : `It serves what is in there at ${url}: ask it with --url ${url}, as in run-workflow --url ${url} …, or end it first.`;
  return new DatabaseProblem("locked", `The data directory ${directory} is in use by process ${pid}, and only one process at a time may open it. ${instead}`, {
    cause,
  });
}

/** A holder that ended without a word may have left its address: then the lock is free, and nobody reads it. */
function readHolder(holderFile: string): Holder {
  try {
    const [pid = "unknown", url = ""] = readFileSync(holderFile, "utf8").split("\n");
    return { pid, url: url === "" ? undefined : url };
  } catch {
    return { pid: "unknown", url: undefined };
  }
}
