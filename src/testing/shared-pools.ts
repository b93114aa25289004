// One set of processes for all harnesses of this process: making a harness must cost nothing that a test waits for.
// The children are unreferenced: a test runner that has finished is not kept alive, and they end with it.
import { availableParallelism } from "node:os";
import { readConfig } from "../config.ts";
import { openPools, type Pools } from "../process/pools.ts";

let shared: Pools | undefined;

export function sharedPools(): Pools {
  if (shared !== undefined) return shared;
  const processes = Math.max(2, availableParallelism());
  // More children than runs at once: a run need not wait while the last one's room is replaced.
  const { cacheDirectory, required } = readConfig();
  shared = openPools({ processes, spares: 2, zodAhead: true, cacheDirectory, required });
  shared.children("jit").warm();
  return shared;
}

/** Resolves once they are at rest: every room that a run has used up is replaced. For measuring. */
export async function settledProcesses(): Promise<void> {
  await shared?.children("jit").settled();
}

/** Ends them; the next harness starts new ones. */
export async function closeSharedPools(): Promise<void> {
  const closing = shared;
  shared = undefined;
  await closing?.close();
}
