// Migrations on both databases: complete, safe to run many at once, and refusing what this release does not know.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { Migrator } from "kysely/migration";
import { openEmbeddedInMemory } from "../../../db/embedded.ts";
import { migrateToLatest, requireCurrentSchema, schemaState } from "../../../db/migrate.ts";
import { MIGRATIONS } from "../../../db/migrations/all.ts";
import type { OpenDatabase } from "../../../db/open-database.ts";
import { openPostgres } from "../../../db/postgres.ts";
import { createLedger } from "../../../src/executions/database-ledger.ts";
import { createDatabaseRecords } from "../../../src/executions/database-records.ts";
import { createDatabaseOrigin } from "../../../src/workspace/database-origin.ts";
import { openDatabase } from "../../../src/workspace/database-open.ts";
import { freshDatabase, type Fresh } from "../../support/servers/fresh.ts";

const NAMES = Object.keys(MIGRATIONS);

interface Opened {
  readonly connections: readonly OpenDatabase[];
  readonly close: () => Promise<void>;
}

async function twentyPools(): Promise<Opened> {
  const fresh = await freshDatabase();
  const connections = await Promise.all(Array.from({ length: 20 }, () => openPostgres(fresh.url, { connections: 1 })));
  return {
    connections,
    async close() {
      await Promise.all(connections.map((one) => one.close()));
      await fresh.drop();
    },
  };
}

/** One process has one embedded database; twenty callers share it. */
async function twentyCallers(): Promise<Opened> {
  const one = await openEmbeddedInMemory();
  return { connections: Array.from({ length: 20 }, () => one), close: () => one.close() };
}

describe.each([
  { name: "PostgreSQL", create: twentyPools },
  { name: "embedded database", create: twentyCallers },
])("migrations on $name", ({ create }) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await create();
  });
  afterAll(() => opened?.close());

  it("B60: an empty database is behind; twenty that migrate it at once apply each migration once, and all succeed", async () => {
    const { db } = opened.connections[0]!;
    expect(await schemaState(db)).toEqual({ state: "behind", applied: [], missing: NAMES, unknown: [] });
    await expect(requireCurrentSchema(db)).rejects.toMatchObject({
      name: "DatabaseProblem",
      kind: "schema_behind",
      message: expect.stringContaining("bifrost-executor init"),
    });
    const applied = await Promise.all(opened.connections.map((one) => migrateToLatest(one.db)));
    expect(applied.flat().toSorted()).toEqual(NAMES);
    expect(await schemaState(db)).toEqual({ state: "current", applied: NAMES, missing: [], unknown: [] });
    await requireCurrentSchema(db);
  });

  it("B60: migrating again applies nothing", async () => {
    expect(await migrateToLatest(opened.connections[0]!.db)).toEqual([]);
  });

  it("an executor refuses a schema newer than it knows, and says which migrations it does not know", async () => {
    const { db } = opened.connections[0]!;
    await db
      .insertInto("kysely_migration" as never)
      .values({ name: "9999-from-the-future", timestamp: "2030-01-01" })
      .execute();
    expect(await schemaState(db)).toMatchObject({ state: "newer", unknown: ["9999-from-the-future"] });
    for (const attempt of [migrateToLatest(db), requireCurrentSchema(db)]) {
      await expect(attempt).rejects.toMatchObject({ name: "DatabaseProblem", kind: "schema_newer", message: expect.stringContaining("9999-from-the-future") });
    }
  });
});

describe("0005-settings", () => {
  it("takes over what was changed in the columns for limits, and lets the release before go on", async () => {
    const database = await openEmbeddedInMemory();
    const { db } = database;
    try {
      const before = Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name < "0005"));
      const { error } = await new Migrator({ db, provider: { getMigrations: async () => before } }).migrateToLatest();
      expect(error).toBeUndefined();
      // As the release before writes it.
      const insert = (id: string, name: string, limits: { readonly wall_ms: number; readonly cpu_ms: number; readonly memory_bytes: number }) =>
        db
          .insertInto("workspaces")
          .values({ id, name, head_snapshot: "s1-none", ...limits })
          .execute();
      const standard = { wall_ms: 300_000, cpu_ms: 60_000, memory_bytes: 134_217_728 };
      await insert("00000000-0000-4000-8000-000000000001", "plain", standard);
      await insert("00000000-0000-4000-8000-000000000002", "by-hand", { ...standard, wall_ms: 0, memory_bytes: 16_777_216 });
      expect(await migrateToLatest(db)).toEqual(NAMES.filter((name) => name >= "0005"));
      await insert("00000000-0000-4000-8000-000000000003", "later", standard);

      const origin = createDatabaseOrigin({ db, describeServer: "memory", exclusive: true, readCompilerOptions: () => ({}) });
      expect(await Promise.all(["plain", "by-hand", "later"].map((name) => origin.ownSettings(name)))).toEqual([
        {},
        { wallMs: 0, memoryBytes: 16_777_216 },
        {},
      ]);
      expect(await origin.workspace("by-hand")).toMatchObject({ limits: { wallMs: 0, cpuMs: 60_000, memoryBytes: 16_777_216 } });
    } finally {
      await database.close();
    }
  });
});

