// Before services start: migrations, then warming of every workspace (B60). Two at once are safe.
import { listWorkspaces } from "../db/queries/workspaces.ts";
import type { Config } from "./config.ts";
import { openBacking, type Backing } from "./open-stored.ts";
import { warmWorkspace } from "./snapshot/warm.ts";

export interface Initialised {
  /** Names of the migrations applied now. */
  readonly migrations: readonly string[];
  readonly workspaces: number;
  /** How many files can be run or imported and are in the cache now. */
  readonly files: number;
}

export class InitialiseFailure extends Error {
  readonly phase: "migrate" | "warm";

  constructor(phase: "migrate" | "warm", cause: unknown) {
    super(`${phase === "migrate" ? "The migration" : "Warming the cache"} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.phase = phase;
  }
}

/** Rejects with InitialiseFailure, which names the phase. */
export async function initialise(config: Config): Promise<Initialised> {
  const backing = await inPhase("migrate", () => openBacking(config, { migrate: true }));
  try {
    await inPhase("migrate", () => backing.origin.workspace("default", { create: true }));
    return { migrations: backing.migrations, ...(await inPhase("warm", () => warmAll(backing))) };
  } finally {
    await backing.close();
  }
}

async function warmAll({ database, origin, store }: Backing): Promise<Omit<Initialised, "migrations">> {
  const workspaces = await listWorkspaces(database.db);
  let files = 0;
  for (const { id } of workspaces) files += (await warmWorkspace({ workspace: id, origin, store })).count;
  return { workspaces: workspaces.length, files };
}

async function inPhase<T>(phase: "migrate" | "warm", work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new InitialiseFailure(phase, error);
  }
}
