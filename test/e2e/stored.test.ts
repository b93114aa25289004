// The whole way, through the bins in processes of their own: a directory is pushed into the database and the cache, and
// workflows run from there (B110). Once over a real PostgreSQL and a real Redis, once over the embedded default.
import { randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { commandLine, type CommandLine, type Ended } from "../support/command-line.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { freshDatabase, freshRedis, type Fresh } from "../support/servers/fresh.ts";
import { lookInto } from "../support/stored-world.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.ts";

expectNoLeaks();

const FILES = {
  "close.ts": `import { workflow, z } from "bifrost";
import { stale } from "shared/tickets";

export default workflow({ name: "close-stale", params: z.object({ days: z.number().int().positive().default(30) }) }, async ({ days }, ctx) => {
  ctx.log.info("looking", { days });
  return { closed: stale(days).length };
});
`,
  "shared/tickets/index.ts": `import tickets from "../../data/tickets.json";
export const stale = (days: number) => tickets.filter((ticket) => ticket.age > days);
`,
  "data/tickets.json": JSON.stringify([{ age: 10 }, { age: 40 }, { age: 50 }]),
  "ends.ts": `import { workflow, tool } from "bifrost";
export const throws = workflow(async () => { throw new TypeError("no such ticket"); });
export const half = workflow(async () => ({ success: false, done: 3 }));
export const endless = workflow(async (_p, ctx) => { ctx.log.info("begun"); for (;;) {} });
export const hungry = workflow(async () => { const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(all.length)); });
export const look = tool({ name: "look" }, async (p: unknown) => p);
`,
  "README.md": "# Tickets\n",
};

interface Place {
  readonly title: string;
  open(): Promise<{ readonly env: Readonly<Record<string, string>>; close(): Promise<void> }>;
}

const PLACES: readonly Place[] = [
  {
    title: "PostgreSQL and Redis",
    async open() {
      const [database, redis] = await Promise.all([freshDatabase(), freshRedis()]);
      return {
        env: { DATABASE_URL: database.url, REDIS_URL: redis.url },
        async close() {
          await Promise.all([database.drop(), redis.drop()]);
        },
      };
    },
  },
  { title: "the embedded default", open: async () => ({ env: {}, close: async () => undefined }) },
];

describe.each(PLACES)("over $title", ({ title, open }) => {
  let place: Awaited<ReturnType<Place["open"]>>;
  let shell: CommandLine;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    place = await open();
    shell = await commandLine(place.env);
    directory = temporaryDirectory(FILES);
  });
  afterAll(async () => {
    directory[Symbol.dispose]();
    await shell[Symbol.asyncDispose]();
    await place.close();
  });

  const admin = (...args: string[]): Promise<Ended> => shell.run("bifrost-executor", args);
  const run = (...args: string[]): Promise<Ended> => shell.run("run-workflow", args);
  const resultOf = ({ code, stdout, stderr }: Ended): unknown => {
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  };

  it("B110, B60: init, push, run, edit, push, run, move, run, delete, run: each run sees the workspace as it then is", async () => {
    expect(await admin("init")).toMatchObject({ code: 0 });
    expect(await admin("init")).toMatchObject({ code: 0 });
    expect(await run("close-stale")).toMatchObject({ code: 3, stdout: "" });

    expect(await admin("push", directory.path)).toMatchObject({ code: 0 });
    expect(resultOf(await run("close-stale"))).toEqual({ closed: 2 });
    expect(resultOf(await run("close.ts", "-p", "days=45"))).toEqual({ closed: 1 });

    directory.write({ "data/tickets.json": "[]" });
    expect((await admin("push", directory.path)).stdout).toContain("data/tickets.json");
    expect(resultOf(await run("close-stale"))).toEqual({ closed: 0 });
    expect((await admin("push", directory.path)).code).toBe(0);

    const { id } = JSON.parse((await run("close-stale", "--json")).stdout) as { id: string };
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);

    expect(await admin("files", "mv", "close.ts", "flows/close.ts")).toMatchObject({ code: 0 });
    expect(resultOf(await run("close-stale"))).toEqual({ closed: 0 });
    expect(await run("close.ts")).toMatchObject({ code: 3, stdout: "" });
    expect(resultOf(await run("flows/close.ts"))).toEqual({ closed: 0 });

    expect((await admin("files", "cat", "shared/tickets/index.ts")).stdout).toBe(FILES["shared/tickets/index.ts"]);
    expect(await admin("files", "rm", "shared/tickets/index.ts")).toMatchObject({ code: 0 });
    const lost = await run("close-stale");
    expect(lost).toMatchObject({ code: 4, stdout: "" });
    expect(lost.stderr).toContain("shared/tickets");
    expect(await admin("files", "cat", "shared/tickets/index.ts")).toMatchObject({ code: 3, stdout: "" });

    expect(
      (await admin("files", "ls")).stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split("\t")[0]),
    ).toEqual(["README.md", "data/tickets.json", "ends.ts", "flows/close.ts"]);
    // Pushing again brings back what the directory has, and takes away what it has not.
    expect(await admin("push", directory.path)).toMatchObject({ code: 0 });
    expect(resultOf(await run("close.ts"))).toEqual({ closed: 0 });
    expect(await run("flows/close.ts")).toMatchObject({ code: 3 });
  });

  // What follows is the same code over both: once is enough.
  if (title === "the embedded default") return;

  it("every end of an execution has its exit code, and its result or error is on its stream", async () => {
    expect(await admin("push", directory.path)).toMatchObject({ code: 0 });
    expect(await run("ends.ts::throws")).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("no such ticket") as string });
    expect(await run("ends.ts::half")).toMatchObject({ code: 1, stdout: expect.stringContaining('"done":3') as string });
    expect(await run("ends.ts::endless", "--timeout", "500ms")).toMatchObject({ code: 124, stdout: "" });
    expect(await run("ends.ts::hungry", "--memory", "16mb")).toMatchObject({ code: 137, stdout: "" });
    expect(await run("close-stale", "-p", "days=-1")).toMatchObject({ code: 2, stdout: "" });
    expect(await run("look", "-i", '{"a":[1,"ü",null]}')).toMatchObject({ code: 0, stdout: '{"a":[1,"ü",null]}\n' });
    expect(await run("nobody")).toMatchObject({ code: 3, stdout: "" });
  });

  it("workspaces are apart: what one has, another has not, and --workspace names it on every command", async () => {
    using other = temporaryDirectory({
      "close.ts": `import { workflow } from "bifrost"; export default workflow({ name: "close-stale" }, async () => "the other one");`,
    });
    expect(await run("close-stale", "--workspace", "other")).toMatchObject({ code: 3 });
    expect(await admin("push", other.path, "--workspace", "other")).toMatchObject({ code: 0 });
    expect(await admin("push", directory.path)).toMatchObject({ code: 0 });
    expect(resultOf(await run("close-stale", "--workspace", "other"))).toBe("the other one");
    expect(resultOf(await run("close-stale"))).toEqual({ closed: 0 });
    expect((await admin("files", "ls", "--workspace", "other")).stdout.split("\t")[0]).toBe("close.ts");
    expect(await admin("files", "rm", "close.ts", "--workspace", "other")).toMatchObject({ code: 0 });
    expect(await run("close-stale", "--workspace", "other")).toMatchObject({ code: 3 });
    expect((await run("close-stale")).code).toBe(0);
  });

  it("B59a: push --dry-run lists and writes nothing, --keep deletes nothing, and a refused directory changes nothing", async () => {
    using small = temporaryDirectory({ "new.ts": "export {};" });
    const workspace = ["--workspace", `push-${randomUUID()}`];
    expect(await admin("push", directory.path, ...workspace)).toMatchObject({ code: 0 });
    const before = (await admin("files", "ls", ...workspace)).stdout;
    const planned = await admin("push", small.path, "--dry-run", ...workspace);
    expect(planned.code).toBe(0);
    for (const path of ["new.ts", "close.ts", "data/tickets.json"]) expect(planned.stdout).toContain(path);
    expect((await admin("files", "ls", ...workspace)).stdout).toBe(before);
    expect(await admin("push", small.path, "--keep", ...workspace)).toMatchObject({ code: 0 });
    expect((await admin("files", "ls", ...workspace)).stdout.split("\n").length).toBe(before.split("\n").length + 1);
    small.write({ "large.ts": "x".repeat(1_100_000) });
    const refused = await admin("push", small.path, ...workspace);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("large.ts");
    expect((await admin("files", "ls", ...workspace)).stdout.split("\n").length).toBe(before.split("\n").length + 1);
  });
});

