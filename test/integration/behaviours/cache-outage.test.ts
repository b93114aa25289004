// What a lost, empty or full Redis does to runs and writes (B27 to B29, B29a, B52), with a Redis of each test's own.
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { headKey, pendingKey } from "../../../src/snapshot/redis-keys.ts";
import { workflow } from "../../support/engine.ts";
import { startRedis } from "../../support/servers/redis.ts";
import { during, lookInto, storeWith, useStoredWorld, waiting } from "../../support/stored-world.ts";

const world = useStoredWorld();

const FILES = { "wf.ts": workflow("return value;", `import { value } from "./lib/value";`), "lib/value.ts": "export const value: string = 'first';" };

it("B27: with Redis stopped when the snapshot is taken, the run fails as retryable and names Redis; when it is back, the next run works", async () => {
  await using redis = await startRedis();
  const servers = { ...world.servers, redisUrl: redis.url };
  const name = randomUUID();
  const harness = await world.harness({ workspace: name, files: FILES, servers });
  expect((await harness.run("wf.ts")).result).toBe("first");
  await redis.stop();
  for (const host of [harness, await world.harness({ workspace: name, servers })]) {
    const failure = host.run("wf.ts");
    await expect(failure).rejects.toMatchObject({
      code: "ERR_REDIS_UNAVAILABLE",
      retryable: true,
      owner: "operator",
      message: expect.stringContaining(new URL(redis.url).host) as string,
    });
    await expect(host.run("missing.ts")).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE" });
  }
  expect(await world.rows("select count(*)::int as n from executions where workspace_id = $1", [harness.executor.workspace.id])).toEqual([{ n: 1 }]);
  await redis.start();
  expect((await harness.run("wf.ts")).result).toBe("first");
});

it("B27: a Redis that hangs is an outage too, and no absence", async () => {
  await using redis = await startRedis();
  const harness = await world.harness({ files: FILES, servers: { ...world.servers, redisUrl: redis.url } });
  await redis.pause();
  await expect(harness.run("wf.ts")).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE", retryable: true });
  await redis.resume();
  expect((await harness.run("wf.ts")).result).toBe("first");
});

it("B28: with Redis killed after the snapshot, the run goes on to its result, through a dynamic import, and its record is whole", async () => {
  await using redis = await startRedis();
  const harness = await world.harness({
    files: {
      "wf.ts": waiting(
        `for (let n = 0; n < 30; n += 1) ctx.log.info("line " + n, { n }); const late = await import(["./la", "te/index"].join("")); ctx.log.info("ending"); return late.default;`,
      ),
      "late/index.ts": `export { below as default } from "./below";`,
      "late/below.ts": "export const below = 'from the database';",
    },
    servers: { ...world.servers, redisUrl: redis.url },
  });
  const execution = await during(harness, { act: () => redis.kill(), again: () => redis.start() });
  expect(execution).toMatchObject({ status: "Success", result: "from the database" });
  expect(execution.modules.map(({ path }) => path)).toEqual(["late/below.ts", "late/index.ts", "wf.ts"]);
  expect(await world.rows("select status, result from executions where id = $1", [execution.id])).toEqual([{ status: "Success", result: "from the database" }]);
  const logs = await world.rows("select sequence, message, data from execution_logs where execution_id = $1 order by sequence", [execution.id]);
  expect(logs.map(({ message }) => message as string)).toEqual(["begun", ...Array.from({ length: 30 }, (_, n) => `line ${n}`), "ending"]);
  expect(logs.map(({ sequence }) => sequence as number)).toEqual(Array.from({ length: 32 }, (_, n) => n + 1));
  expect(logs[5]).toMatchObject({ data: { n: 4 } });
  expect(execution.logs).toHaveLength(32);
});

