// Opens executors on what the configuration names: servers, the embedded default, or a plain directory.
import type { Config } from "./config.ts";
import type { Executor } from "./executor.ts";

/** A stored workspace, by name. `create`: makes it (empty) where there is none; else ERR_PATH_NOT_FOUND names those there are. */
export declare function openStored(config: Config, options: { readonly workspace: string; readonly create?: boolean }): Promise<Executor>;

/** Straight from a directory: nothing is stored but compiled code in the cache directory. */
export declare function openDirectory(config: Config, options: { readonly directory: string; readonly workspace?: string }): Promise<Executor>;

/** Migrations, then warming of every workspace (B60). Rejects with the phase that failed. */
export declare function initialise(config: Config): Promise<{ readonly migrations: readonly string[]; readonly workspaces: number; readonly files: number }>;

export class InitialiseFailure extends Error {
  readonly phase: "migrate" | "warm";

  constructor(phase: "migrate" | "warm", cause: unknown) {
    super(`${phase === "migrate" ? "The migration" : "Warming the cache"} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.phase = phase;
  }
}
