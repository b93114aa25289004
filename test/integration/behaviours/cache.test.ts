// What runs do about a cache that is wrong, empty or gone (B24 to B26, B29a, B30, B40 to B43), over a real Redis and a
// real PostgreSQL. A host that has a module in memory does not read it again, so each look is a new host's.
import { createHash, randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { expect, it } from "vitest";
import { blobKey, headKey, indexKey, pendingKey } from "../../../src/snapshot/redis-keys.ts";
import type { Execution, Harness } from "../../../src/testing/index.ts";
import { workflow } from "../../support/engine.ts";
import { storeWith, useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();

const LIB = "export const value: string = 'sound';";
const FILES = { "wf.ts": workflow("return value;", `import { value } from "./lib/value";`), "lib/value.ts": LIB };
const LIB_HASH = createHash("sha256").update(LIB).digest("hex");

/** Written by a host that is gone since. */
async function stored(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly name: string; readonly id: string; key(kind: "content" | "compiled", id: string): string }> {
  const name = randomUUID();
  const harness = await world.harness({ workspace: name, files });
  await harness.executor.settled();
  const { id } = harness.executor.workspace;
  return { name, id, key: (kind, hash) => blobKey(id, { kind, id: hash }) };
}

async function runAnew(workspace: string, reference = "wf.ts"): Promise<Execution> {
  return await (await world.harness({ workspace })).run(reference);
}

async function keysOf(id: string, redis = world.redis): Promise<string[]> {
  return (await redis.keys(`bifrost:{${id}}:*`)).toSorted();
}

it("B24: content that does not hash to its name fails the run, names the path and both hashes, and heals for the next run", async () => {
  const { name, key } = await stored(FILES);
  const evil = "export const value: string = 'evil';";
  await world.redis.set(key("content", LIB_HASH), evil);
  await expect(runAnew(name)).rejects.toMatchObject({
    code: "ERR_SNAPSHOT_INTEGRITY",
    retryable: true,
    message: expect.stringMatching(/lib\/value\.ts/) as string,
    details: { path: "lib/value.ts", expectedHash: LIB_HASH, actualHash: createHash("sha256").update(evil).digest("hex"), at: "cache" },
  });
  expect(await world.redis.exists(key("content", LIB_HASH))).toBe(0);
  expect((await runAnew(name)).result).toBe("sound");
  expect(await world.redis.get(key("content", LIB_HASH))).toBe(LIB);
});

it("B24: the integrity error persists only where the database disagrees too", async () => {
  const { name, id, key } = await stored(FILES);
  await world.redis.set(key("content", LIB_HASH), "cache is wrong");
  await world.rows("update module_contents set content = $1 where workspace_id = $2 and hash = $3", [Buffer.from("database is wrong"), id, LIB_HASH]);
  await expect(runAnew(name)).rejects.toMatchObject({ code: "ERR_SNAPSHOT_INTEGRITY", details: { at: "cache" } });
  for (const _time of [1, 2])
    await expect(runAnew(name)).rejects.toMatchObject({ code: "ERR_SNAPSHOT_INTEGRITY", details: { path: "lib/value.ts", at: "database" } });
  expect(await world.redis.exists(key("content", LIB_HASH))).toBe(0);
  await world.rows("update module_contents set content = $1 where workspace_id = $2 and hash = $3", [Buffer.from(LIB), id, LIB_HASH]);
  expect((await runAnew(name)).result).toBe("sound");
});

it("B24: compiled code that does not carry its own hash is not run: it comes from the database, else it is compiled again", async () => {
  const value = randomUUID();
  const lib = `export const value: string = '${value}';`;
  const { name, key } = await stored({ ...FILES, "lib/value.ts": lib });
  const hash = createHash("sha256").update(lib).digest("hex");
  const [row] = await world.rows("select key, js from compiled where source_hash = $1", [hash]);
  const compiledKey = key("compiled", String(row?.["key"]));
  const sound = (await world.redis.getBuffer(compiledKey)) as Buffer;
  const tampered = Buffer.from(sound.toString().replaceAll(value, "evil"));
  expect(tampered.equals(sound)).toBe(false);

  await world.redis.set(compiledKey, tampered);
  expect((await runAnew(name)).result).toBe(value);

  await world.redis.set(compiledKey, tampered);
  await world.rows("update compiled set js = $1 where key = $2", [Buffer.from("export const value = 'evil';"), row?.["key"]]);
  const harness = await world.harness({ workspace: name });
  expect((await harness.run("wf.ts")).result).toBe(value);
  await harness.executor.settled();
  expect(await world.rows("select js from compiled where key = $1", [row?.["key"]])).toEqual([{ js: row?.["js"] }]);
  expect((await world.redis.getBuffer(compiledKey))?.toString()).toBe(sound.toString());
});

it("B25: content that the cache has lost is restored from the database before the run", async () => {
  const { name, key } = await stored(FILES);
  await world.redis.del(key("content", LIB_HASH));
  expect((await runAnew(name)).result).toBe("sound");
  expect(await world.redis.get(key("content", LIB_HASH))).toBe(LIB);
});

it("B25: content that is nowhere fails the run as inconsistent, and never as a module that is not found", async () => {
  const { name, id, key } = await stored(FILES);
  await world.redis.del(key("content", LIB_HASH));
  await world.rows("delete from module_contents where workspace_id = $1 and hash = $2", [id, LIB_HASH]);
  await expect(runAnew(name)).rejects.toMatchObject({ code: "ERR_CACHE_INCONSISTENT", retryable: true, details: { path: "lib/value.ts", hash: LIB_HASH } });
});

it("B25: a dynamic import whose content is nowhere rejects as inconsistent, and the run that does not catch it carries that code", async () => {
  const { name, id, key } = await stored({ "wf.ts": workflow("return await import(p.from ?? './lib/value');"), "lib/value.ts": LIB });
  await world.redis.del(key("content", LIB_HASH));
  await world.rows("delete from module_contents where workspace_id = $1 and hash = $2", [id, LIB_HASH]);
  expect(await runAnew(name)).toMatchObject({ status: "Failed", error: { code: "ERR_CACHE_INCONSISTENT" } });
});

const GARBAGE: Readonly<Record<string, (redis: Redis, key: string) => Promise<unknown>>> = {
  "text that is no JSON": (redis, key) => redis.set(key, '{"version":'),
  "JSON of another shape": (redis, key) => redis.set(key, '{"version":-1,"snapshotId":7,"tree":[],"files":null}'),
  null: (redis, key) => redis.set(key, "null"),
  "an empty value": (redis, key) => redis.set(key, ""),
  "bytes that are no text": (redis, key) => redis.set(key, Buffer.from([0xff, 0xfe, 0, 0xc3, 0x28])),
  "a list": (redis, key) => redis.lpush(key, "a", "b"),
  "a hash": (redis, key) => redis.hset(key, "a", "b"),
};

it.each(Object.entries(GARBAGE))("B26: %s in any key heals from the database or fails with a typed error, and the next run is right", async (_title, spoil) => {
  const { name, id } = await stored(FILES);
  const keys = await keysOf(id);
  expect(keys.length).toBeGreaterThan(7);
  for (const key of keys) {
    await world.redis.del(key);
    await spoil(world.redis, key);
    try {
      expect((await runAnew(name)).result).toBe("sound");
    } catch (error) {
      expect(key).toContain(":content:");
      expect(error).toMatchObject({ code: "ERR_SNAPSHOT_INTEGRITY" });
    }
    expect((await runAnew(name)).result).toBe("sound");
  }
});

it("B26: garbage in every key at once, and a write goes through and is seen", async () => {
  const { name, id } = await stored(FILES);
  for (const key of await keysOf(id)) if (!key.includes(":content:")) await world.redis.del(key).then(() => world.redis.set(key, "{not json"));
  const harness = await world.harness({ workspace: name });
  await harness.write({ "lib/value.ts": "export const value = 'written';" });
  expect((await harness.run("wf.ts")).result).toBe("written");
  expect((await runAnew(name)).result).toBe("written");
});

it("B29a: a writer that dies between commit and publish loses nothing: the next pin on every host is right", async () => {
  const name = randomUUID();
  const harness = await world.harness({ workspace: name, files: FILES });
  expect((await harness.run("wf.ts")).result).toBe("sound");
  const dying = await world.host(name, ({ store }) => ({ store: storeWith(store, { publish: () => new Promise<never>(() => {}) }) }));
  void dying.write({ "lib/value.ts": "export const value = 'committed';" });
  await expect.poll(async () => (await harness.executor.readFile("lib/value.ts")).bytes.length).toBe("export const value = 'committed';".length);
  expect((await harness.run("wf.ts")).result).toBe("committed");
  expect((await runAnew(name)).result).toBe("committed");
  expect(await world.redis.exists(pendingKey(harness.executor.workspace.id))).toBe(0);
});

it("B29a: when two commits publish out of order, HEAD does not fall back, and index and runs are at the later one", async () => {
  const name = randomUUID();
  const late = Promise.withResolvers<void>();
  const slow = await world.host(name, ({ store }) => ({
    store: storeWith(store, {
      async publish(...args) {
        await late.promise;
        return await store.publish(...args);
      },
    }),
  }));
  const fast = await world.harness({ workspace: name });
  const { id } = slow.workspace;
  const first = slow.write({ ...FILES, "lib/first.ts": "export {};" });
  await expect.poll(async () => (await fast.executor.files()).length).toBe(3);
  const second = await fast.write({ "lib/value.ts": "export const value = 'second';" });
  late.resolve();
  expect((await first).version).toBe(second.version - 1);
  expect(JSON.parse((await world.redis.get(headKey(id))) ?? "")).toEqual({ version: second.version, snapshotId: second.snapshotId });
  expect(Object.keys(await world.redis.hgetall(indexKey(id))).toSorted()).toEqual(["lib/first.ts", "lib/value.ts", "wf.ts"]);
  for (const run of [runAnew(name), fast.run("wf.ts"), slow.run("wf.ts", "{}")]) expect((await run).result).toBe("second");
});

it("B30: HEAD and index have no TTL, everything else has one, and with all of it run out a run finds what it needs", async () => {
  const { name, id } = await stored({ ...FILES, "deep/er/more.json": "{}" });
  for (const key of await keysOf(id)) {
    const ttl = await world.redis.pttl(key);
    if (/:module:(head|index)$/.test(key)) expect([key, ttl]).toEqual([key, -1]);
    else expect([key, ttl > 24 * 60 * 60 * 1000]).toEqual([key, true]);
  }
  for (const key of await keysOf(id)) if (!/:module:(head|index)$/.test(key)) await world.redis.pexpire(key, 1);
  await expect.poll(async () => (await keysOf(id)).length).toBe(2);
  expect((await runAnew(name)).result).toBe("sound");
  await world.redis.del(...(await keysOf(id)));
  expect((await runAnew(name)).result).toBe("sound");
});

it("B40: the module cache's operations and runs see the same: set, get, list, invalidate, clear, warm", async () => {
  const harness = await world.harness({ files: FILES });
  const { moduleCache, workspace } = harness.executor;
  await moduleCache.setModule("lib/value.ts", "export const value = 'größer';");
  expect((await harness.run("wf.ts")).result).toBe("größer");
  expect(await moduleCache.getModule("lib/value.ts")).toEqual({
    content: "export const value = 'größer';",
    path: "lib/value.ts",
    hash: createHash("sha256").update("export const value = 'größer';", "utf8").digest("hex"),
  });
  expect(await moduleCache.getAllModulePaths()).toEqual(["lib/value.ts", "wf.ts"]);
  expect(Object.keys(await world.redis.hgetall(indexKey(workspace.id))).toSorted()).toEqual(["lib/value.ts", "wf.ts"]);
  // A describe run would put back what it reads.
  await harness.executor.settled();
  expect(await moduleCache.clearModuleCache()).toBe(2);
  expect(await keysOf(workspace.id)).toEqual([]);
  expect(await moduleCache.warmCacheFromDb()).toBe(2);
  await moduleCache.invalidateModule("lib/value.ts");
  expect(await moduleCache.getModule("lib/value.ts")).toBeNull();
  expect((await harness.run("wf.ts")).error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
});

it("B40: the default workspace's keys bear the documented names", async () => {
  const harness = await world.harness({ workspace: "default", files: { "lib/value.ts": LIB } });
  const { version, snapshotId } = await harness.write({ "lib/other.ts": "export {};" });
  expect(await world.redis.get(`bifrost:module:content:${LIB_HASH}`)).toBe(LIB);
  expect(await world.redis.hget("bifrost:module:index", "lib/value.ts")).toBe(LIB_HASH);
  expect(JSON.parse((await world.redis.get("bifrost:module:head")) ?? "")).toEqual({ version, snapshotId });
});

it("B41: while a write is published, every look finds each path of the index with its content, and HEAD with its snapshot", async () => {
  const name = randomUUID();
  const harness = await world.harness({ workspace: name, files: FILES });
  const { id } = harness.executor.workspace;
  const writing = new AbortController();
  async function look(): Promise<void> {
    while (!writing.signal.aborted) {
      // One transaction: what stands there together.
      const [head, index] = ((await world.redis.multi().get(headKey(id)).hvals(indexKey(id)).exec()) ?? []).map(([, value]) => value) as [string, string[]];
      const { snapshotId } = JSON.parse(head) as { snapshotId: string };
      const needed = [blobKey(id, { kind: "snapshot", id: snapshotId }), ...index.map((hash) => blobKey(id, { kind: "content", id: hash }))];
      expect(await world.redis.exists(...needed)).toBe(needed.length);
    }
  }
  const looking = look();
  for (let n = 0; n < 60; n += 1) await harness.write({ "lib/value.ts": `export const value = ${n};`, [`lib/n${n % 7}.ts`]: `export default ${n};` });
  writing.abort();
  await looking;
});

it("B42: two hosts that warm at once repair a spoilt cache, skip what is deleted, and change nothing the second time", async () => {
  const { name, id } = await stored({ ...FILES, "gone.ts": "export {};", "notes.md": "not code" });
  const [one, other] = await Promise.all([world.harness({ workspace: name }), world.harness({ workspace: name })]);
  await one.write({ "gone.ts": null });
  await one.executor.settled();
  const sound = await Promise.all((await keysOf(id)).map(async (key) => [key, await world.redis.type(key)] as const));
  for (const [key, type] of sound) if (type === "string") await world.redis.set(key, "spoilt");
  await world.redis.hset(indexKey(id), "stale.ts", LIB_HASH);
  expect(await Promise.all([one.executor.moduleCache.warmCacheFromDb(), other.executor.moduleCache.warmCacheFromDb()])).toEqual([2, 2]);
  expect(await world.redis.hgetall(indexKey(id))).not.toHaveProperty("stale.ts");
  expect(await world.redis.hgetall(indexKey(id))).not.toHaveProperty("gone.ts");
  expect(await world.redis.get(blobKey(id, { kind: "content", id: LIB_HASH }))).toBe(LIB);
  // Each may have taken the other's lock for a writer's, and marked that; the next pin clears it.
  expect((await runAnew(name)).result).toBe("sound");
  const before = await dump(id);
  expect(await one.executor.moduleCache.warmCacheFromDb()).toBe(2);
  expect(await dump(id)).toEqual(before);
});

it("B43: a path outside the rules is refused by every way in, and creates no key", async () => {
  const harness: Harness = await world.harness({ files: FILES });
  const { moduleCache, workspace } = harness.executor;
  await harness.executor.settled();
  const before = await keysOf(workspace.id);
  for (const path of ["", ".", "..", "/etc/passwd", "a/../b.ts", "a\\b.ts", "a//b.ts", "nul\0.ts", `${"x".repeat(513)}.ts`, "a/", "./wf.ts"]) {
    await expect(harness.write({ [path]: "export {};" }), path).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
    await expect(moduleCache.setModule(path, "export {};"), path).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
    expect(await moduleCache.getModule(path), path).toBeNull();
    await expect(harness.executor.move("wf.ts", path), path).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
  }
  expect(await keysOf(workspace.id)).toEqual(before);
});

/** Of every key but the leases: its value. */
async function dump(id: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const key of await keysOf(id)) found[key] = (await world.redis.type(key)) === "hash" ? await world.redis.hgetall(key) : await world.redis.get(key);
  return found;
}
