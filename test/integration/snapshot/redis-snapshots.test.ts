import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeHead } from "../../../src/snapshot/head-text.ts";
import { holdLease } from "../../../src/snapshot/lease.ts";
import { createRedisStore } from "../../../src/snapshot/redis-store.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../src/snapshot/snapshot-record.ts";
import { freshRedis } from "../../support/servers/fresh.ts";
import type { Fresh } from "../../support/servers/fresh.ts";
import { startRedis } from "../../support/servers/redis.ts";
import { describeSnapshotContract } from "../../support/snapshot-contract.ts";
import { openScene } from "../../support/snapshot-scene.ts";

const FILES = { "main.ts": "export * from './lib/a';", "lib/a.ts": "export const a: number = 1;" };

describeSnapshotContract("Redis store", async () => {
  const redis = await freshRedis();
  const store = createRedisStore({ url: redis.url });
  return {
    store,
    async dispose() {
      await store.close();
      await redis.drop();
    },
  };
});

describe("snapshots in Redis", () => {
  let fresh: Fresh;
  let client: Redis;
  beforeAll(async () => {
    fresh = await freshRedis();
    client = new Redis(fresh.url);
  });
  afterAll(async () => {
    client.disconnect();
    await fresh.drop();
  });

  it("a warm run makes exactly one round trip: the pin with its lease", async () => {
    const store = createRedisStore({ url: fresh.url });
    const scene = await openScene(store, { name: randomUUID(), files: FILES });
    const executor = scene.executor();
    await executor.seen();
    const before = store.roundTrips;
    const { snapshot } = await executor.snapshots.pin(scene.workspace, { executionId: randomUUID(), ttlMs: 10_000 });
    await executor.load(snapshot, Object.keys(FILES));
    expect(store.roundTrips - before).toBe(1);
    await store.close();
  });

  it("a cold run of 200 modules makes one round trip for the pin, the record, each level of directories, and all modules", async () => {
    const store = createRedisStore({ url: fresh.url });
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`lib/d${at % 9}/m${at}.ts`, `export default ${at};`]));
    const scene = await openScene(store, { name: randomUUID(), files });
    const executor = scene.executor();
    const { snapshot } = await executor.snapshots.pin(scene.workspace);
    const cold = scene.executor();
    const before = store.roundTrips;
    await cold.snapshots.open(scene.workspace, snapshot.id);
    expect(store.roundTrips - before).toBe(1 + 3);
    await cold.load(snapshot, Object.keys(files));
    expect(store.roundTrips - before).toBe(1 + 3 + 1);
    await store.close();
  });

  it("B26: whatever stands in a key of the default workspace, the next run heals or names it", async () => {
    const store = createRedisStore({ url: fresh.url });
    const scene = await openScene(store, { name: "default", files: FILES });
    expect(scene.workspace).toBe(DEFAULT_WORKSPACE_ID);
    const keys = await client.keys("bifrost:module:*");
    for (const key of keys) {
      if (key.includes(":content:")) continue;
      await client.set(key, "{not json");
      expect(await scene.executor().seen()).toEqual(FILES);
      await client.del(key);
      await client.lpush(key, "a list");
      expect(await scene.executor().seen()).toEqual(FILES);
      await client.del(key);
      expect(await scene.executor().seen()).toEqual(FILES);
    }
    expect(keys).toContain("bifrost:module:head");
    await store.close();
  });

  it("B30: with every TTL run out, a run finds all of it in the database", async () => {
    const store = createRedisStore({ url: fresh.url });
    const scene = await openScene(store, { name: randomUUID(), files: FILES });
    for (const key of await client.keys(`bifrost:{${scene.workspace}}:*`)) if ((await client.pttl(key)) > 0) await client.del(key);
    expect(await scene.executor().seen()).toEqual(FILES);
    await store.close();
  });

  it("B29: FLUSHALL while runs go on fails no run", async () => {
    await using redis = await startRedis();
    const own = new Redis(redis.url);
    const store = createRedisStore({ url: redis.url });
    const scene = await openScene(store, { name: randomUUID(), files: FILES });
    const executor = scene.executor();
    for (let at = 0; at < 20; at++) {
      const [, ...seen] = await Promise.all([own.flushall(), executor.seen(), scene.executor().seen(), executor.seen()]);
      expect(seen).toEqual([FILES, FILES, FILES]);
    }
    own.disconnect();
    await store.close();
  });

  it("B31: a lease is held while the execution lasts, taken again when it was lost, and released at its end", async () => {
    const store = createRedisStore({ url: fresh.url });
    const executionId = randomUUID();
    const key = `bifrost:exec:${executionId}:lease`;
    await store.pin(DEFAULT_WORKSPACE_ID, { executionId, ttlMs: 90 });
    {
      await using _lease = holdLease(store, DEFAULT_WORKSPACE_ID, { executionId, ttlMs: 90 });
      await client.del(key);
      await expect.poll(async () => client.exists(key), { timeout: 5000, interval: 5 }).toBe(1);
    }
    expect(await client.exists(key)).toBe(0);
    await store.close();
  });
});

