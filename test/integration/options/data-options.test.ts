// B93: what data providers offer, from a cache that hosts share, with a real database and a real Redis.
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { Execution } from "../../../src/completion.ts";
import { createDataOptions, type AskedOptions, type DataOptionsAnswer } from "../../../src/data-options.ts";
import { createInProcessOptionsCache, type OptionsCache } from "../../../src/executions/options-cache.ts";
import { createRedisOptionsCache } from "../../../src/executions/redis-options-cache.ts";
import type { Harness } from "../../../src/testing/index.ts";
import { startRedis } from "../../support/servers/redis.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();

const FILES = {
  "shared/names.ts": `export const names = ["one", "two"];\n`,
  "fresh.ts": provider("", "names.map((name) => ({ label: name, value: p }))"),
  "kept.ts": provider('{ cache: "5m" }, ', "names.map((name) => ({ label: name, value: p, metadata: { name }, more: 1 }))"),
  "short.ts": provider("{ cache: 150 }, ", "[]"),
  "fails.ts": provider('{ cache: "5m" }, ', "(() => { throw new Error('no'); })()"),
  "wrong.ts": provider('{ cache: "5m" }, ', "[{ label: 'a', value: 1 }, { label: 2, value: 1 }]"),
  "strict.ts": `import { dataProvider, z } from "bifrost";\nexport default dataProvider({ cache: "5m", params: z.object({ kind: z.string() }) }, ({ kind }) => [{ label: kind, value: kind }]);\n`,
  "wf.ts": `import { workflow } from "bifrost";\nexport default workflow(() => [{ label: "a", value: 1 }]);\n`,
};

function provider(options: string, body: string): string {
  return `import { dataProvider } from "bifrost";\nimport { names } from "./shared/names";\nexport default dataProvider(${options}async (p: any) => { void names; return ${body}; });\n`;
}

interface Side extends AsyncDisposable {
  readonly harness: Harness;
  readonly cache: OptionsCache;
  ask(reference: string, input?: unknown, more?: Partial<AskedOptions>): Promise<DataOptionsAnswer | Execution>;
  /** How many executions the workspace has had. */
  ran(): Promise<number>;
}

