// What a write leaves in the tables, where the origin's port does not show it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmbeddedInMemory } from "../../../db/embedded.ts";
import { migrateToLatest } from "../../../db/migrate.ts";
import type { OpenDatabase } from "../../../db/open-database.ts";
import { openPostgres } from "../../../db/postgres.ts";
import { findRequirements } from "../../../db/queries/requirements.ts";
import { hashContent } from "../../../src/modules/content-hash.ts";
import type { ModulePath } from "../../../src/modules/module-path.ts";
import type { Change, Origin } from "../../../src/snapshot/origin.ts";
import { createDatabaseOrigin } from "../../../src/workspace/database-origin.ts";
import { preparedFile } from "../../support/origin-contract.ts";
import { freshDatabase } from "../../support/servers/fresh.ts";

async function postgres(): Promise<{ readonly database: OpenDatabase; readonly drop: () => Promise<void> }> {
  const fresh = await freshDatabase();
  return { database: await openPostgres(fresh.url), drop: () => fresh.drop() };
}

describe.each([
  { name: "PostgreSQL", create: postgres },
  { name: "embedded database", create: async () => ({ database: await openEmbeddedInMemory(), drop: async () => undefined }) },
])("rows on $name", ({ create }) => {
  let opened: Awaited<ReturnType<typeof create>>;
  let db: OpenDatabase["db"];
  let origin: Origin;
  let made = 0;

  beforeAll(async () => {
    opened = await create();
    db = opened.database.db;
    await migrateToLatest(db);
    origin = createDatabaseOrigin({ db, describeServer: opened.database.server, exclusive: opened.database.exclusive, readCompilerOptions: () => ({}) });
  });
  afterAll(async () => {
    await opened?.database.close();
    await opened?.drop();
  });

  async function freshWorkspace(): Promise<string> {
    made += 1;
    return (await origin.workspace(`rows-${made}`, { create: true }))!.id;
  }

  function commit(workspace: string, change: Partial<Change>) {
    return origin.commit(workspace, { put: [], remove: [], move: [], ...change }, async () => undefined);
  }

  it("B53: a deleted file keeps its row, without content", async () => {
    const workspace = await freshWorkspace();
    await commit(workspace, { put: [preparedFile("a.ts", "1")] });
    await commit(workspace, { remove: ["a.ts" as ModulePath] });
    const rows = await db
      .selectFrom("workspace_files")
      .select(["path", "content", "content_hash", "is_deleted"])
      .where("workspace_id", "=", workspace)
      .execute();
    expect(rows).toEqual([{ path: "a.ts", content: null, content_hash: null, is_deleted: true }]);
  });

  it("a stored setting that cannot be read is an error naming workspace, setting and value, until that one is set anew", async () => {
    const [name, id] = [`rows-${made + 1}`, await freshWorkspace()];
    await origin.updateSettings(name, { cpuMs: 7 });
    await db.updateTable("workspaces").set({ settings: '{"cpuMs":7,"memoryBytes":"lots"}' }).where("id", "=", id).execute();
    const fault = { code: "ERR_CONFIG_INVALID", details: { workspace: name, setting: "memory", received: '"lots"' } };
    await expect(origin.workspace(name)).rejects.toMatchObject(fault);
    await expect(origin.ownSettings(name)).rejects.toMatchObject(fault);
    await expect(origin.updateSettings(name, { logLines: 5 })).rejects.toMatchObject(fault);
    expect(await origin.updateSettings(name, { memoryBytes: null })).toMatchObject({ limits: { cpuMs: 7, memoryBytes: 134_217_728 } });
    expect(await origin.ownSettings(name)).toEqual({ cpuMs: 7 });
  });

  it("the columns that the release before knows hold the limits as they were last set", async () => {
    const [name, id] = [`rows-${made + 1}`, await freshWorkspace()];
    const columns = () => db.selectFrom("workspaces").select(["wall_ms", "cpu_ms", "memory_bytes"]).where("id", "=", id).executeTakeFirstOrThrow();
    expect(await columns()).toEqual({ wall_ms: 300_000, cpu_ms: 60_000, memory_bytes: 134_217_728 });
    await origin.updateSettings(name, { wallMs: 0, memoryBytes: 16_777_216 });
    expect(await columns()).toEqual({ wall_ms: 0, cpu_ms: 60_000, memory_bytes: 16_777_216 });
    await origin.updateSettings(name, { wallMs: null });
    expect(await columns()).toEqual({ wall_ms: 300_000, cpu_ms: 60_000, memory_bytes: 16_777_216 });
  });

  it("B70: the manifest's row follows the root package.json, and no other", async () => {
    const workspace = await freshWorkspace();
    await commit(workspace, { put: [preparedFile("package.json", '{"name":"\u0000"}'), preparedFile("sub/package.json", "{}")] });
    const kept = (await findRequirements(db, workspace))!;
    expect([Buffer.from(kept.content).toString(), kept.hash]).toEqual(['{"name":"\u0000"}', hashContent('{"name":"\u0000"}')]);
    await commit(workspace, { put: [preparedFile("package.json", "{}")] });
    expect((await findRequirements(db, workspace))!.hash).toBe(hashContent("{}"));
    await commit(workspace, { remove: ["package.json" as ModulePath] });
    expect(await findRequirements(db, workspace)).toBeUndefined();
  });

  it("every version is in the history of HEAD, with its snapshot", async () => {
    const workspace = await freshWorkspace();
    const commits = [await commit(workspace, { put: [preparedFile("a.ts", "1")] }), await commit(workspace, { put: [preparedFile("a.ts", "2")] })];
    const rows = await db.selectFrom("head_history").select(["version", "snapshot_id"]).where("workspace_id", "=", workspace).orderBy("version").execute();
    expect(rows).toEqual(commits.map(({ head }) => ({ version: head.version, snapshot_id: head.snapshotId })));
  });

  it("B24: a compiled row that does not fit its own hash is left out, and saving it again makes it good", async () => {
    const workspace = await freshWorkspace();
    const module = preparedFile("a.ts", "damaged soon").compiled!;
    await commit(workspace, { put: [preparedFile("a.ts", "damaged soon")] });
    for (const damage of [
      { js: Buffer.from("evil()") },
      { js: Buffer.of(0xff) },
      { map: Buffer.from("{}") },
      { facts: '{"imports":[],"exports":[],"entities":[],"diagnostics":[1]}' },
    ]) {
      await db.updateTable("compiled").set(damage).where("key", "=", module.key).execute();
      expect((await origin.compiled([module.key])).size).toBe(0);
      await origin.saveCompiled([module]);
      expect(await origin.compiled([module.key])).toEqual(new Map([[module.key, module]]));
    }
  });

  it("B50: names and exports that hold U+0000 or lone surrogates are registered, found and kept as they are", async () => {
    const workspace = await freshWorkspace();
    const entities = [
      { kind: "workflow", exportName: "a\u0000", name: "nul \u0000" },
      { kind: "tool", exportName: "b", name: "half \ud800" },
    ] as const;
    await commit(workspace, { put: [preparedFile("a.ts", "1", { entities })] });
    for (const { exportName, name } of entities) expect(await origin.executables(workspace, { name })).toMatchObject([{ exportName, name, active: true }]);
    expect(await origin.executables(workspace, { name: "nul " })).toEqual([]);
  });

  it("B4: files under a directory are found by whole segments, whatever letters follow", async () => {
    const workspace = await freshWorkspace();
    const paths = ["foo", "foo!.ts", "foobar.ts", "foo-x/a.ts", "foo0/a.ts"];
    await commit(workspace, { put: paths.map((path) => preparedFile(path, "1")) });
    await commit(workspace, { put: ["dir/a.ts", "dir/b/c.ts", "dir.ts", "dir0/a.ts", "dir-/a.ts", "dir/😀.ts"].map((path) => preparedFile(path, "1")) });
    expect((await origin.files(workspace, { under: "foo" })).map((file) => file.path)).toEqual(["foo"]);
    expect((await origin.files(workspace, { under: "dir" })).map((file) => file.path)).toEqual(["dir/a.ts", "dir/b/c.ts", "dir/😀.ts"]);
  });
});