describe("0007-waiting-executions", () => {
  it("what was recorded before is read and listed as it was, and the release before goes on beginning and ending executions", async () => {
    const database = await openEmbeddedInMemory();
    const { db } = database;
    try {
      const before = Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name < "0007"));
      const { error } = await new Migrator({ db, provider: { getMigrations: async () => before } }).migrateToLatest();
      expect(error).toBeUndefined();
      const origin = createDatabaseOrigin({ db, describeServer: "memory", exclusive: true, readCompilerOptions: () => ({}) });
      const { id: workspace } = (await origin.workspace("kept", { create: true }))!;
      const ids = ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"] as const;
      // As the release before writes them.
      const begin = (id: string, at: string) =>
        sql`insert into executions (id, workspace_id, workflow, snapshot_id, status, input, started_at)
          values (${id}, ${workspace}, 'wf.ts::default', 's1-x', 'Running', '{"a":1}', ${at}::timestamptz)`.execute(db);
      const end = (id: string) =>
        sql`update executions set status = 'Failed', error = '{"name":"E","message":"m","stack":"s","frames":[]}', modules = '[]',
          usage = '{"wallMs":1,"cpuMs":2,"peakMemoryBytes":3}', finished_at = '2026-11-20T10:00:02.5Z'
          where id = ${id} and workspace_id = ${workspace} and status = 'Running'`.execute(db);
      await begin(ids[0], "2026-11-20T10:00:00.123Z");
      expect(await migrateToLatest(db)).toEqual(NAMES.filter((name) => name >= "0007"));
      await begin(ids[1], "2026-11-20T10:00:01Z");
      for (const id of ids) await end(id);

      const ledger = createLedger({ db, describeServer: "memory" });
      const records = createDatabaseRecords({ db, describeServer: "memory" });
      expect(await records.get(workspace, ids[0])).toMatchObject({
        status: "Failed",
        startedAt: "2026-11-20T10:00:00.123Z",
        execution: { usage: { wallMs: 1, cpuMs: 2, peakMemoryBytes: 3 }, error: { name: "E" }, finishedAt: "2026-11-20T10:00:02.500Z" },
      });
      const { executions } = await ledger.list(workspace, {});
      expect(executions.map(({ id, askedBy, attempt, error: shown }) => [id, askedBy, attempt, shown])).toEqual(
        ids.toReversed().map((id) => [id, "cli", 1, { name: "E", message: "m" }]),
      );
      expect(await ledger.state(workspace, ids[0])).toMatchObject({ queuedAt: "2026-11-20T10:00:00.123Z", dueAt: undefined });
      expect([await ledger.depth(), await ledger.hosts(), await ledger.nextDueInMs()]).toEqual([[], [], undefined]);
    } finally {
      await database.close();
    }
  });
});

describe("opening PostgreSQL", () => {
  let fresh: Fresh;
  beforeAll(async () => {
    fresh = await freshDatabase();
  });
  afterAll(() => fresh?.drop());

  it("B60: services refuse a database that was not initialised; initialising says what it applied", async () => {
    await expect(openDatabase({ url: fresh.url })).rejects.toMatchObject({
      code: "ERR_DATABASE_UNAVAILABLE",
      message: expect.stringContaining("bifrost-executor init"),
    });
    const first = await openDatabase({ url: fresh.url }, { migrations: "apply" });
    await first.close();
    const second = await openDatabase({ url: fresh.url });
    await second.close();
    expect([first.applied, second.applied]).toEqual([NAMES, []]);
  });
});
