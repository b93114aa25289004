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

const RETRY_MS = 25;
const BUSY = 5;

/** Throws DatabaseProblem `locked` where another holds it for longer than `waitMs`. The directory must exist. */
export async function lockDirectory(directory: string, options: { readonly waitMs: number }): Promise<DirectoryLock> {
  const { DatabaseSync } = await import("node:sqlite");
  const deadline = Date.now() + options.waitMs;
  const holderFile = join(directory, "lock-holder");
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
      if (Date.now() >= deadline) throw refusal(directory, holderFile, error);
    }
    await delay(RETRY_MS);
  }
}

function refusal(directory: string, holderFile: string, cause: unknown): DatabaseProblem {
  const holder = `process ${readHolder(holderFile)}`;
  return new DatabaseProblem(
    "locked",
    `The data directory ${directory} is in use by ${holder}, and only one process at a time may open it. ` +
      "Wait until it ends, choose another directory with BIFROST_DATA, or set DATABASE_URL to share one PostgreSQL.",
    { cause },
  );
}

function readHolder(holderFile: string): string {
  try {
    return readFileSync(holderFile, "utf8").trim();
  } catch {
    return "unknown";
  }
}
