// An executor whose dealings with Redis and the compiler are counted up to the moment a run is handed to its child process.
import { createExecutor, type Executor } from "../../src/executor.ts";
import { createDatabaseRecords } from "../../src/executions/database-records.ts";
import { openBacking, type Servers } from "../../src/open-stored.ts";
import { ChildPool } from "../../src/process/child-pool.ts";
import type { Pools } from "../../src/process/pools.ts";

export interface Counts {
  /** Requests sent to Redis between call and hand-over. */
  readonly roundTrips: number;
  /** Modules given to the compiler in the same time. */
  readonly transpiled: number;
}

export interface CountedWorkspace extends AsyncDisposable {
  readonly executor: Executor;
  /** Runs, and counts what happened until the hand-over. Rejects where the run does not succeed. */
  count(reference: string, inputJson: string): Promise<Counts>;
}

/** `pools` live on and must not run anything else meanwhile. */
export async function openCountedWorkspace(servers: Servers, pools: Pools): Promise<CountedWorkspace> {
  const backing = await openBacking(servers);
  const workspace = (await backing.origin.workspace("counted", { create: true }))!;
  let transpiled = 0;
  const executor = createExecutor({
    workspace,
    origin: backing.origin,
    store: backing.store,
    records: createDatabaseRecords({ db: backing.database.db, describeServer: backing.database.server }),
    children: pools.children("jit"),
    async compile(jobs) {
      transpiled += jobs.length;
      return await pools.compile(jobs);
    },
    tenant: workspace.id,
    describe: false,
    close: () => backing.close(),
  });

  async function count(reference: string, inputJson: string): Promise<Counts> {
    const children = pools.children("jit");
    const { run } = ChildPool.prototype;
    const before = { roundTrips: backing.store.roundTrips, transpiled };
    let counts: Counts | undefined;
    // On this object only, and only for this run.
    children.run = async (...hand) => {
      counts = { roundTrips: backing.store.roundTrips - before.roundTrips, transpiled: transpiled - before.transpiled };
      return await run.apply(children, hand);
    };
    try {
      const { status, error } = await executor.run(reference, inputJson);
      if (status !== "Success" || counts === undefined) throw new Error(`${reference} ended as ${status}: ${error?.message ?? "it was never handed over"}`);
      return counts;
    } finally {
      Reflect.deleteProperty(children, "run");
    }
  }

  return { executor, count, [Symbol.asyncDispose]: async () => await executor[Symbol.asyncDispose]() };
}
