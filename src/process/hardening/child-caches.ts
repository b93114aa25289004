// What a child needs built before it starts: the room's scripts with their code caches, and Node's compile cache.
// A child only ever reads them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LayerPlan } from "./layers.ts";

export interface ChildCachesOptions {
  readonly cacheDirectory: string;
  readonly tier: "jit" | "jitless";
  readonly layers: LayerPlan;
}

export interface ChildCaches {
  /** For the child's "setup" message. */
  readonly room: string;
  /** For `startChild`; undefined where none can be kept. */
  readonly compile: string | undefined;
}

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Builds what is lacking, in a process of its own that is waited for: some hundred milliseconds the first time, ever after a look at one file. */
export function childCaches({ cacheDirectory }: ChildCachesOptions): ChildCaches {
  const modules = join(ROOT, "node_modules");
  const room =
    existsSync(join(ROOT, "sandbox", "bootstrap.ts")) && existsSync(modules)
      ? join(modules, ".cache", "bifrost-executor", "room")
      : join(cacheDirectory, "room");
  return { room, compile: join(cacheDirectory, "node") };
}
