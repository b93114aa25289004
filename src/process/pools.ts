// The processes of one executor host: children that run author code, and those that transpile it.
import { join } from "node:path";
import { existsSync } from "node:fs";
import type { LoadedModule } from "../modules/loaded-module.ts";
import { ChildHandle } from "./child-handle.ts";
import { ChildPool } from "./child-pool.ts";
import { createTranspilePool, type TranspilePool } from "./transpile-pool.ts";

export interface PoolOptions {
  /** How many executions run at once. */
  readonly processes: number;
  /** Children kept ready beside those in use. */
  readonly spares: number;
  /** Whether every child makes a room with zod ahead from its start: for hosts that live long. */
  readonly zodAhead: boolean;
  readonly cacheDirectory: string;
}

export interface Pools {
  readonly children: ChildPool;
  readonly compile: (requests: Parameters<TranspilePool["compile"]>[0]) => Promise<readonly LoadedModule[]>;
  close(): Promise<void>;
}

const DEFAULT_MEMORY_MB = 128;
const MAX_RUNS = 500;
const MAX_WAIT_MS = 60_000;
const ROOT = join(import.meta.dirname, "..", "..");

export function openPools({ processes, spares, zodAhead, cacheDirectory }: PoolOptions): Pools {
  const options = { memoryMb: DEFAULT_MEMORY_MB, zodAhead, cacheDirectory: roomCacheDirectory(cacheDirectory), compileCache: join(cacheDirectory, "node") };
  const children = new ChildPool({ size: processes, spares, maxRuns: MAX_RUNS, maxWaitMs: MAX_WAIT_MS, start: () => new ChildHandle(options) });
  const transpile = createTranspilePool({ cacheDirectory: join(cacheDirectory, "node") });
  return {
    children,
    async compile(requests) {
      const outcomes = await transpile.compile(requests);
      return outcomes.map((outcome) => ("ok" in outcome ? { compiled: outcome.ok } : outcome));
    },
    async close() {
      await Promise.all([children.close(), transpile.close()]);
    },
  };
}

/** A checkout keeps what it builds beside its dependencies, so that a change of its files is its own affair. */
function roomCacheDirectory(cacheDirectory: string): string {
  const modules = join(ROOT, "node_modules");
  return existsSync(join(ROOT, "sandbox", "bootstrap.ts")) && existsSync(modules)
    ? join(modules, ".cache", "bifrost-executor", "room")
    : join(cacheDirectory, "room");
}
