// What saving does to the files, to what is registered and to what runs see (B50 to B56), over a real Redis and a real
// PostgreSQL.
import { createHash, randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { indexKey } from "../../../src/snapshot/redis-keys.ts";
import { workflow } from "../../support/engine.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

it("B50: what is detected is what the syntax tree says, through every form of import, and is runnable at once", async () => {
  const harness = await world.harness({
    files: {
      "renamed.ts": `import { workflow as flow } from "bifrost"; export default flow({ name: "renamed" }, async () => "renamed");`,
      "space.ts": `import * as sdk from "bifrost"; export const run = sdk.workflow({ name: "space" }, async () => "space");`,
      "comment.ts": `// export default workflow({ name: "ghost" }, async () => 1);\nexport const text = 'workflow({ name: "ghost" })';`,
      "local.ts": `const workflow = (..._: unknown[]) => 1; export default workflow({ name: "ghost" }, async () => 1);`,
      "empty.ts": "",
      "broken.ts": `import { workflow } from "bifrost"; export default workflow({ name: "recovered" }, async () => 1); const x = ;`,
      "notes.md": "workflow()",
      "package.json": "{}",
    },
  });
  expect((await harness.run("renamed")).result).toBe("renamed");
  expect((await harness.run("space")).result).toBe("space");
  await expect(harness.run("ghost")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
  expect((await harness.run("recovered")).error).toMatchObject({ code: "ERR_MODULE_SYNTAX" });
  expect(Object.fromEntries((await harness.executor.files()).map(({ path, entityType }) => [path, entityType]))).toEqual({
    "broken.ts": "workflow",
    "comment.ts": "module",
    "empty.ts": "module",
    "local.ts": "module",
    "notes.md": "text",
    "package.json": "requirements",
    "renamed.ts": "workflow",
    "space.ts": "workflow",
  });
});

it("B50: a save with a syntax error deactivates nothing: the workflow is found, and fails with its place until it is mended", async () => {
  const source = `import { workflow } from "bifrost"; export default workflow({ name: "steady" }, async () => "mended");`;
  const harness = await world.harness({ files: { "wf.ts": source } });
  const [before] = await world.rows("select id from workflows where workspace_id = $1", [harness.executor.workspace.id]);
  const { diagnostics } = await harness.write({ "wf.ts": `${source}\nconst = 3;` });
  expect(diagnostics).not.toEqual([]);
  expect((await harness.run("steady")).error).toMatchObject({ code: "ERR_MODULE_SYNTAX", frames: [{ path: "wf.ts", line: 2 }] });
  await harness.write({ "wf.ts": source });
  expect((await harness.run(String(before?.["id"]))).result).toBe("mended");
});

it("B51: the same content makes no new version, and touches neither the database's rows nor a key of the cache", async () => {
  const files = { "wf.ts": workflow("return 1;"), "lib.ts": "export {};" };
  const harness = await world.harness({ files });
  await harness.executor.settled();
  const { id } = harness.executor.workspace;
  const state = async (): Promise<unknown> => ({
    files: await world.rows("select path, content_hash, updated_at from workspace_files where workspace_id = $1 order by path", [id]),
    head: await world.rows("select head_version, head_snapshot from workspaces where id = $1", [id]),
    history: await world.rows("select version from head_history where workspace_id = $1 order by version", [id]),
    keys: (await world.redis.keys(`bifrost:{${id}}:*`)).toSorted(),
  });
  const before = await state();
  const written = await harness.write(files);
  expect(written).toMatchObject({ changed: false });
  expect(await state()).toEqual(before);
});

it("B51: a workflow's id survives edits, a move, delete and re-creation, and a run by id finds it each time", async () => {
  const source = (n: number): string => `import { workflow } from "bifrost"; export default workflow({ name: "lasting" }, async () => ${n});`;
  const harness = await world.harness({ files: { "wf.ts": source(1) } });
  const [row] = await world.rows("select id from workflows where workspace_id = $1", [harness.executor.workspace.id]);
  const id = String(row?.["id"]);
  expect((await harness.run(id)).result).toBe(1);
  await harness.write({ "wf.ts": source(2) });
  expect((await harness.run(id)).result).toBe(2);
  await harness.executor.move("wf.ts", "flows/wf.ts");
  expect(await harness.run(id)).toMatchObject({ result: 2, workflow: "flows/wf.ts::default" });
  await harness.write({ "flows/wf.ts": null });
  await expect(harness.run(id)).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
  await harness.write({ "flows/wf.ts": source(3) });
  expect((await harness.run(id)).result).toBe(3);
});

it("B52: while a write's transaction is open, runs on every host see the old version; rolled back, they go on seeing it", async () => {
  const name = randomUUID();
  const harness = await world.harness({ workspace: name, files: { "wf.ts": workflow("return 1;") } });
  const refused = await world.host(name, ({ origin }) => ({
    origin: new Proxy(origin, {
      get(target, method) {
        if (method !== "commit") return Reflect.get(target, method) as unknown;
        return (...[workspace, change, beforeCommit]: Parameters<typeof origin.commit>) =>
          origin.commit(workspace, change, async (version) => {
            await beforeCommit(version);
            for (const host of [harness, await world.harness({ workspace: name })]) expect((await host.run("wf.ts")).result).toBe(1);
            throw new Error("the connection is lost");
          });
      },
    }),
  }));
  await expect(refused.write({ "wf.ts": workflow("return 2;") })).rejects.toThrow("the connection is lost");
  for (const host of [harness, await world.harness({ workspace: name })]) expect((await host.run("wf.ts")).result).toBe(1);
  await harness.write({ "wf.ts": workflow("return 3;") });
  expect((await (await world.harness({ workspace: name })).run("wf.ts")).result).toBe(3);
});

it("B53: delete is soft: the row stays without content, reading and importing say not found, and the path can be created again", async () => {
  const harness = await world.harness({ files: { "wf.ts": workflow("return (await import('./lib')).default;"), "lib.ts": "export default 1;" } });
  const { id } = harness.executor.workspace;
  await harness.write({ "lib.ts": null });
  expect(await world.rows("select is_deleted, content, content_hash from workspace_files where workspace_id = $1 and path = 'lib.ts'", [id])).toEqual([
    { is_deleted: true, content: null, content_hash: null },
  ]);
  expect(await world.redis.hkeys(indexKey(id))).toEqual(["wf.ts"]);
  await expect(harness.executor.readFile("lib.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
  expect((await harness.run("wf.ts")).error).toMatchObject({ message: expect.stringContaining("./lib") as string });
  await harness.write({ "lib.ts": "export default 2;" });
  expect((await harness.run("wf.ts")).result).toBe(2);
});

it("B54: a move takes the old path away and makes the new one importable, with content and hash; wrong ends are typed errors", async () => {
  const lib = "export default 'moved';";
  const harness = await world.harness({
    files: { "old.ts": workflow("return lib;", `import lib from "./lib";`), "new.ts": workflow("return lib;", `import lib from "./deep/lib";`), "lib.ts": lib },
  });
  const { id } = harness.executor.workspace;
  await harness.executor.move("lib.ts", "deep/lib.ts");
  expect((await harness.run("new.ts")).result).toBe("moved");
  expect((await harness.run("old.ts")).error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
  expect(await world.redis.hget(indexKey(id), "deep/lib.ts")).toBe(hashOf(lib));
  await expect(harness.executor.move("lib.ts", "x.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
  await expect(harness.executor.move("deep/lib.ts", "new.ts")).rejects.toMatchObject({ code: "ERR_PATH_EXISTS" });
  await harness.executor.move("deep/lib.ts", "lib.ts");
  await harness.executor.move("lib.ts", "lib.md");
  expect((await harness.run("old.ts")).error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
  await harness.executor.move("lib.md", "lib.ts");
  expect((await harness.run("old.ts")).result).toBe("moved");
});

it("B55: a file goes from module to workflow, tool, data provider and back, and each time type, registry and runs agree", async () => {
  const harness = await world.harness({ files: { "main.ts": workflow("return typeof it;", `import it from "./it";`), "it.ts": "export default 1;" } });
  const { id } = harness.executor.workspace;
  const stages = [
    ["workflow", "workflow", `import { workflow } from "bifrost"; export default workflow({ name: "thing" }, async () => "as workflow");`],
    ["tool", "tool", `import { tool } from "bifrost"; export default tool({ name: "thing" }, async () => "as tool");`],
    [
      "data_provider",
      "data_provider",
      `import { dataProvider } from "bifrost"; export default dataProvider({ name: "thing" }, async () => [{ label: "as", value: "provider" }]);`,
    ],
    ["module", undefined, "export default 2;"],
    ["workflow", "workflow", `import { workflow } from "bifrost"; export default workflow({ name: "thing" }, async () => "again");`],
  ] as const;
  const ids = new Set<unknown>();
  for (const [entityType, kind, source] of stages) {
    await harness.write({ "it.ts": source });
    const file = (await harness.executor.files()).find(({ path }) => path === "it.ts");
    expect(file).toMatchObject({ entityType, hash: hashOf(source) });
    expect(await world.redis.hget(indexKey(id), "it.ts")).toBe(hashOf(source));
    const active = await world.rows("select id, kind from workflows where workspace_id = $1 and path = 'it.ts' and is_active", [id]);
    expect(active.map((row) => row["kind"] as string)).toEqual(kind === undefined ? [] : [kind]);
    for (const row of active) ids.add(row["id"]);
    if (kind === undefined) await expect(harness.run("thing")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
    else expect(await harness.run("thing")).toMatchObject({ status: "Success" });
    expect((await harness.run("main.ts")).result).toBe(kind === undefined ? "number" : "function");
  }
  expect(ids.size).toBe(1);
});

it("B56: a write that expects another hash is a conflict, one whose file is gone is not found, and nothing is written", async () => {
  const name = randomUUID();
  const [one, other] = await Promise.all([world.harness({ workspace: name, files: { "wf.ts": workflow("return 1;") } }), world.harness({ workspace: name })]);
  const seen = hashOf(workflow("return 1;"));
  await one.executor.write({ "wf.ts": workflow("return 2;") }, { expectedHash: { "wf.ts": seen } });
  await expect(other.executor.write({ "wf.ts": workflow("return 3;"), "more.ts": "export {};" }, { expectedHash: { "wf.ts": seen } })).rejects.toMatchObject({
    code: "ERR_CONTENT_CHANGED",
  });
  expect((await other.executor.files()).map(({ path }) => path)).toEqual(["wf.ts"]);
  expect((await other.run("wf.ts")).result).toBe(2);
  await one.write({ "wf.ts": null });
  await expect(other.executor.write({ "wf.ts": workflow("return 4;") }, { expectedHash: { "wf.ts": seen } })).rejects.toMatchObject({
    code: "ERR_PATH_NOT_FOUND",
  });
});

it("B59a: a push makes the stored workspace equal to the directory in one version, a rename in it is a move that keeps the id", async () => {
  const source = `import { workflow } from "bifrost"; export default workflow({ name: "kept" }, async () => 1);`;
  using directory = temporaryDirectory({
    "a.ts": source,
    "lib/b.ts": "export {};",
    ".env": "SECRET=1",
    "node_modules/x/index.js": "1",
    ".gitignore": "*.log\n",
    "x.log": "noise",
  });
  const harness = await world.harness({ directory: directory.path });
  const { id } = harness.executor.workspace;
  expect((await harness.executor.files()).map(({ path }) => path)).toEqual(["a.ts", "lib/b.ts"]);
  const ids = async (): Promise<unknown> => await world.rows("select id, path from workflows where workspace_id = $1 and is_active", [id]);
  const [before] = (await ids()) as { id: string }[];
  using renamed = temporaryDirectory({ "flows/a.ts": source });
  const { version } = await harness.write({ "unrelated.md": "x" });
  await harness.executor.pushDirectory(renamed.path);
  expect(await world.rows("select head_version::int as version from workspaces where id = $1", [id])).toEqual([{ version: version + 1 }]);
  expect(await ids()).toEqual([{ id: before?.id, path: "flows/a.ts" }]);
  expect((await harness.executor.files()).map(({ path }) => path)).toEqual(["flows/a.ts"]);
  expect((await harness.run("kept")).result).toBe(1);
});
