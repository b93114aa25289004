// What a warm run asks of Redis and of the compiler, over a real Redis and the embedded database.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharedPools } from "../../src/testing/shared-pools.ts";
import { openCountedWorkspace, type Counts } from "../support/counted-workspace.ts";
import { startRedis } from "../support/servers/redis.ts";
import { sampleGraph } from "./module-graph.ts";

export type { Counts };

export async function countWarmRun(): Promise<Counts> {
  await using redis = await startRedis();
  const directory = mkdtempSync(join(tmpdir(), "bifrost-bench-"));
  try {
    await using workspace = await openCountedWorkspace({ databaseUrl: undefined, redisUrl: redis.url, dataDirectory: join(directory, "data") }, sharedPools());
    const graph = sampleGraph(50);
    await workspace.executor.write(graph.files);
    await workspace.count(graph.entry, `{"n":1}`);
    return await workspace.count(graph.entry, `{"n":1}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
