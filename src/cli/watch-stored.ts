// Changes of a stored workspace, found by looking at its files' hashes: on servers now and then, in the embedded
// database whenever another process has had it open, since only one can at a time.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config.ts";
import type { Executor } from "../executor.ts";
import type { Changes } from "./changes.ts";

const EVERY_MS = 500;

export interface StoredWatch {
  readonly workspace: string;
  readonly signal: AbortSignal;
}

/** Keeps a connection of its own. */
export async function watchServers(config: Config, { workspace, signal }: StoredWatch): Promise<Changes> {
  const executor = await open(config, workspace);
  let seen = await fingerprint(executor);
  return {
    duringRuns: true,
    async next() {
      seen = await changedFrom(seen, { look: () => fingerprint(executor), signal });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(executor[Symbol.asyncDispose]()),
  };
}

/** Holds nothing open: else no other process could write. */
export async function watchEmbedded(config: Config, { workspace, signal }: StoredWatch): Promise<Changes> {
  const look = async (): Promise<string> => {
    await using executor = await open(config, workspace);
    return await fingerprint(executor);
  };
  // Every process that opens the database leaves its number there (db/directory-lock.ts): while it is ours, nobody else can have written.
  const isOurs = (): boolean => readFileSync(join(config.dataDirectory, "lock-holder"), "utf8").trim() === String(process.pid);
  let seen = await look();
  return {
    duringRuns: false,
    async next() {
      seen = await changedFrom(seen, { look: async () => (isOurs() ? seen : look()), signal });
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface Looking {
  readonly look: () => Promise<string>;
  readonly signal: AbortSignal;
}

/** What is seen when it is no longer `before`, or `before` when interrupted. A look that fails is taken again. */
export async function changedFrom(before: string, { look, signal }: Looking): Promise<string> {
  while (!signal.aborted) {
    const now = await look().catch(() => before);
    if (now !== before) return now;
    await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return before;
}

async function open(config: Config, workspace: string): Promise<Executor> {
  const { openStored } = await import("../open.ts");
  return openStored(config, { workspace });
}

async function fingerprint(executor: Executor): Promise<string> {
  return (await executor.files()).map(({ path, hash }) => `${path} ${hash}`).join("\n");
}
