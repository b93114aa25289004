// One set of processes for all harnesses of this process: making a harness must cost nothing that a test waits for.
// The children are unreferenced: a test runner that has finished is not kept alive, and they end with it.
import { tmpdir, userInfo } from "node:os";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { openPools, type Pools } from "../process/pools.ts";

let shared: Pools | undefined;

export function sharedPools(): Pools {
  if (shared !== undefined) return shared;
  const processes = Math.max(2, availableParallelism());
  // One child more than runs at once: a run need not wait while the last one's room is replaced.
  shared = openPools({ processes, spares: 2, zodAhead: true, cacheDirectory: join(tmpdir(), `bifrost-executor-${userInfo().uid}`) });
  shared.children.warm();
  return shared;
}

/** Ends them; the next harness starts new ones. */
export async function closeSharedPools(): Promise<void> {
  const closing = shared;
  shared = undefined;
  await closing?.close();
}
