// Stored workspaces over a real PostgreSQL and a real Redis: harnesses on them, and a look at both from outside.
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, afterEach, beforeAll } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createDatabaseRecords } from "../../src/executions/database-records.ts";
import { createExecutor, type Executor, type ExecutorParts } from "../../src/executor.ts";
import { initialise } from "../../src/initialise.ts";
import { openBacking } from "../../src/open-stored.ts";
import type { SnapshotStore } from "../../src/snapshot/store.ts";
import { closeSharedPools, createHarness, type Execution, type Harness, type HarnessOptions } from "../../src/testing/index.ts";
import { sharedPools } from "../../src/testing/shared-pools.ts";
import { expectNoLeaks } from "./leaks.ts";
import { freshDatabase, freshRedis, type Fresh } from "./servers/fresh.ts";

export interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

export interface StoredWorld {
  /** Of this test file alone; the schema is there. */
  readonly servers: Servers;
  readonly redis: Redis;
  /** A host of its own on the servers; on a new workspace unless one is named. Ends with the test. */
  harness(options?: HarnessOptions): Promise<Harness>;
  /** As a host is composed, but with some parts of the test's own, made of those it has. Ends with the test. */
  host(workspace: string, change: (parts: ExecutorParts) => Partial<ExecutorParts>, servers?: Servers): Promise<Executor>;
  /** Rows that the database has, asked beside the system. */
  rows(statement: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/** Call at the top of a test file. */
export function useStoredWorld(): StoredWorld {
  expectNoLeaks({ mayStay: (command) => /child-main|transpile-child|esbuild/.test(command) });
  const open = new Set<AsyncDisposable>();
  let database: Fresh;
  let cache: Fresh;
  let client: pg.Client;
  let redis: Redis;
  beforeAll(async () => {
    [database, cache] = await Promise.all([freshDatabase(), freshRedis()]);
    await initialise(readConfig({ DATABASE_URL: database.url, REDIS_URL: cache.url }));
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    redis = new Redis(cache.url);
    await redis.ping();
  });
  afterEach(async () => {
    await Promise.all([...open].map((each) => each[Symbol.asyncDispose]()));
    open.clear();
  });
  afterAll(async () => {
    await closeSharedPools();
    redis.disconnect();
    await client.end();
    await Promise.all([database.drop(), cache.drop()]);
  });
  return {
    get servers() {
      return { databaseUrl: database.url, redisUrl: cache.url };
    },
    get redis() {
      return redis;
    },
    async harness(options = {}) {
      const harness = await createHarness({ workspace: randomUUID(), servers: { databaseUrl: database.url, redisUrl: cache.url }, ...options });
      open.add(harness);
      return harness;
    },
    async host(name, change, servers = { databaseUrl: database.url, redisUrl: cache.url }) {
      const backing = await openBacking({ ...servers, dataDirectory: "" });
      const workspace = (await backing.origin.workspace(name, { create: true }))!;
      const { compile, ...pools } = sharedPools();
      const children = pools.children("jit");
      const parts: ExecutorParts = {
        workspace,
        origin: backing.origin,
        store: backing.store,
        records: createDatabaseRecords({ db: backing.database.db, describeServer: backing.database.server }),
        children,
        compile,
        tenant: workspace.id,
        describe: false,
        close: () => backing.close(),
      };
      const executor = createExecutor({ ...parts, ...change(parts) });
      open.add(executor);
      return executor;
    },
    rows: async (statement, values = []) => (await client.query(statement, [...values])).rows as Record<string, unknown>[],
  };
}

/** A look into a Redis that the test may stop: `using client = lookInto(redis.url);` */
export function lookInto(url: string): Redis & Disposable {
  const client = new Redis(url);
  client.on("error", () => undefined);
  return Object.assign(client, { [Symbol.dispose]: () => client.disconnect() });
}

/** The store with some methods of the test's own. */
export function storeWith(store: SnapshotStore, methods: Partial<SnapshotStore>): SnapshotStore {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(name in methods ? methods : target, name) as unknown;
      return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}

/**
 * A run of `reference` during which `act` happens: the workflow logs "begun" and then waits for `params.waitMs`. Where the
 * machine was too slow and the run had ended before `act` did, both are done again with more time, after `again`.
 */
export async function during(
  harness: Harness,
  { reference = "wf.ts", act, again }: { readonly reference?: string; readonly act: () => Promise<unknown>; readonly again?: () => Promise<unknown> },
): Promise<Execution> {
  for (let waitMs = 400; ; waitMs *= 3) {
    const begun = Promise.withResolvers<void>();
    let ended = false;
    const running = harness.run(reference, { waitMs }, { onLog: () => begun.resolve() }).finally(() => (ended = true));
    await Promise.race([begun.promise, running]);
    await act();
    const wasInTime = !ended;
    const execution = await running;
    if (wasInTime || execution.status !== "Success") return execution;
    await again?.();
  }
}

/** A workflow that waits in the middle, for `during`. */
export function waiting(rest: string, head = ""): string {
  return `import { workflow } from "bifrost";\n${head}\nexport default workflow(async (p: any, ctx) => { ctx.log.info("begun"); await new Promise((r) => setTimeout(r, p.waitMs)); ${rest} });\n`;
}
