// What a workspace has beside its files: its limits, what it is granted, and how its runs are hosted.
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";

/** What a workspace may have beyond what a room has by default. */
export interface Grants {
  /** `WebAssembly`. */
  readonly webAssembly: boolean;
  /** `eval`, and functions made from text. */
  readonly codeGeneration: boolean;
}

/** `jitless`: V8 makes no machine code, and a room's memory is counted to the byte; several times slower. */
export type Tier = "jit" | "jitless";

export interface WorkspaceSettings {
  /** Upper bounds of every run. */
  readonly limits: Limits;
  readonly grants: Grants;
  readonly tier: Tier;
  /** How many runs of the workspace share one process; one that has to be killed takes the others along. */
  readonly concurrency: number;
}

export const DEFAULT_SETTINGS: WorkspaceSettings = Object.freeze({
  limits: DEFAULT_LIMITS,
  grants: Object.freeze({ webAssembly: false, codeGeneration: false }),
  tier: "jit",
  concurrency: 1,
});