async function side(workspace: string, cache: OptionsCache = createRedisOptionsCache({ url: world.servers.redisUrl })): Promise<Side> {
  const harness = await world.harness({ workspace, files: FILES });
  await harness.executor.settled();
  const dataOptions = createDataOptions({ cache });
  const { executor } = harness;
  return {
    harness,
    cache,
    ask: (reference, input = {}, more = {}) =>
      dataOptions(
        { executor, execute: ({ reference: ref, inputJson }) => executor.run(ref, inputJson) },
        { reference, inputJson: JSON.stringify(input), askedBy: "test", ...more },
      ),
    async ran() {
      const [row] = await world.rows("select count(*)::int as count from executions where workspace_id = $1", [executor.workspace.id]);
      return Number(row?.["count"]);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(cache[Symbol.asyncDispose]()),
  };
}

async function keys(one: Side): Promise<string[]> {
  return await world.redis.keys(`bifrost:{${one.harness.executor.workspace.id}}:options:*`);
}

it("options are not kept where their author does not say so", async () => {
  await using one = await side(randomUUID());
  for (const count of [1, 2]) {
    expect(await one.ask("fresh.ts")).toEqual({
      options: [
        { label: "one", value: {} },
        { label: "two", value: {} },
      ],
      cached: false,
    });
    expect(await one.ran()).toBe(count);
  }
  expect(await keys(one)).toEqual([]);
});

it("where he says so they are given again, on every host, until his time is over: to the same parameters, in whatever order they stand", async () => {
  const name = randomUUID();
  await using one = await side(name);
  await using other = await side(name);
  const before = Date.now();
  const first = await one.ask("kept.ts", { a: 1, b: { c: [1, 2], d: null } });
  const options = ["one", "two"].map((label) => ({ label, value: { a: 1, b: { c: [1, 2], d: null } }, metadata: { name: label } }));
  expect(first).toEqual({ options, cached: false, expiresAt: expect.any(String) as string });
  const again = await other.ask("kept.ts::default", { b: { d: null, c: [1, 2] }, a: 1 });
  expect(again).toEqual({ options, cached: true, expiresAt: expect.any(String) as string });
  for (const { expiresAt } of [first, again] as DataOptionsAnswer[]) {
    expect(Date.parse(expiresAt!) - before).toBeGreaterThan(299_000);
    expect(Date.parse(expiresAt!) - Date.now()).toBeLessThanOrEqual(300_000);
  }
  expect(await one.ran()).toBe(1);
  for (const input of [{ a: 1, b: { c: [2, 1], d: null } }, { a: "1", b: { c: [1, 2], d: null } }, {}, [], [["a", 1]], { a: null }, null]) {
    expect(await other.ask("kept.ts", input)).toMatchObject({ cached: false });
  }
  expect(await one.ran()).toBe(8);
  expect(await keys(one)).toHaveLength(8);
  for (const key of await keys(one)) expect(await world.redis.pttl(key)).toBeGreaterThan(0);
  await using third = await side(randomUUID());
  expect(await third.ask("kept.ts", { a: 1, b: { c: [1, 2], d: null } })).toMatchObject({ cached: false });
});

it("when his time is over they are asked for again", async () => {
  await using one = await side(randomUUID());
  expect(await one.ask("short.ts")).toMatchObject({ options: [], cached: false });
  while ((await keys(one)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await one.ask("short.ts")).toMatchObject({ options: [], cached: false });
  expect(await one.ran()).toBe(2);
});

it("a change of the data provider, or of what it imports, is seen at once; one of another file changes nothing", async () => {
  await using one = await side(randomUUID());
  await one.ask("kept.ts");
  await one.harness.write({ "other.ts": "export {};\n" });
  expect(await one.ask("kept.ts")).toMatchObject({ cached: true });
  await one.harness.write({ "shared/names.ts": `export const names = ["three"];\n` });
  await one.harness.executor.settled();
  expect(await one.ask("kept.ts")).toMatchObject({ options: [{ label: "three" }], cached: false });
  expect(await one.ask("kept.ts")).toMatchObject({ options: [{ label: "three" }], cached: true });
  await one.harness.write({ "kept.ts": FILES["kept.ts"].replace("5m", "0ms") });
  await one.harness.executor.settled();
  expect(await one.ask("kept.ts")).toEqual({ options: [expect.objectContaining({ label: "three" })], cached: false });
});

it("a corrupt entry is a miss, and is made good", async () => {
  await using one = await side(randomUUID());
  await one.ask("kept.ts");
  const [key = ""] = await keys(one);
  const sound = (await world.redis.get(key)) ?? "";
  const corrupt: ((redis: typeof world.redis) => Promise<unknown>)[] = [
    (redis) => redis.set(key, "", "PX", 60_000),
    (redis) => redis.set(key, sound.slice(0, -2), "PX", 60_000),
    (redis) => redis.set(key, sound.replace("one", "own"), "PX", 60_000),
    (redis) => redis.set(key, "[]", "PX", 60_000),
    (redis) => redis.set(key, sound),
    (redis) => redis.del(key).then(() => redis.hset(key, "a", "b")),
  ];
  for (const spoil of corrupt) {
    await spoil(world.redis);
    expect(await one.ask("kept.ts")).toMatchObject({ options: [{ label: "one" }, { label: "two" }], cached: false });
    expect(await world.redis.get(key)).toBe(sound);
    expect(await one.ask("kept.ts")).toMatchObject({ cached: true });
  }
  expect(await one.ran()).toBe(1 + corrupt.length);
});

it("many who ask for the same at once cause one execution; one of them who leaves takes nothing from the others", async () => {
  await using one = await side(randomUUID());
  const leaving = new AbortController();
  const left = one.ask("kept.ts", {}, { signal: leaving.signal });
  const answers = Promise.all(Array.from({ length: 20 }, () => one.ask("kept.ts")));
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  for (const answer of await answers) expect(answer).toMatchObject({ options: { length: 2 } });
  expect(await one.ran()).toBe(1);
  // What is not kept is nobody else's.
  await Promise.all([1, 2, 3].map(() => one.ask("fresh.ts")));
  expect(await one.ran()).toBe(4);
});

it("a failure is given as the execution that failed, and never kept", async () => {
  await using one = await side(randomUUID());
  for (const count of [1, 2]) {
    expect(await one.ask("fails.ts")).toMatchObject({ status: "Failed", error: { message: "no" } });
    expect(await one.ran()).toBe(count);
  }
  expect(await one.ask("wrong.ts")).toMatchObject({
    status: "Failed",
    error: {
      code: "ERR_RESULT_INVALID",
      name: "ResultError",
      message: expect.stringContaining("at $[1].label, string is expected, and there is number 2") as string,
    },
  });
  expect(await one.ask("strict.ts", { kind: 5 })).toMatchObject({ error: { code: "ERR_INPUT_INVALID", details: { problems: [{ path: "$.kind" }] } } });
  expect(await one.ask("strict.ts", { kind: "x" })).toMatchObject({ options: [{ label: "x", value: "x" }], cached: false });
  expect(await keys(one)).toHaveLength(1);
});

it("what is no data provider is refused by name, and runs nothing", async () => {
  await using one = await side(randomUUID());
  await expect(one.ask("wf.ts")).rejects.toMatchObject({
    code: "ERR_EXECUTABLE_NOT_FOUND",
    details: { workflow: "wf.ts::default", expected: "data_provider" },
  });
  await expect(one.ask("nobody")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
  expect(await one.ran()).toBe(0);
});

it("without Redis everything is a miss, and nothing fails because of it", async () => {
  await using redis = await startRedis();
  const said: string[] = [];
  await using one = await side(randomUUID(), createRedisOptionsCache({ url: redis.url, log: (message) => said.push(message) }));
  await one.ask("kept.ts");
  expect(await one.ask("kept.ts")).toMatchObject({ cached: true });
  await redis.stop();
  expect(await one.ask("kept.ts")).toMatchObject({ options: { length: 2 }, cached: false });
  expect(said[0]).toMatch(/^Options of data providers are not cached at this time\. Redis at /);
  await redis.start();
  await one.ask("kept.ts");
  expect(await one.ask("kept.ts")).toMatchObject({ cached: true });
});

it("in one process without Redis they are kept in memory, for as long", async () => {
  await using one = await side(randomUUID(), createInProcessOptionsCache());
  await one.ask("kept.ts");
  expect(await one.ask("kept.ts")).toMatchObject({ options: { length: 2 }, cached: true });
  await one.ask("short.ts");
  while ((await one.ran()) < 3) await one.ask("short.ts");
  expect(await one.ran()).toBe(3);
});