describe("snapshots when Redis goes away", () => {
  it("B27: down at the pin, the run fails with a retryable fault that names Redis; when it is back, the next run works", async () => {
    await using redis = await startRedis();
    const store = createRedisStore({ url: redis.url });
    const scene = await openScene(store, { name: randomUUID(), files: FILES });
    const executor = scene.executor();
    await executor.seen();
    await redis.kill();
    await expect(executor.seen()).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE", retryable: true });
    await expect(Promise.all(Array.from({ length: 5 }, () => executor.seen()))).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE" });
    await redis.start();
    expect(await executor.seen()).toEqual(FILES);
    await store.close();
  });

  it("B28: lost after the pin, what the run still needs comes from the database, and its lease fails nothing", async () => {
    await using redis = await startRedis();
    const store = createRedisStore({ url: redis.url });
    const scene = await openScene(store, { name: randomUUID(), files: FILES });
    const executor = scene.executor();
    const { snapshot } = await executor.snapshots.pin(scene.workspace);
    const notes: string[] = [];
    {
      await using _lease = holdLease(store, scene.workspace, { executionId: randomUUID(), ttlMs: 30, note: (message) => notes.push(message) });
      await redis.kill();
      const cold = scene.executor();
      expect((await cold.snapshots.open(scene.workspace, snapshot.id)).id).toBe(snapshot.id);
      expect(await cold.load(snapshot, Object.keys(FILES))).toMatchObject(Object.values(FILES).map((source) => ({ source })));
      await cold.modules.settled();
      await expect.poll(() => notes.length, { timeout: 5000 }).toBeGreaterThan(0);
    }
    await store.close();
  });

  it("B29a: a Redis that comes back with an old HEAD is not believed", async () => {
    await using redis = await startRedis();
    const store = createRedisStore({ url: redis.url });
    const scene = await openScene(store, { name: randomUUID(), files: { "a.ts": "export default 1;" } });
    const executor = scene.executor();
    const { head, snapshot } = await executor.snapshots.pin(scene.workspace);
    await scene.write({ "a.ts": "export default 2;" });
    expect(await executor.seen()).toEqual({ "a.ts": "export default 2;" });
    await redis.kill();
    await redis.start();
    // What a dump from before the second write would have brought back.
    const dump = new Redis(redis.url);
    await dump.set(`bifrost:{${scene.workspace}}:module:head`, encodeHead(head));
    await dump.hset(`bifrost:{${scene.workspace}}:module:index`, Object.fromEntries(snapshot.files()));
    dump.disconnect();
    // The connection is made anew before the pin, so that the pin itself meets nothing unusual.
    expect(await store.readIndex(scene.workspace)).toEqual(new Map(snapshot.files()));
    expect(await executor.seen()).toEqual({ "a.ts": "export default 2;" });
    expect(await store.pin(scene.workspace)).toMatchObject({ pending: 0 });
    await store.close();
  });

  it("B52: down before the commit, a write is refused as retryable and nothing changes", async () => {
    await using redis = await startRedis();
    const store = createRedisStore({ url: redis.url });
    const scene = await openScene(store, { name: randomUUID(), files: { "a.ts": "export default 1;" } });
    await redis.kill();
    await expect(scene.write({ "a.ts": "export default 2;" })).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE" });
    await redis.start();
    expect(await scene.executor().seen()).toEqual({ "a.ts": "export default 1;" });
    await store.close();
  });
});
