// What the database has of runs and pushes made by the bins: the records of executions, and the parameters of workflows.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Execution } from "../../src/completion.ts";
import { commandLine, type CommandLine, type Ended } from "../support/command-line.ts";
import { useStoredWorld } from "../support/stored-world.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const world = useStoredWorld();
let shell: CommandLine;
beforeAll(async () => {
  shell = await commandLine({ DATABASE_URL: world.servers.databaseUrl, REDIS_URL: world.servers.redisUrl });
});
afterAll(async () => {
  await shell[Symbol.asyncDispose]();
});

/** Pushed to a workspace of its own: how to run in it. */
async function pushed(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly name: string; push(files: Readonly<Record<string, string | null>>): Promise<Ended>; run(...args: string[]): Promise<Execution> }> {
  const name = randomUUID();
  let now: Record<string, string> = {};
  async function push(change: Readonly<Record<string, string | null>>): Promise<Ended> {
    now = Object.fromEntries(Object.entries({ ...now, ...change }).filter((entry): entry is [string, string] => entry[1] !== null));
    using directory = temporaryDirectory(now);
    const ended = await shell.run("bifrost-executor", ["push", directory.path, "--workspace", name]);
    expect(ended).toMatchObject({ code: 0 });
    return ended;
  }
  await push(files);
  return { name, push, run: async (...args) => JSON.parse((await shell.run("run-workflow", [...args, "--json", "--workspace", name])).stdout) as Execution };
}

const ENDS = `import { workflow } from "bifrost";
import { depth } from "./depth";
export const success = workflow(async (p: any, ctx) => { ctx.log.info("one", { n: 1 }); console.warn("two"); return { got: p, depth }; });
export const failed = workflow(async (_p, ctx) => { ctx.log.error("before"); throw new RangeError("too far", { cause: new Error("because") }); });
export const half = workflow(async () => ({ success: false, done: 3 }));
export const endless = workflow(async (_p, ctx) => { ctx.log.info("begun"); for (;;) {} });
export const hungry = workflow(async (_p, ctx) => { ctx.log.info("begun"); const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(all.length)); });
`;

it("every end of a run leaves its whole record: status, snapshot, input, result or error, modules, usage, times and logs, as the envelope says", async () => {
  const workspace = await pushed({ "ends.ts": ENDS, "depth/index.ts": "export const depth = 2;" });
  const runs: readonly (readonly [string[], Record<string, unknown>, string[]])[] = [
    [["ends.ts::success", "-i", '{"b":1,"a":"ü\\u0000"}'], { status: "Success", result: { got: { b: 1, a: "ü\0" }, depth: 2 } }, ["info one", "warn two"]],
    [["ends.ts::failed"], { status: "Failed", error: { name: "RangeError", message: "too far", cause: { message: "because" } } }, ["error before"]],
    [["ends.ts::half"], { status: "CompletedWithErrors", result: { success: false, done: 3 } }, []],
    [["ends.ts::endless", "--timeout", "600ms"], { status: "Timeout", error: { code: "ERR_TIMEOUT_WALL" } }, ["info begun"]],
    [["ends.ts::endless", "--cpu", "200ms"], { status: "Timeout", error: { code: "ERR_TIMEOUT_CPU" } }, ["info begun"]],
    [["ends.ts::hungry", "--memory", "16mb"], { status: "Failed", error: { code: "ERR_MEMORY_LIMIT" } }, ["info begun"]],
  ];
  const host = await world.harness({ workspace: workspace.name });
  for (const [args, expected, lines] of runs) {
    const envelope = await workspace.run(...args);
    expect(envelope).toMatchObject(expected);
    expect(envelope.modules.map(({ path }) => path)).toEqual(["depth/index.ts", "ends.ts"]);
    expect(envelope.logs.map(({ level, message }) => `${level} ${message}`)).toEqual(lines);
    expect(await host.executor.execution(envelope.id)).toEqual(envelope);
    const [row] = await world.rows(
      "select workflow, snapshot_id, status, input::text as input, started_at <= finished_at as in_order from executions where id = $1",
      [envelope.id],
    );
    expect(row).toEqual({
      workflow: args[0],
      snapshot_id: envelope.snapshotId,
      status: envelope.status,
      input: args[1] === "-i" ? expect.stringContaining('{"b":1,"a":') : "{}",
      in_order: true,
    });
    const logged = await world.rows("select count(*)::int as n from execution_logs where execution_id = $1", [envelope.id]);
    expect(logged).toEqual([{ n: lines.length }]);
  }
}, 120_000);

it("what never began leaves no record: an unknown reference, an input that is no JSON, a dry run", async () => {
  const { name } = await pushed({ "wf.ts": `import { workflow } from "bifrost"; export default workflow(async () => 1);` });
  const ends = [["nobody"], ["wf.ts", "-i", "{"], ["wf.ts", "--dry-run"]].map((args) => shell.run("run-workflow", [...args, "--workspace", name]));
  expect((await Promise.all(ends)).map(({ code }) => code)).toEqual([3, 2, 0]);
  expect(await world.rows("select e.id from executions e join workspaces w on w.id = e.workspace_id where w.name = $1", [name])).toEqual([]);
});

