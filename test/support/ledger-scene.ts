// A database with workspaces, and the ledgers and records of two hosts on it: for what the ledger promises on either database.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { openEmbeddedInMemory } from "../../db/embedded.ts";
import { migrateToLatest } from "../../db/migrate.ts";
import type { OpenDatabase } from "../../db/open-database.ts";
import { openPostgres } from "../../db/postgres.ts";
import type { Execution } from "../../src/completion.ts";
import { createLedger } from "../../src/executions/database-ledger.ts";
import { createDatabaseRecords } from "../../src/executions/database-records.ts";
import { DEFAULT_RETRY, type AcceptedOrder, type Claim, type ClaimedExecution, type Ledger } from "../../src/executions/ledger.ts";
import type { ExecutionRecords, ExecutionStart } from "../../src/executions/records.ts";
import type { SnapshotId, WorkspaceId } from "../../src/snapshot/snapshot-record.ts";
import { createDatabaseOrigin } from "../../src/workspace/database-origin.ts";
import { freshDatabase } from "./servers/fresh.ts";

export const SNAPSHOT = `s1-${"ab".repeat(32)}` as SnapshotId;
export const OTHER_SNAPSHOT = `s1-${"cd".repeat(32)}` as SnapshotId;

export interface HostOnScene {
  readonly id: string;
  readonly ledger: Ledger;
  readonly records: ExecutionRecords;
}

export interface LedgerScene {
  readonly db: OpenDatabase["db"];
  /** Each over connections of its own, where the database has such. */
  readonly hosts: readonly [HostOnScene, HostOnScene];
  readonly workspaces: readonly [WorkspaceId, WorkspaceId, WorkspaceId];
  order(part?: Partial<AcceptedOrder>): AcceptedOrder;
  /** Accepted, and taken by the host. */
  claimed(host: HostOnScene, part?: Partial<AcceptedOrder>): Promise<ClaimedExecution>;
  /** As `claimed`, and begun under the claim. */
  begun(host: HostOnScene, part?: Partial<AcceptedOrder>): Promise<ClaimedExecution>;
  /** So many Pending ones, oldest first. */
  waiting(workspace: WorkspaceId, count: number, part?: Partial<AcceptedOrder>): Promise<readonly string[]>;
  /** A ledger of another host, over the same connections. */
  ledger(options?: { readonly maxRunning?: number }): Ledger;
  settings(workspace: WorkspaceId, json: string): Promise<void>;
  /** As if so much time had passed since everything was accepted. */
  pass(ms: number): Promise<void>;
  /** No execution, no host; both hosts of the scene are new ones. */
  clear(): Promise<void>;
}

export function startOf({ id, workspace }: Pick<Claim, "id" | "workspace">, part: Partial<ExecutionStart> = {}): ExecutionStart {
  return { id, workspace, workflow: "wf.ts::default", snapshotId: SNAPSHOT, inputJson: "{}", startedAt: "2026-11-20T10:00:00.123Z", ...part };
}

export function envelopeOf({ id }: { readonly id: string }, part: Partial<Execution> = {}): Execution {
  return {
    version: 1,
    id,
    workflow: "wf.ts::default",
    status: "Success",
    logs: [],
    usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 },
    snapshotId: SNAPSHOT,
    modules: [],
    startedAt: "2026-11-20T10:00:00.123Z",
    finishedAt: "2026-11-20T10:00:01.456Z",
    ...part,
  };
}

/** The same tests on PostgreSQL and on the embedded database; before each, no execution is there. */
export function describeOnBoth(title: string, tests: (scene: LedgerScene) => void): void {
  describe.each(["PostgreSQL", "embedded database"])(`${title}: %s`, (kind) => {
    const scene = new Scene(kind);
    beforeAll(() => scene.open());
    beforeEach(() => scene.clear());
    afterAll(() => scene.close());
    tests(scene);
  });
}

