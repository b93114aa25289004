// What callers see when the database is away, wrong, or goes in the middle of something.
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { OpenDatabase } from "../../../db/open-database.ts";
import { migrateToLatest } from "../../../db/migrate.ts";
import { openPostgres } from "../../../db/postgres.ts";
import { createDatabaseRecords } from "../../../src/executions/database-records.ts";
import type { Origin } from "../../../src/snapshot/origin.ts";
import type { SnapshotId } from "../../../src/snapshot/snapshot-record.ts";
import { openDatabase } from "../../../src/workspace/database-open.ts";
import { createDatabaseOrigin } from "../../../src/workspace/database-origin.ts";
import { preparedFile } from "../../support/origin-contract.ts";
import { freshDatabase, type Fresh } from "../../support/servers/fresh.ts";

const PASSWORD = "correct-horse";
const UNAVAILABLE = { code: "ERR_DATABASE_UNAVAILABLE", owner: "operator", retryable: true };
let fresh: Fresh;
let database: OpenDatabase;
let origin: Origin;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await openPostgres(fresh.url);
  await migrateToLatest(database.db);
  origin = originOn(database);
});
afterAll(async () => {
  await database?.close();
  await fresh?.drop();
});

function originOn({ db, server }: OpenDatabase): Origin {
  return createDatabaseOrigin({ db, describeServer: server, readCompilerOptions: () => ({}) });
}

async function quietly(): Promise<void> {}

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: fresh.url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

function endOthers(): Promise<void> {
  return asAdministrator("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
}

it("a server that is not there is an operator's fault, retryable, that names host, port and database, and never the password", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => closed.once("listening", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const url = `postgres://someone:${PASSWORD}@127.0.0.1:${port}/tickets`;
  const away = await openPostgres(url);
  const error = await originOn(away)
    .workspace("default")
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(error).toMatchObject(UNAVAILABLE);
  expect((error as Error).message).toContain(`127.0.0.1:${port}/tickets`);
  expect(JSON.stringify(error) + String(error) + (error as Error).stack).not.toContain(PASSWORD);
  await expect(openDatabase({ url })).rejects.toMatchObject(UNAVAILABLE);
  const records = createDatabaseRecords({ db: away.db, describeServer: away.server });
  const start = {
    id: "01a1f84a-5434-7dfd-bfa6-7acb76463c4a",
    workspace: "00000000-0000-7000-8000-000000000000",
    workflow: "w",
    snapshotId: "s1-x" as SnapshotId,
    inputJson: "{}",
    startedAt: new Date().toISOString(),
  };
  await expect(records.begin(start)).rejects.toMatchObject(UNAVAILABLE);
  await away.close();
});

it("a server that accepts and then says nothing is given up in time", async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket)).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const away = await openPostgres(`postgres://u@127.0.0.1:${(silent.address() as AddressInfo).port}/x`, { connectTimeoutMs: 50 });
  await expect(originOn(away).workspace("default")).rejects.toMatchObject(UNAVAILABLE);
  await away.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
});

it("a database that does not exist, one without tables, and an address that is none, each say what to do", async () => {
  const absent = new URL(fresh.url);
  absent.pathname = "/bifrost_no_such_database";
  await expect(openDatabase({ url: absent.href })).rejects.toMatchObject({ ...UNAVAILABLE, message: expect.stringContaining("create it") });
  await expect(openDatabase({ url: `mysql://u:${PASSWORD}@h/x` })).rejects.toMatchObject({
    code: "ERR_CONFIG_INVALID",
    message: expect.not.stringContaining(PASSWORD),
  });
  const empty = await freshDatabase();
  const bare = await openPostgres(empty.url);
  await expect(originOn(bare).workspace("default")).rejects.toMatchObject({ ...UNAVAILABLE, message: expect.stringContaining("bifrost-executor init") });
  await bare.close();
  await empty.drop();
});

it("B23: a connection that is cut inside a write leaves nothing behind, and the next write works", async () => {
  const { id } = (await origin.workspace("cut", { create: true }))!;
  const writing = origin.commit(id, { put: [preparedFile("a.ts", "1")], remove: [], move: [] }, async () => {
    await endOthers();
  });
  await expect(writing).rejects.toMatchObject(UNAVAILABLE);
  expect(await origin.files(id)).toEqual([]);
  expect((await origin.commit(id, { put: [preparedFile("a.ts", "1")], remove: [], move: [] }, quietly)).head.version).toBe(1);
});

it("idle connections that the server ends do not end this process, and the next statement works", async () => {
  await origin.workspace("cut");
  await endOthers();
  await new Promise((resolve) => setImmediate(resolve));
  const answers = await Promise.allSettled(Array.from({ length: 12 }, () => origin.workspace("cut")));
  for (const answer of answers) if (answer.status === "rejected") expect(answer.reason).toMatchObject(UNAVAILABLE);
  expect((await origin.workspace("cut"))!.name).toBe("cut");
});

it("a run can be recorded while a write holds the workspace, and does not pass for a writer itself", async () => {
  const { id } = (await origin.workspace("busy", { create: true }))!;
  const records = createDatabaseRecords({ db: database.db, describeServer: database.server });
  const start = { workspace: id, workflow: "w", snapshotId: "s1-x" as SnapshotId, inputJson: "{}", startedAt: new Date().toISOString() };
  await origin.commit(id, { put: [preparedFile("a.ts", "1")], remove: [], move: [] }, async () => {
    expect((await records.begin({ ...start, id: "01a1f84a-5434-7dfd-bfa6-7acb76463c4b" })).status).toBe("Running");
  });
  await database.db.transaction().execute(async (transaction) => {
    await createDatabaseRecords({ db: transaction, describeServer: "" }).begin({ ...start, id: "01a1f84a-5434-7dfd-bfa6-7acb76463c4c" });
    expect((await origin.head(id)).writerInFlight).toBe(false);
  });
});
