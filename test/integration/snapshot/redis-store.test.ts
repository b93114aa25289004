import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../src/snapshot/snapshot-record.ts";
import { createRedisStore } from "../../../src/snapshot/redis-store.ts";
import type { SnapshotStore } from "../../../src/snapshot/store.ts";
import { freshRedis } from "../../support/servers/fresh.ts";
import type { Fresh } from "../../support/servers/fresh.ts";
import { startRedis } from "../../support/servers/redis.ts";
import { describeStoreContract, headAt } from "../../support/store-contract.ts";

const NO_CHANGE = { baseVersion: -1, set: new Map(), removed: new Set<never>(), full: async () => new Map() };

describeStoreContract("Redis store", async () => {
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

describe("the Redis store's keys", () => {
  let fresh: Fresh;
  let client: Redis;
  let store: SnapshotStore;
  beforeAll(async () => {
    fresh = await freshRedis();
    client = new Redis(fresh.url);
    store = createRedisStore({ url: fresh.url, blobTtlMs: 100_000 });
  });
  afterAll(async () => {
    await store.close();
    client.disconnect();
    await fresh.drop();
  });

  it("are bifrost:module:… for the default workspace, and bifrost:{id}:module:… for another", async () => {
    const other = randomUUID();
    for (const workspace of [DEFAULT_WORKSPACE_ID, other]) {
      await store.publish(workspace, headAt(1), { ...NO_CHANGE, full: async () => new Map([["a.ts", "h"]]) as never });
      await store.markPending(workspace, 2);
      await store.putBlobs(
        workspace,
        (["content", "compiled", "tree", "snapshot"] as const).map((kind) => ({ kind, id: "x", bytes: Buffer.from("x") })),
      );
      await store.pin(workspace, { executionId: "e1", ttlMs: 50_000 });
    }
    const names = ["head", "pending", "index", "content:x", "compiled:x", "tree:x", "snapshot:x"].map((name) => `module:${name}`).concat("exec:e1:lease");
    const expected = ["bifrost:", `bifrost:{${other}}:`].flatMap((prefix) => names.map((name) => `${prefix}${name}`));
    expect((await client.keys("*")).toSorted()).toEqual(expected.toSorted());
    expect(JSON.parse((await client.get("bifrost:module:head"))!)).toEqual(headAt(1));
    expect(await client.hgetall("bifrost:module:index")).toEqual({ "a.ts": "h" });
  });

  it("B30: HEAD and index have no TTL; a blob's is renewed when it is read", async () => {
    const workspace = randomUUID();
    const prefix = `bifrost:{${workspace}}:module:`;
    await store.publish(workspace, headAt(1), { ...NO_CHANGE, full: async () => new Map([["a.ts", "h"]]) as never });
    await store.putBlobs(workspace, [{ kind: "content", id: "x", bytes: Buffer.from("x") }]);
    expect([await client.pttl(`${prefix}head`), await client.pttl(`${prefix}index`)]).toEqual([-1, -1]);
    await client.pexpire(`${prefix}content:x`, 5000);
    await store.getBlobs(workspace, [{ kind: "content", id: "x" }]);
    expect(await client.pttl(`${prefix}content:x`)).toBeGreaterThan(5000);
  });

  it("B31: a lease ends by itself after its time, and is gone at once when it is released", async () => {
    const key = "bifrost:exec:e2:lease";
    await store.pin(DEFAULT_WORKSPACE_ID, { executionId: "e2", ttlMs: 50_000 });
    expect(await client.pttl(key)).toBeGreaterThan(0);
    await client.del(key);
    await store.renewLease(DEFAULT_WORKSPACE_ID, { executionId: "e2", ttlMs: 50_000 });
    expect(await client.pttl(key)).toBeGreaterThan(0);
    await store.releaseLease(DEFAULT_WORKSPACE_ID, "e2");
    expect(await client.exists(key)).toBe(0);
  });

  it("B26: a key of another Redis type reads as absent and is replaced by the next write", async () => {
    const workspace = randomUUID();
    const prefix = `bifrost:{${workspace}}:module:`;
    await client.rpush(`${prefix}head`, "x");
    await client.set(`${prefix}index`, "x");
    await client.sadd(`${prefix}content:x`, "x");
    const blob = { kind: "content", id: "x" } as const;
    expect(await store.pin(workspace)).toEqual({ head: undefined, pending: 0 });
    expect(await store.readIndex(workspace)).toBeUndefined();
    expect(await store.getBlobs(workspace, [blob])).toEqual([undefined]);
    await store.publish(workspace, headAt(1), { ...NO_CHANGE, full: async () => new Map([["a.ts", "h"]]) as never });
    await store.putBlobs(workspace, [{ ...blob, bytes: Buffer.from("x") }]);
    expect((await store.pin(workspace)).head).toBeDefined();
    expect(await store.readIndex(workspace)).toEqual(new Map([["a.ts", "h"]]));
    expect(await store.getBlobs(workspace, [blob])).toEqual([Buffer.from("x")]);
  });

  it("B26: a HEAD that does not parse counts as absent for publishing", async () => {
    for (const text of ["", "{", '{"version":"9"}', '{"version":9,"snapshotId":"s1-x"}', "[]", `{"version":1e3,"snapshotId":"${headAt(1).snapshotId}"}`]) {
      const workspace = randomUUID();
      await client.set(`bifrost:{${workspace}}:module:head`, text);
      expect(await store.publish(workspace, headAt(1), NO_CHANGE)).toBe(true);
      expect((await store.pin(workspace)).head).toBe(JSON.stringify(headAt(1)));
    }
  });

  it("B26: an unreadable pending mark stands above every HEAD until it is cleared", async () => {
    const workspace = randomUUID();
    await client.set(`bifrost:{${workspace}}:module:pending`, "soon");
    await store.publish(workspace, headAt(1), NO_CHANGE);
    const { pending } = await store.pin(workspace);
    expect(pending).toBeGreaterThan(1);
    await store.clearPending(workspace, pending);
    expect((await store.pin(workspace)).pending).toBe(0);
  });

  it("sends one request for a pin with its lease, for 1,000 blobs read, and for a publish", async () => {
    const workspace = randomUUID();
    const blobs = Array.from({ length: 1000 }, (_, at) => ({ kind: "content" as const, id: `${at}`, bytes: Buffer.from(`${at}`) }));
    await store.pin(workspace);
    const requests = async (work: () => Promise<unknown>): Promise<number> => {
      const before = store.roundTrips;
      await work();
      return store.roundTrips - before;
    };
    expect(await requests(() => store.pin(workspace, { executionId: "e3", ttlMs: 1000 }))).toBe(1);
    expect(await requests(() => store.putBlobs(workspace, blobs))).toBe(1);
    expect(await requests(() => store.getBlobs(workspace, blobs))).toBe(1);
    await store.publish(workspace, headAt(1), { ...NO_CHANGE, full: async () => new Map([["a.ts", "h"]]) as never });
    expect(await requests(() => store.publish(workspace, headAt(2), { ...NO_CHANGE, baseVersion: 1 }))).toBe(1);
  });

  it("works on when the server has forgotten its scripts", async () => {
    const workspace = randomUUID();
    await store.pin(workspace);
    await client.script("FLUSH");
    expect(await store.pin(workspace)).toEqual({ head: undefined, pending: 0 });
  });
});

describe("the Redis store in an outage", () => {
  it("B27: a Redis that was never there is named, without the password, as retryable", async () => {
    await using redis = await startRedis();
    await redis.stop();
    const url = new URL(redis.url);
    url.password = "a-secret";
    const store = createRedisStore({ url: url.href });
    const fault = await store.pin(randomUUID()).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ code: "ERR_REDIS_UNAVAILABLE", retryable: true });
    expect((fault as Fault).message).toContain(url.host);
    expect(`${(fault as Fault).stack} ${JSON.stringify(fault)}`).not.toContain("a-secret");
    await store.close();
  });

  it("B27: a wrong password is told by the server's answer and never shown", async () => {
    await using redis = await startRedis({ settings: ["--requirepass", "right-secret"] }).catch(() => startRedis());
    const url = new URL(redis.url);
    url.password = "wrong-secret";
    url.username = "nobody";
    const store = createRedisStore({ url: url.href });
    const fault = (await store.pin(randomUUID()).catch((error: unknown) => error)) as Fault;
    expect(fault.code).toBe("ERR_REDIS_UNAVAILABLE");
    expect(fault.message).toMatch(/WRONGPASS|NOAUTH/);
    expect(`${fault.stack} ${JSON.stringify(fault)} ${String(fault.cause)}`).not.toContain("secret");
    await store.close();
  });

  it("fails in bounded time while the server hangs or is gone, works when it is back, and counts the connection", async () => {
    await using redis = await startRedis();
    const workspace = randomUUID();
    const store = createRedisStore({ url: redis.url, commandTimeoutMs: 200, connectTimeoutMs: 200 });
    await store.publish(workspace, headAt(1), NO_CHANGE);
    const epoch = store.connectionEpoch;
    await redis.pause();
    await expect(store.pin(workspace)).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE" });
    await expect(store.pin(workspace)).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE" });
    await redis.resume();
    expect((await store.pin(workspace)).head).toBeDefined();
    expect(store.connectionEpoch).toBeGreaterThan(epoch);
    const before = store.connectionEpoch;
    await redis.kill();
    await expect(store.pin(workspace)).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE" });
    await expect(store.getBlobs(workspace, [{ kind: "content", id: "x" }])).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE" });
    await redis.start();
    expect(await store.pin(workspace)).toEqual({ head: undefined, pending: 0 });
    expect(store.connectionEpoch).toBeGreaterThan(before);
    await store.close();
    await expect(store.pin(workspace)).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE" });
  });

  it("a request whose connection breaks is sent again on a new one", async () => {
    await using redis = await startRedis();
    const store = createRedisStore({ url: redis.url });
    const client = new Redis(redis.url);
    await store.pin(randomUUID());
    await client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    expect(await store.pin(randomUUID())).toEqual({ head: undefined, pending: 0 });
    client.disconnect();
    await store.close();
  });

  it("a full Redis refuses a write by name, and reads go on", async () => {
    await using redis = await startRedis({ settings: ["--maxmemory", "3mb"] });
    const store = createRedisStore({ url: redis.url });
    const blobs = Array.from({ length: 8 }, (_, at) => ({ kind: "content" as const, id: `${at}`, bytes: Buffer.alloc(1_000_000) }));
    await expect(store.putBlobs(randomUUID(), blobs)).rejects.toMatchObject({
      code: "ERR_REDIS_UNAVAILABLE",
      message: expect.stringContaining("OOM") as string,
    });
    await store.close();
  });

  it("refuses a URL that is none, and does not repeat it", () => {
    expect(() => createRedisStore({ url: "http://user:a-secret@host" })).toThrow(expect.objectContaining({ code: "ERR_CONFIG_INVALID" }));
    expect(() => createRedisStore({ url: "redis//a-secret" })).toThrow(/REDIS_URL cannot be used: it is not a URL/);
  });
});