it("the embedded default keeps what it has for its owner alone", async () => {
  await using shell = await commandLine();
  using directory = temporaryDirectory({ "wf.ts": `import { workflow } from "bifrost"; export default workflow(async () => 1);` });
  expect(await shell.run("bifrost-executor", ["push", directory.path])).toMatchObject({ code: 0 });
  const kept = join(shell.home, ".local", "share", "bifrost-executor");
  expect(existsSync(kept)).toBe(true);
  expect(statSync(kept).mode & 0o777).toBe(0o700);
});

describe("init", () => {
  let database: Fresh;
  let redis: Fresh;
  beforeAll(async () => {
    [database, redis] = await Promise.all([freshDatabase(), freshRedis()]);
  });
  afterAll(async () => {
    await Promise.all([database.drop(), redis.drop()]);
  });

  it("B60: a run before init says what is to be done; two inits at once both succeed; afterwards it runs", async () => {
    await using shell = await commandLine({ DATABASE_URL: database.url, REDIS_URL: redis.url });
    using directory = temporaryDirectory({ "wf.ts": `import { workflow } from "bifrost"; export default workflow(async () => "ran");` });
    const early = await shell.run("bifrost-executor", ["push", directory.path]);
    expect(early).toMatchObject({ code: 69, stdout: "" });
    expect(early.stderr).toContain("bifrost-executor init");
    const both = await Promise.all([shell.run("bifrost-executor", ["init"]), shell.run("bifrost-executor", ["init"])]);
    expect(both).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(await shell.run("bifrost-executor", ["push", directory.path])).toMatchObject({ code: 0 });
    expect(await shell.run("run-workflow", ["wf.ts"])).toMatchObject({ code: 0, stdout: '"ran"\n' });
  });

  it("B60: init fills an empty cache, so that the first run finds all of it there", async () => {
    await using shell = await commandLine({ DATABASE_URL: database.url, REDIS_URL: redis.url });
    using directory = temporaryDirectory({ "wf.ts": `import { workflow } from "bifrost"; export default workflow(async () => "ran");` });
    expect(await shell.run("bifrost-executor", ["push", directory.path])).toMatchObject({ code: 0 });
    using client = lookInto(redis.url);
    const head = await client.get("bifrost:module:head");
    const index = await client.hgetall("bifrost:module:index");
    await client.flushdb();
    expect(await shell.run("bifrost-executor", ["init"])).toMatchObject({ code: 0 });
    expect([await client.get("bifrost:module:head"), await client.hgetall("bifrost:module:index")]).toEqual([head, index]);
    expect((await client.keys("bifrost:*")).map((key) => key.split(":")[2]).toSorted()).toEqual(["compiled", "content", "head", "index", "snapshot", "tree"]);
  });

  it("B60: exit 1 where the migration cannot be made, 2 where the cache cannot be warmed; each names what does not answer", async () => {
    await using shell = await commandLine();
    const nowhere = "127.0.0.1:1";
    const noDatabase = await shell.run("bifrost-executor", ["init"], { env: { DATABASE_URL: `postgres://user:secret@${nowhere}/db`, REDIS_URL: redis.url } });
    expect(noDatabase).toMatchObject({ code: 1, stdout: "" });
    expect(noDatabase.stderr).toContain(nowhere);
    expect(noDatabase.stderr).not.toContain("secret");
    const noRedis = await shell.run("bifrost-executor", ["init"], { env: { DATABASE_URL: database.url, REDIS_URL: `redis://user:secret@${nowhere}` } });
    expect(noRedis).toMatchObject({ code: 2, stdout: "" });
    expect(noRedis.stderr).toContain(nowhere);
    expect(noRedis.stderr).not.toContain("secret");
  });

  it("B60: a database of a newer release is refused, and nothing in it is changed", async () => {
    await using newer = await freshDatabase();
    await using shell = await commandLine({ DATABASE_URL: newer.url, REDIS_URL: redis.url });
    expect(await shell.run("bifrost-executor", ["init"])).toMatchObject({ code: 0 });
    const client = new pg.Client({ connectionString: newer.url });
    await client.connect();
    const table = (
      (await client.query("select table_name from information_schema.tables where table_name like '%migration' and table_schema = 'public'")).rows as {
        table_name: string;
      }[]
    )[0]?.table_name;
    await client.query(`insert into ${table} (name, timestamp) values ('9999-from-the-future', '2099-01-01')`);
    await client.end();
    const refused = await shell.run("bifrost-executor", ["init"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("9999-from-the-future");
    expect(await shell.run("run-workflow", ["wf.ts"])).toMatchObject({ code: 69, stdout: "" });
  });
});

it("B27: with Redis or PostgreSQL away, a run ends with 69 and names which, without its password", async () => {
  await using shell = await commandLine();
  await using database = await freshDatabase();
  expect(await shell.run("bifrost-executor", ["init"], { env: { DATABASE_URL: database.url, REDIS_URL: inject("redisUrl") } })).toMatchObject({ code: 0 });
  for (const env of [
    { DATABASE_URL: database.url, REDIS_URL: "redis://user:secret@127.0.0.1:1" },
    { DATABASE_URL: "postgres://user:secret@127.0.0.1:1/db", REDIS_URL: inject("redisUrl") },
  ]) {
    const { code, stdout, stderr } = await shell.run("run-workflow", ["wf.ts"], { env });
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    expect(stderr).toContain("127.0.0.1:1");
    expect(stderr).not.toContain("secret");
    const json = JSON.parse((await shell.run("run-workflow", ["wf.ts", "--json"], { env })).stdout) as { error: { code: string } };
    expect(json.error.code).toBe(env.REDIS_URL.includes("secret") ? "ERR_REDIS_UNAVAILABLE" : "ERR_DATABASE_UNAVAILABLE");
  }
});