class Scene implements LedgerScene {
  hosts!: readonly [HostOnScene, HostOnScene];
  workspaces!: readonly [WorkspaceId, WorkspaceId, WorkspaceId];
  readonly #kind: string;
  #databases: readonly OpenDatabase[] = [];
  #drop: () => Promise<void> = async () => undefined;

  constructor(kind: string) {
    this.#kind = kind;
  }

  get #database(): OpenDatabase {
    return this.#databases[0]!;
  }

  get db(): OpenDatabase["db"] {
    return this.#database.db;
  }

  async open(): Promise<void> {
    if (this.#kind === "PostgreSQL") {
      const fresh = await freshDatabase();
      this.#drop = () => fresh.drop();
      this.#databases = await Promise.all([openPostgres(fresh.url), openPostgres(fresh.url)]);
    } else this.#databases = [await openEmbeddedInMemory()];
    const { db, server } = this.#database;
    await migrateToLatest(db);
    const origin = createDatabaseOrigin({ db, describeServer: server, readCompilerOptions: () => ({}) });
    const ids: string[] = [];
    for (const name of ["one", "two", "three"]) ids.push((await origin.workspace(name, { create: true }))!.id);
    // In the order of their ids, which is no order of theirs.
    this.workspaces = ids.toSorted() as unknown as LedgerScene["workspaces"];
    this.hosts = [this.#host(this.#database), this.#host(this.#databases.at(-1)!)];
  }

  async clear(): Promise<void> {
    await sql`truncate executions, execution_logs, hosts, claim_turns`.execute(this.db);
    await sql`update workspaces set settings = '{}'`.execute(this.db);
    this.hosts = [this.#host(this.#database), this.#host(this.#databases.at(-1)!)];
  }

  async close(): Promise<void> {
    for (const database of this.#databases) await database.close();
    await this.#drop();
  }

  order(part: Partial<AcceptedOrder> = {}): AcceptedOrder {
    return {
      id: randomUUIDv7(),
      workspace: this.workspaces[0],
      reference: "wf.ts",
      workflow: "wf.ts::default",
      inputJson: '{"b":1,"a":2}',
      askedBy: "token-a",
      priority: 0,
      retry: DEFAULT_RETRY,
      ...part,
    };
  }

  async claimed(host: HostOnScene, part: Partial<AcceptedOrder> = {}): Promise<ClaimedExecution> {
    const { id } = await host.ledger.accept(this.order({ priority: 100, ...part }));
    const claimed = (await host.ledger.claim(host.id, 1))[0]!;
    if (claimed.id !== id) throw new Error("Another execution was claimed than the one of the highest priority.");
    return claimed;
  }

  async begun(host: HostOnScene, part: Partial<AcceptedOrder> = {}): Promise<ClaimedExecution> {
    const claimed = await this.claimed(host, part);
    await host.records.begin(startOf(claimed, { claim: claimed }));
    return claimed;
  }

  async waiting(workspace: WorkspaceId, count: number, part: Partial<AcceptedOrder> = {}): Promise<readonly string[]> {
    const orders = Array.from({ length: count }, () => this.order({ workspace, ...part }));
    await Promise.all(orders.map((order) => this.hosts[0].ledger.accept(order)));
    return orders.map(({ id }) => id);
  }

  ledger(options: { readonly maxRunning?: number } = {}): Ledger {
    return createLedger({ db: this.db, describeServer: this.#database.server, ...options });
  }

  async settings(workspace: WorkspaceId, json: string): Promise<void> {
    await sql`update workspaces set settings = ${json}::json where id = ${workspace}`.execute(this.db);
  }

  async pass(ms: number): Promise<void> {
    const passed = sql`${ms}::float8 * interval '1 millisecond'`;
    await sql`update executions set queued_at = queued_at - ${passed}, due_at = due_at - ${passed}, expires_at = expires_at - ${passed}`.execute(this.db);
  }

  #host({ db, server: describeServer }: OpenDatabase): HostOnScene {
    const id = randomUUID();
    return { id, ledger: createLedger({ db, describeServer }), records: createDatabaseRecords({ db, describeServer, host: () => id }) };
  }
}
