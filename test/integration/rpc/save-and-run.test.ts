// B110 and what goes with it: a file that is saved over HTTP is in the database, in Redis, in the next execution, and its result
// in the database; with a real Redis and a real PostgreSQL.
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { updateSettings } from "../../../db/queries/workspaces.ts";
import { hashContent } from "../../../src/modules/content-hash.ts";
import { workflowListSchema, workflowSchema } from "../../../src/rpc/contract-workflows.ts";
import { workspaceListSchema, workspaceSchema } from "../../../src/rpc/contract-workspaces.ts";
import { limitColumns } from "../../../src/workspace/database-rows.ts";
import { writtenDocument } from "../../architecture/openapi-document.ts";
import { useRpcWorld } from "../../support/rpc-world.ts";

const world = useRpcWorld();

const source = (result: string): string =>
  `import { workflow } from "bifrost";\nimport { part } from "./shared/part";\nexport default workflow(async (_, ctx) => { ctx.log.info("ran"); return part(${JSON.stringify(result)}); });\n`;
const PART = `export function part(text: string) { return { text }; }\n`;

describe("B110: save, run, look", () => {
  it("a file saved over HTTP is in PostgreSQL and Redis, the next execution runs it, and its end is in PostgreSQL", async () => {
    const workspace = await world.workspace({});
    const { executor } = await world.host.workspace(workspace);
    const { db } = world.host.backing.database;
    for (const result of ["first", "second"]) {
      const saved = await world.ask("PUT", "/v1/files", { workspace, body: { files: { "wf.ts": source(result), "shared/part.ts": PART } } });
      const hash = hashContent(source(result));
      expect(saved.body.set["wf.ts"]).toBe(hash);
      const row = await db
        .selectFrom("workspace_files")
        .selectAll()
        .where("workspace_id", "=", executor.workspace.id)
        .where("path", "=", "wf.ts")
        .executeTakeFirstOrThrow();
      expect([row.content_hash, row.entity_type, Buffer.from(row.content ?? []).toString()]).toEqual([hash, "workflow", source(result)]);
      expect((await executor.moduleCache.getModule("wf.ts"))?.hash).toBe(hash);

      const { status, body } = await world.ask("POST", "/v1/executions", { workspace, body: { workflow: "wf.ts", input: { n: 1 } } });
      expect([status, body.status, body.result]).toEqual([200, "Success", { text: result }]);
      expect([body.snapshotId, body.modules]).toEqual([
        saved.body.snapshotId,
        [
          { path: "shared/part.ts", hash: hashContent(PART) },
          { path: "wf.ts", hash },
        ],
      ]);

      const kept = await db.selectFrom("executions").selectAll().where("id", "=", body.id).executeTakeFirstOrThrow();
      expect([kept.status, JSON.parse(kept.result ?? ""), JSON.parse(kept.input)]).toEqual(["Success", { text: result }, { n: 1 }]);
      const lines = await db.selectFrom("execution_logs").selectAll().where("execution_id", "=", body.id).execute();
      expect(lines.map(({ message }) => message)).toEqual(["ran"]);
    }
  });

  it("Redis emptied between the two, the execution runs all the same", async () => {
    const workspace = await world.workspace({ "wf.ts": source("kept"), "shared/part.ts": PART });
    const redis = new Redis(world.redisUrl);
    await redis.flushdb();
    redis.disconnect();
    const { body } = await world.ask("POST", "/v1/executions", { workspace, body: { workflow: "wf.ts" } });
    expect([body.status, body.result]).toEqual(["Success", { text: "kept" }]);
  });

  it("B8: imports that are denied are denied on this path as well", async () => {
    const workspace = await world.workspace({
      "fs.ts": `import { workflow } from "bifrost";\nimport { readFileSync } from "node:fs";\nexport default workflow(async () => readFileSync("/etc/passwd", "utf8"));\n`,
      "up.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => await import("../../etc/passwd"));\n`,
    });
    const run = async (workflow: string) => (await world.ask("POST", "/v1/executions", { workspace, body: { workflow } })).body;
    expect((await run("fs.ts")).error.code).toBe("ERR_IMPORT_DENIED");
    expect((await run("up.ts")).error.code).toBe("ERR_SPECIFIER_INVALID");
  });
});

