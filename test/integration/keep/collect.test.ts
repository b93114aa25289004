// What a collection of garbage removes, and what it keeps, on both databases.
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { compiledKeyOf } from "../../../src/modules/compile-key.ts";
import { hashContent } from "../../../src/modules/content-hash.ts";
import type { WorkspaceId } from "../../../src/snapshot/snapshot-record.ts";
import { openKeptWorld, type KeptWorld } from "../../support/kept-world.ts";

describe.for(["PostgreSQL", "embedded database"] as const)("over %s", (kind) => {
  let world: KeptWorld;
  let acme: WorkspaceId;
  beforeAll(async () => {
    world = await openKeptWorld(kind);
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(async () => {
    await sql`truncate workspaces, compiled, hosts, upkeep cascade`.execute(world.database.db);
    acme = await world.workspace("acme");
  });

  it("what is HEAD, what was HEAD in the last 30 days and what executions need is kept whole; all else goes, and only once", async () => {
    const first = await world.write(acme, { "a.ts": "1", "old/gone.ts": "gone", "old/deep/gone.ts": "deep" });
    const needed = await world.write(acme, { "a.ts": "2", "old/gone.ts": null, "old/deep/gone.ts": null });
    const asked = await world.write(acme, { "a.ts": "3", "lib/x.ts": "x" });
    const running = await world.write(acme, { "a.ts": "4", "lib/x.ts": "y" });
    const before = await world.write(acme, { "a.ts": "5", "lib/x.ts": null });
    await world.age(40);
    await world.execution(acme, { snapshotId: needed });
    await world.execution(acme, { asked, status: "Scheduled" });
    await world.execution(acme, { snapshotId: running, status: "Running" });
    const within = await world.write(acme, { "a.ts": "6" });
    await world.age(20);
    const head = await world.write(acme, { "a.ts": "7" });

    expect(await world.collected()).toEqual({ versions: 4, snapshots: 2, trees: 3, contents: 3, compiled: 3 });
    expect(await world.collected()).toEqual({});
    expect(await world.read(acme, first)).toBeUndefined();
    expect(await world.read(acme, needed)).toEqual({ "a.ts": "2" });
    expect(await world.read(acme, asked)).toEqual({ "a.ts": "3", "lib/x.ts": "x" });
    expect(await world.read(acme, running)).toEqual({ "a.ts": "4", "lib/x.ts": "y" });
    // It was HEAD when the 30 days began.
    expect(await world.read(acme, before)).toEqual({ "a.ts": "5" });
    expect(await world.read(acme, within)).toEqual({ "a.ts": "6" });
    expect(await world.read(acme, head)).toEqual({ "a.ts": "7" });
    expect(await world.origin.keepSnapshot(acme, first)).toBe(false);
    expect(await world.origin.keepSnapshot(acme, needed)).toBe(true);
  });

  it("executions that ended longer ago than their workspace's retention go with their logs; those that have not ended never do", async () => {
    const other = await world.workspace("keeps-all");
    const short = await world.workspace("keeps-a-week");
    await world.origin.updateSettings("keeps-all", { retentionDays: 0 });
    await world.origin.updateSettings("keeps-a-week", { retentionDays: 7 });
    const waits = ["Scheduled", "Pending", "Running", "Cancelling"];
    for (const workspace of [acme, other, short]) {
      await world.execution(workspace, { lines: 3 });
      for (const status of waits) await world.execution(workspace, { status, lines: 2 });
    }
    await world.age(25);
    for (const workspace of [acme, other, short]) await world.execution(workspace, { status: "Stuck", lines: 1 });
    await world.age(6);
    expect(await world.collected({ dryRun: true })).toMatchObject({ executions: 2, logLines: 6 });
    const { deleted } = await world.collect();
    expect(deleted).toMatchObject({ executions: { count: 2 }, logLines: { count: 6 } });
    expect(deleted.executions.bytes).toBeGreaterThan(10);
    expect(deleted.logLines.bytes).toBeGreaterThan(10);
    await world.age(365);
    expect(await world.collected()).toMatchObject({ executions: 2, logLines: 2 });
    expect(await world.count("executions")).toBe(2 + 3 * waits.length);
    expect(await world.count("execution_logs")).toBe(4 + 3 * waits.length * 2);
  });

  it("more executions than go at once go all", async () => {
    for (let index = 0; index < 120; index += 1) await world.execution(acme, { lines: 1 });
    await world.age(31);
    expect(await world.collected()).toMatchObject({ executions: 120, logLines: 120 });
  });

  it("a dry run deletes nothing, and counts what the next one deletes", async () => {
    const snapshots = [];
    for (const text of ["1", "2", "3", "4"]) snapshots.push(await world.write(acme, { "a.ts": text, "lib/a.ts": `in lib ${text}`, "lib/same.ts": "same" }));
    const other = await world.workspace("other");
    await world.write(other, { "b.ts": "2" });
    await world.execution(acme, { snapshotId: snapshots[1]!, lines: 2 });
    await sql`insert into hosts (id, name, slots) values (${crypto.randomUUID()}, 'past', 1)`.execute(world.database.db);
    await world.age(29);
    await world.execution(acme, { snapshotId: snapshots[0]! });
    await world.write(acme, { "a.ts": "5" });
    await world.age(31);
    await world.execution(acme, { snapshotId: snapshots[2]! });
    const tables = ["executions", "execution_logs", "head_history", "snapshots", "trees", "module_contents", "compiled", "hosts"];
    const counts = async (): Promise<number[]> => Promise.all(tables.map((table) => world.count(table)));

    const before = await counts();
    const dry = await world.collect({ dryRun: true });
    expect(await counts()).toEqual(before);
    const real = await world.collect();
    expect(real.deleted).toEqual(dry.deleted);
    expect(real).toMatchObject({ dryRun: false, workspaces: 2, skipped: [], stopped: false });
    // The source "2" is kept by the other workspace, and its code with it.
    expect(real.deleted).toMatchObject({
      executions: { count: 2 },
      snapshots: { count: 5 },
      contents: { count: 5 },
      compiled: { count: 4 },
      hosts: { count: 1 },
    });
    expect(await counts()).toEqual(tables.map((_table, at) => before[at]! - Object.values(real.deleted)[at]!.count));
    expect(await world.read(acme, snapshots[2]!)).toMatchObject({ "a.ts": "3" });
  });

  it("what is younger than a day stays, whatever needs it", async () => {
    await world.write(acme, { "a.ts": "1" });
    await world.age(31);
    await world.write(acme, { "a.ts": "2" });
    await world.age(31);
    await world.write(acme, { "a.ts": "3" });
    await sql`update snapshots set used_at = now()`.execute(world.database.db);
    expect(await world.collected()).toEqual({ versions: 1 });
    await sql`update snapshots set used_at = now() - interval '25 hours'`.execute(world.database.db);
    await sql`update trees set created_at = now()`.execute(world.database.db);
    await sql`update module_contents set created_at = now()`.execute(world.database.db);
    expect(await world.collected()).toEqual({ snapshots: 2 });
    await world.age(1);
    expect(await world.collected()).toEqual({ trees: 1, contents: 1, compiled: 1 });
  });

  it("a deleted file's id outlives its content: written again, the workflow has the same", async () => {
    const source = { entities: [{ kind: "workflow" as const, exportName: "default", name: "w" }] };
    const { preparedFile } = await import("../../support/origin-contract.ts");
    const put = async (): Promise<unknown> => world.origin.commit(acme, { put: [preparedFile("w.ts", "w", source)], remove: [], move: [] }, async () => {});
    await put();
    const [before] = await world.origin.executables(acme);
    await world.write(acme, { "w.ts": null });
    await world.age(31);
    await world.write(acme, { "a.ts": "1" });
    await world.age(31);
    expect(await world.collected()).toMatchObject({ contents: 1 });
    await put();
    expect((await world.origin.executables(acme)).map(({ id }) => id)).toEqual([before?.id]);
  });

  it("a workspace that was emptied, and collected, can be written to again", async () => {
    await world.write(acme, { "a.ts": "1" });
    const empty = await world.write(acme, { "a.ts": null });
    await world.age(61);
    await world.collect();
    expect(await world.read(acme, empty)).toEqual({});
    const again = await world.write(acme, { "a.ts": "1" });
    expect(await world.read(acme, again)).toEqual({ "a.ts": "1" });
  });

  it("code of another release goes when it is a month old, code that this release asks for stays with its source", async () => {
    const { db } = world.database;
    await world.write(acme, { "a.ts": "1", "tsconfig.json": '{ "compilerOptions": { "jsx": "react" } }' });
    const hash = hashContent("1");
    const own = [compiledKeyOf({ hash, kind: "tsx", options: { jsx: "react" } }), compiledKeyOf({ hash, kind: "ts", options: {} })];
    await sql`truncate compiled`.execute(db);
    for (const key of [...own, "of another release"]) {
      await sql`insert into compiled (key, source_hash, js, js_hash, map, facts) values (${key}, ${hash}, '', '', '', '{}')`.execute(db);
    }
    await world.age(29);
    // The one that it was empty in.
    expect(await world.collected()).toEqual({ snapshots: 1 });
    await world.age(2);
    expect(await world.collected()).toEqual({ compiled: 1 });
    expect(await world.count("compiled")).toBe(2);
  });

  it("hosts that are past go, unless they still hold something", async () => {
    const { db } = world.database;
    const [past, holds] = [crypto.randomUUID(), crypto.randomUUID()];
    for (const id of [past, holds]) await sql`insert into hosts (id, name, slots) values (${id}, 'host', 1)`.execute(db);
    const id = await world.execution(acme, { status: "Running" });
    await sql`update executions set host_id = ${holds} where id = ${id}`.execute(db);
    await world.age(2);
    await sql`insert into hosts (id, name, slots) values (${crypto.randomUUID()}, 'here', 1)`.execute(db);
    expect(await world.collected()).toEqual({ hosts: 1 });
    expect(await world.count("hosts")).toBe(2);
  });

  it("a workspace that cannot be read is left whole and named, and the others are done", async () => {
    const { db } = world.database;
    const [torn, odd] = [await world.workspace("torn"), await world.workspace("odd")];
    for (const workspace of [acme, torn, odd]) {
      for (const text of ["1", "2", "3"]) await world.write(workspace, { "a/a.ts": `${workspace} ${text}` });
      await world.execution(workspace, {});
    }
    await sql`update workspaces set settings = '{"retentionDays":"long"}' where id = ${odd}`.execute(db);
    const head = (await world.origin.head(torn)).head.snapshotId;
    const record = (await world.origin.snapshots(torn, [head])).get(head);
    await sql`delete from trees where hash = ${record!.tree}`.execute(db);
    await world.age(61);
    const { deleted, skipped } = await world.collect();
    expect(skipped.map(({ workspace }) => workspace)).toEqual(["odd", "torn"]);
    expect(skipped.map(({ reason }) => reason)).toEqual([expect.stringContaining("retentionDays"), expect.stringContaining(record!.tree)]);
    // Of the one with odd settings nothing; of the torn one executions and snapshots, and nothing that they may reach.
    expect(deleted).toMatchObject({ executions: { count: 2 }, contents: { count: 2 } });
    expect(await world.count("module_contents")).toBe(3 + 3 + 1);
  });

  it("one that is stopped on the way leaves a sound state, and the next goes on", async () => {
    for (const text of ["1", "2", "3"]) await world.write(acme, { "a.ts": text });
    await world.age(61);
    const stop = new AbortController();
    const stopped = await world.collect({ signal: stop.signal, onStep: ({ kind: step }) => (step === "snapshots" ? stop.abort() : undefined) });
    expect(stopped).toMatchObject({ stopped: true, deleted: { snapshots: { count: 3 }, contents: { count: 0 } } });
    expect(await world.collect()).toMatchObject({ stopped: false, deleted: { snapshots: { count: 0 }, contents: { count: 2 } } });
    expect(await world.read(acme, (await world.origin.head(acme)).head.snapshotId)).toEqual({ "a.ts": "3" });
  });
});
