// What an execution holds in Redis, and that it lets go of it (B31). That a killed host's lease runs out is in test/e2e.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { expect, it } from "vitest";
import { leaseKey } from "../../../src/snapshot/redis-keys.ts";
import type { ExecutorParts } from "../../../src/executor.ts";
import { DEFAULT_LIMITS } from "../../../src/limits.ts";
import { workflow } from "../../support/engine.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();

const FILES = {
  "wf.ts": workflow("ctx.log.info('begun'); await new Promise((r) => setTimeout(r, p.waitMs ?? 0)); return 1;"),
  "throws.ts": workflow("throw new Error('no');"),
  "waits.ts": workflow("ctx.log.info('begun'); await new Promise(() => {});"),
  "hungry.ts": workflow("const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(all.length));"),
  "broken.ts": "export default ((;",
  "lonely.ts": "import './nobody';",
};

async function leases(id: string): Promise<string[]> {
  return await world.redis.keys(`bifrost:{${id}}:exec:*`);
}

it("B31: nothing of an execution is left in Redis after success, failure, time limit, memory limit, cancellation, a link error and a missing file", async () => {
  const harness = await world.harness({ files: FILES });
  const { id } = harness.executor.workspace;
  const cancelled = new AbortController();
  const ends = [
    harness.run("wf.ts"),
    harness.run("throws.ts"),
    harness.run("waits.ts", {}, { timeoutMs: 100 }),
    harness.run("hungry.ts", {}, { memoryMb: 16 }),
    harness.run("waits.ts", {}, { signal: cancelled.signal, onLog: () => cancelled.abort() }),
    harness.run("broken.ts"),
    harness.run("lonely.ts"),
    harness.run("wf.ts", {}, { dryRun: true }),
    harness.run("nowhere.ts").catch((error: { code: string }) => ({ status: error.code })),
  ];
  await harness.executor.settled();
  expect((await Promise.all(ends)).map(({ status }) => status)).toEqual([
    "Success",
    "Failed",
    "Timeout",
    "Failed",
    "Cancelled",
    "Failed",
    "Failed",
    "Success",
    "ERR_PATH_NOT_FOUND",
  ]);
  expect(await leases(id)).toEqual([]);
  expect((await world.redis.keys(`bifrost:{${id}}:*`)).filter((key) => !/:module:(head|index|content|compiled|tree|snapshot)/.test(key))).toEqual([]);
}, 60_000);

it("B31: a lease is there while the execution lasts, is taken again when it was lost, outlives its own time, and is gone afterwards", async () => {
  const leaseMs = 300;
  const host = await world.host(randomUUID(), () => ({ leaseMs }) satisfies Partial<ExecutorParts>);
  await host.write(FILES);
  const id = randomUUIDv7();
  const key = leaseKey(host.workspace.id, id);
  const begun = Promise.withResolvers<void>();
  const stop = new AbortController();
  const running = host.run("waits.ts", "{}", { id, signal: stop.signal, onLog: () => begun.resolve() });
  await begun.promise;
  expect(await world.redis.pttl(key)).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 4 * leaseMs));
  await expect.poll(() => world.redis.exists(key)).toBe(1);
  await world.redis.del(key);
  await expect.poll(() => world.redis.exists(key)).toBe(1);
  stop.abort();
  expect((await running).status).toBe("Cancelled");
  expect(await leases(host.workspace.id)).toEqual([]);
});

it("B31: a lease is taken for a run without a time limit as well, and outlives a missed renewal", async () => {
  const harness = await world.harness({ files: FILES });
  const begun = Promise.withResolvers<void>();
  const stop = new AbortController();
  const running = harness.run("waits.ts", {}, { timeoutMs: 0, signal: stop.signal, onLog: () => begun.resolve() });
  await begun.promise;
  await harness.executor.settled();
  const [key = ""] = await leases(harness.executor.workspace.id);
  expect(await world.redis.pttl(key)).toBeGreaterThan(30_000);
  stop.abort();
  await running;
});

it("B31: what a pin has taken is given back when the snapshot cannot be had", async () => {
  const harness = await world.harness({ files: FILES });
  const { id: workspace } = harness.executor.workspace;
  const id = randomUUIDv7();
  const lost = `s1-${"0".repeat(64)}`;
  await world.rows(
    "insert into executions (id, workspace_id, workflow, snapshot_id, status, input, started_at) values ($1, $2, 'wf.ts::default', $3, 'Running', '{}', now())",
    [id, workspace, lost],
  );
  await expect(harness.run("wf.ts", {}, { id })).rejects.toMatchObject({ code: "ERR_CACHE_INCONSISTENT" });
  await harness.executor.settled();
  expect(await leases(workspace)).toEqual([]);
});

it("B31: forty executions at once leave no lease", async () => {
  const harness = await world.harness({ files: FILES });
  await harness.executor.settled();
  await Promise.all(Array.from({ length: 40 }, () => harness.run("wf.ts", {}, { timeoutMs: DEFAULT_LIMITS.wallMs })));
  expect(await leases(harness.executor.workspace.id)).toEqual([]);
});