describe("workflows", () => {
  it("are listed with the JSON Schema of their input, by kind and whether they are there, and given by any reference", async () => {
    const workspace = await world.workspace({
      "b/greet.ts": `import { workflow, z } from "bifrost";\nexport const greet = workflow({ name: "Greet", params: z.object({ days: z.number().default(3) }), timeout: "5s" }, async () => 1);\n`,
      "a.ts": `import { tool } from "bifrost";\nexport default tool(async () => 1);\n`,
      "gone.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => 1);\n`,
    });
    await world.ask("PUT", "/v1/files", { workspace, body: { files: { "gone.ts": "export default 1;\n" } } });
    await (await world.host.workspace(workspace)).executor.settled();
    const list = async (query = "") => (await world.ask("GET", `/v1/workflows${query}`, { workspace })).body;
    const all = await list();
    expect(workflowListSchema.parse(all)).toEqual(all);
    const names = (answer: { workflows: { path: string; export: string }[] }): string[] => answer.workflows.map((each) => `${each.path}::${each.export}`);
    expect(names(all)).toEqual(["a.ts::default", "b/greet.ts::greet", "gone.ts::default"]);
    expect(names(await list("?kind=tool"))).toEqual(["a.ts::default"]);
    expect(names(await list("?active=false"))).toEqual(["gone.ts::default"]);
    const greet = all.workflows[1];
    expect(greet).toMatchObject({
      name: "Greet",
      kind: "workflow",
      active: true,
      timeoutMs: 5000,
      parametersReason: null,
      parameters: { type: "object", properties: { days: { type: "number" } } },
    });
    for (const reference of ["Greet", "b/greet.ts::greet", greet.id]) {
      const { status, body } = await world.ask("GET", `/v1/workflows/${encodeURIComponent(reference)}`, { workspace });
      expect([status, body]).toEqual([200, greet]);
      expect(workflowSchema.parse(body)).toEqual(body);
    }
    for (const [reference, code] of [
      ["gone.ts", "ERR_EXECUTABLE_NOT_FOUND"],
      ["missing.ts", "ERR_PATH_NOT_FOUND"],
      ["Gret", "ERR_WORKFLOW_NOT_FOUND"],
      ["b/greet.ts::other", "ERR_EXECUTABLE_NOT_FOUND"],
    ] as const) {
      const { status, body } = await world.ask("GET", `/v1/workflows/${encodeURIComponent(reference)}`, { workspace });
      expect([status, body.code]).toEqual([404, code]);
    }
  });
});

describe("workspaces", () => {
  it("are made, listed, set and shown; what is wrong changes nothing", async () => {
    const name = `made over HTTP ${process.pid}`;
    const path = `/v1/workspaces/${encodeURIComponent(name)}`;
    expect((await world.ask("GET", path)).status).toBe(404);
    const made = await world.ask("PUT", path, { body: { settings: { timeout: "2s", memoryBytes: 64 * 1024 * 1024, webAssembly: true } } });
    expect(made.status).toBe(200);
    expect(workspaceSchema.parse(made.body)).toEqual(made.body);
    expect([made.body.settings.timeout, made.body.settings.memory.value, made.body.settings.webAssembly.value]).toEqual([
      { value: 2000, unit: "ms", default: 300_000, own: true, code: "ERR_TIMEOUT_WALL" },
      64 * 1024 * 1024,
      true,
    ]);
    const listed = await world.ask("GET", "/v1/workspaces");
    expect(workspaceListSchema.parse(listed.body)).toEqual(listed.body);
    expect(listed.body.workspaces).toContainEqual({ name });
    for (const settings of [{ timeout: "soon" }, { timeout: "3s", colour: "red" }, { timeout: -1 }, { timeout: "3s", wallMs: 4000 }]) {
      const { status, body } = await world.ask("PUT", path, { body: { settings } });
      expect([settings, status, body.code]).toEqual([settings, 400, "ERR_INPUT_INVALID"]);
    }
    const shown = await world.ask("PUT", path, { body: { settings: { memory: null } } });
    expect([shown.body.settings.timeout.value, shown.body.settings.memory.own]).toEqual([2000, false]);
    expect((await world.ask("PUT", path, { body: {} })).body).toEqual(shown.body);
  });

  it("whose stored settings cannot be read are set right", async () => {
    const name = await world.workspace({});
    const path = `/v1/workspaces/${name}`;
    const { id, limits } = (await world.host.workspace(name)).executor.workspace;
    await updateSettings(world.host.backing.database.db, id, { settings: '{"wallMs":"soon"}', ...limitColumns(limits) });
    expect((await world.ask("GET", path)).body.code).toBe("ERR_CONFIG_INVALID");
    expect((await world.ask("PUT", path, { body: { settings: { timeout: "1m" } } })).body.settings.timeout).toMatchObject({ value: 60_000, own: true });
  });
});

describe("health", () => {
  it("GET /health says ok, GET /ready what it looked at, GET /metrics gives text, GET /openapi.json the contract", async () => {
    expect((await world.ask("GET", "/health", { token: null })).body).toEqual({ status: "ok" });
    const ready = await world.ask("GET", "/ready");
    expect([ready.status, ready.body.ready]).toEqual([200, true]);
    const looked = ready.body.checks.map(({ name }: { name: string }) => name);
    expect(looked).toEqual(["database", "redis"]);
    const metrics = await world.ask("GET", "/metrics");
    expect([metrics.headers.get("content-type"), metrics.text]).toEqual(["text/plain; version=0.0.4; charset=utf-8", "metric 1\n"]);
    const document = (await world.ask("GET", "/openapi.json")).body;
    expect(document.paths["/ready"].get.summary.toLowerCase()).toContain(`: ${looked.join(", ")}, and that the host is not shutting down`);
    expect([document.openapi, document.components.securitySchemes.bearer]).toEqual(["3.1.0", { type: "http", scheme: "bearer" }]);
    expect(document).toEqual(JSON.parse(writtenDocument()));
  });
});