it("B29: FLUSHALL again and again under load, on two hosts: no run fails", async () => {
  await using redis = await startRedis();
  const servers = { ...world.servers, redisUrl: redis.url };
  const name = randomUUID();
  const files = {
    ...FILES,
    "wf.ts": workflow("return [value, (await import('./late')).default];", `import { value } from "./lib/value";`),
    "late.ts": "export default 'late';",
  };
  const hosts = [await world.harness({ workspace: name, files, servers }), await world.harness({ workspace: name, servers })];
  using client = lookInto(redis.url);
  const flushing = new AbortController();
  const flusher = (async () => {
    while (!flushing.signal.aborted) {
      await client.flushall();
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  })();
  const executions = await Promise.all(hosts.flatMap((host) => Array.from({ length: 60 }, () => host.run("wf.ts"))));
  // Hosts that come up meanwhile have nothing in memory.
  for (let n = 0; n < 5; n += 1) executions.push(await (await world.harness({ workspace: name, servers })).run("wf.ts"));
  flushing.abort();
  await flusher;
  for (const execution of executions) expect(execution).toMatchObject({ status: "Success", result: ["first", "late"] });
}, 60_000);

it("B29: thirty cold starts at once after a flush cause one rebuild: the database is asked once for each level", async () => {
  await using redis = await startRedis();
  const servers = { ...world.servers, redisUrl: redis.url };
  const name = randomUUID();
  const harness = await world.harness({ workspace: name, files: { ...FILES, "lib/deep/er.ts": "export {};" }, servers });
  await harness.executor.settled();
  using client = lookInto(redis.url);
  await client.flushall();
  const asked: string[] = [];
  const cold = await world.host(
    name,
    ({ origin }) => ({
      origin: new Proxy(origin, {
        get(target, method) {
          const value = Reflect.get(target, method) as (...args: unknown[]) => unknown;
          return (...args: unknown[]) => {
            asked.push(String(method));
            return value.apply(target, args);
          };
        },
      }),
    }),
    servers,
  );
  const executions = await Promise.all(Array.from({ length: 30 }, () => cold.run("wf.ts", "{}")));
  await cold.settled();
  expect(executions.map(({ result }) => result)).toEqual(Array.from({ length: 30 }, () => "first"));
  // Those who come while an answer is under way are not given that one, but share the next.
  expect(asked.filter((method) => method === "head").length).toBeLessThanOrEqual(4);
  // HEAD's record; the three levels of directories.
  expect(asked.filter((method) => method === "snapshots")).toHaveLength(1);
  expect(asked.filter((method) => method === "trees")).toHaveLength(3);
  // One level of imports each; compiled code comes from the database and is not made again.
  expect(asked.filter((method) => method === "contents")).toHaveLength(2);
  expect(asked.filter((method) => method === "compiled")).toHaveLength(2);
  expect(asked).not.toContain("saveCompiled");
});

it("B52: a Redis that takes no mark refuses the write before its commit, as retryable, and runs stay at the old version", async () => {
  await using redis = await startRedis();
  const harness = await world.harness({ files: FILES, servers: { ...world.servers, redisUrl: redis.url } });
  using client = lookInto(redis.url);
  await client.config("SET", "maxmemory", "1");
  await expect(harness.write({ "lib/value.ts": "export const value = 'refused';" })).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE", retryable: true });
  await client.config("SET", "maxmemory", "0");
  expect(Buffer.from((await harness.executor.readFile("lib/value.ts")).bytes).toString()).toBe(FILES["lib/value.ts"]);
  expect((await harness.run("wf.ts")).result).toBe("first");
  await redis.stop();
  await expect(harness.write({ "lib/value.ts": "export const value = 'refused';" })).rejects.toMatchObject({ code: "ERR_REDIS_UNAVAILABLE", retryable: true });
  await redis.start();
  expect((await harness.run("wf.ts")).result).toBe("first");
  expect((await harness.write({ "lib/value.ts": "export const value = 'second';" })).warnings).toEqual([]);
  expect((await harness.run("wf.ts")).result).toBe("second");
});

it("B52: when Redis fails after the commit, the write succeeds with a warning, and the next pin is right", async () => {
  await using redis = await startRedis();
  const servers = { ...world.servers, redisUrl: redis.url };
  const name = randomUUID();
  const reader = await world.harness({ workspace: name, files: FILES, servers });
  expect((await reader.run("wf.ts")).result).toBe("first");
  const writer = await world.host(
    name,
    ({ store }) => ({
      store: storeWith(store, {
        async putBlobs(...args) {
          await redis.kill();
          await store.putBlobs(...args);
        },
      }),
    }),
    servers,
  );
  const { warnings, version } = await writer.write({ "lib/value.ts": "export const value = 'committed';" });
  expect(warnings).toEqual([{ message: expect.stringContaining(`Version ${version} is saved`) as string }]);
  await redis.start();
  for (const host of [reader, await world.harness({ workspace: name, servers })]) expect((await host.run("wf.ts")).result).toBe("committed");
});

it("B29a: Redis flushed while a mark stands: the write behind the mark is seen all the same", async () => {
  await using redis = await startRedis();
  const servers = { ...world.servers, redisUrl: redis.url };
  const name = randomUUID();
  const reader = await world.harness({ workspace: name, files: FILES, servers });
  using client = lookInto(redis.url);
  expect((await reader.run("wf.ts")).result).toBe("first");
  const published = Promise.withResolvers<void>();
  const writer = await world.host(
    name,
    ({ store }) => ({
      store: storeWith(store, {
        async markPending(...args) {
          await store.markPending(...args);
          expect(await client.exists(pendingKey(reader.executor.workspace.id))).toBe(1);
          await client.flushall();
          // Between mark and commit a reader puts HEAD back as it still is.
          expect((await reader.run("wf.ts")).result).toBe("first");
          expect(await client.exists(headKey(reader.executor.workspace.id))).toBe(1);
        },
        async publish() {
          published.resolve();
          return await new Promise<never>(() => {});
        },
      }),
    }),
    servers,
  );
  void writer.write({ "lib/value.ts": "export const value = 'behind the mark';" });
  await published.promise;
  expect((await reader.run("wf.ts")).result).toBe("behind the mark");
  expect((await (await world.harness({ workspace: name, servers })).run("wf.ts")).result).toBe("behind the mark");
});

it.each(["http://127.0.0.1:6379", "unix:///run/redis.sock"])(
  "a REDIS_URL that cannot be used (%s) is refused as configuration, and the database that was opened before is let go",
  async (redisUrl) => {
    await expect(world.harness({ servers: { ...world.servers, redisUrl } })).rejects.toMatchObject({
      code: "ERR_CONFIG_INVALID",
      details: { setting: "REDIS_URL" },
    });
    expect(() => readConfig({ REDIS_URL: redisUrl })).toThrow("REDIS_URL");
  },
);