it("an input that does not fit the schema and an import that does not link are executions, and are recorded", async () => {
  const workspace = await pushed({
    "wf.ts": `import { workflow, z } from "bifrost"; export default workflow({ params: z.object({ n: z.number() }) }, async () => 1);`,
    "lonely.ts": `import { workflow } from "bifrost"; import "./nobody"; export default workflow(async () => 1);`,
  });
  for (const [args, code] of [
    [["wf.ts", "-p", "n=x"], "ERR_INPUT_INVALID"],
    [["lonely.ts"], "ERR_MODULE_NOT_FOUND"],
  ] as const) {
    const envelope = await workspace.run(...args);
    expect(envelope).toMatchObject({ status: "Failed", error: { code } });
    expect(await world.rows("select status, error->>'code' as code from executions where id = $1", [envelope.id])).toEqual([{ status: "Failed", code }]);
  }
});

async function parameters(workspace: string): Promise<Record<string, unknown>> {
  const rows = await world.rows(
    "select f.path, f.export_name, f.parameter_schema as schema, f.parameters_reason as reason from workflows f join workspaces w on w.id = f.workspace_id where w.name = $1 and f.is_active",
    [workspace],
  );
  return Object.fromEntries(rows.map(({ path, export_name, schema, reason }) => [`${String(path)}::${String(export_name)}`, reason ?? schema]));
}

it("B50: when push has ended, the parameters of every workflow, tool and data provider are there as JSON Schema, or the reason why not", async () => {
  const { name, push } = await pushed({
    "wf.ts": `import { workflow, tool, dataProvider, z } from "bifrost";
import { limit } from "./limit";
export default workflow({ name: "all", params: z.object({ days: z.number().int().max(limit).default(30), who: z.string().optional() }) }, async () => 1);
export const look = tool({ name: "look", params: z.object({ id: z.string() }) }, async () => 1);
export const choices = dataProvider({ name: "choices", params: z.object({ kind: z.enum(["a", "b"]) }) }, async () => []);
export const free = workflow(async () => 1);
`,
    "limit.ts": "export const limit = 90;",
    "throws.ts": `import { workflow, z } from "bifrost"; throw new TypeError("not today"); export default workflow({ params: z.object({}) }, async () => 1);`,
    "lonely.ts": `import { workflow } from "bifrost"; import "./nobody"; export default workflow(async () => 1);`,
  });
  const found = await parameters(name);
  expect(found["wf.ts::default"]).toMatchObject({
    type: "object",
    properties: { days: { type: "integer", maximum: 90, default: 30 }, who: { type: "string" } },
  });
  expect(found["wf.ts::look"]).toMatchObject({ properties: { id: { type: "string" } }, required: ["id"] });
  expect(found["wf.ts::choices"]).toMatchObject({ properties: { kind: { enum: ["a", "b"] } } });
  expect(found["wf.ts::free"]).toSatisfy((value) => value === null || typeof value === "string");
  expect(found["throws.ts::default"]).toContain("not today");
  expect(found["lonely.ts::default"]).toContain("./nobody");

  await push({ "throws.ts": `import { workflow, z } from "bifrost"; export default workflow({ params: z.object({ mended: z.boolean() }) }, async () => 1);` });
  expect((await parameters(name))["throws.ts::default"]).toMatchObject({ properties: { mended: { type: "boolean" } } });

  // The schema depends on what the entry imports: so does what is stored.
  await push({ "limit.ts": "export const limit = 7;", "nobody.ts": "export {};" });
  const again = await parameters(name);
  expect(again["wf.ts::default"]).toMatchObject({ properties: { days: { maximum: 7 } } });
  expect(again["lonely.ts::default"]).toSatisfy((value) => typeof value !== "string" || !value.includes("./nobody"));
}, 60_000);

it("B50: a top level that never ends keeps push no longer than the workspace's limit, and the reason says so", async () => {
  const { name, push } = await pushed({ "README.md": "" });
  await world.rows(`update workspaces set settings = '{"wallMs": 1200}' where name = $1`, [name]);
  await push({
    "endless.ts": `import { workflow, z } from "bifrost"; for (;;) {} export default workflow({ params: z.object({}) }, async () => 1);`,
    "stuck.ts": `import { workflow, z } from "bifrost"; await new Promise(() => {}); export default workflow({ params: z.object({}) }, async () => 1);`,
    "fine.ts": `import { workflow, z } from "bifrost"; export default workflow({ params: z.object({ a: z.string() }) }, async () => 1);`,
  });
  const found = await parameters(name);
  expect(found["endless.ts::default"]).toContain("1200 ms");
  expect(found["stuck.ts::default"]).toContain("1200 ms");
  expect(found["fine.ts::default"]).toMatchObject({ properties: { a: { type: "string" } } });
  expect(await world.rows("select e.id from executions e join workspaces w on w.id = e.workspace_id where w.name = $1", [name])).toEqual([]);
}, 90_000);
