import { randomUUID, randomUUIDv7 } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { migrateToLatest } from "../../../db/migrate.ts";
import { openPostgres } from "../../../db/postgres.ts";
import { createLedger } from "../../../src/executions/database-ledger.ts";
import { createDatabaseRecords } from "../../../src/executions/database-records.ts";
import { DEFAULT_RETRY, type Ledger } from "../../../src/executions/ledger.ts";
import { createHeartbeat } from "../../../src/queue/heartbeat.ts";
import { createInProcessQueue } from "../../../src/queue/in-process-queue.ts";
import { createReaper } from "../../../src/queue/reaper.ts";
import { createDatabaseOrigin } from "../../../src/workspace/database-origin.ts";
import { WorkingHost } from "../../support/queue-scene.ts";
import { startPostgres } from "../../support/servers/postgres.ts";

const PATIENT = { timeout: 60_000, interval: 20 };
const BELL = { executionId: randomUUIDv7(), priority: 0 };

it(
  "B112: PostgreSQL killed and started again: no storm of questions meanwhile, one line in the log, nobody taken for dead, and all is run",
  {
    timeout: 120_000,
  },
  async () => {
    await using postgres = await startPostgres();
    const database = await openPostgres(postgres.url);
    await using _closing = { [Symbol.asyncDispose]: () => database.close() };
    const { db, server: describeServer } = database;
    await migrateToLatest(db);
    const workspace = (await createDatabaseOrigin({ db, describeServer, readCompilerOptions: () => ({}) }).workspace("one", { create: true }))?.id ?? "";
    const ledger = createLedger({ db, describeServer });
    const id = randomUUID();
    const host = { id, ledger, records: createDatabaseRecords({ db, describeServer, host: () => id }) };
    let asked = 0;
    const counted: Ledger = {
      ...ledger,
      claim: (...claim) => {
        asked += 1;
        return ledger.claim(...claim);
      },
    };
    const submit = async (): Promise<string> => {
      const order = { reference: "wf.ts", workflow: "wf.ts::default", inputJson: "{}", askedBy: "x", priority: 0, retry: DEFAULT_RETRY };
      return (await ledger.accept({ ...order, id: randomUUIDv7(), workspace })).id;
    };

    const heartSaid: string[] = [];
    const reaperSaid: string[] = [];
    const dead: string[] = [];
    await using queue = createInProcessQueue();
    await using _heartbeat = createHeartbeat({
      ledger,
      host: () => id,
      name: "one",
      slots: 3,
      everyMs: 50,
      onCancelling: () => {},
      onDead: () => void dead.push(id),
      log: (message) => void heartSaid.push(message),
    });
    await using _reaper = createReaper({
      ledger,
      host: () => "another",
      everyMs: 50,
      patienceMs: 1000,
      onReaped: (reaped) => void dead.push(reaped),
      onExpired: () => {},
      log: (message) => void reaperSaid.push(message),
    });
    await using working = new WorkingHost(host, queue, { slots: 3, everyMs: 100, ledger: counted });
    const first = await submit();
    await expect.poll(() => working.ended, PATIENT).toEqual([first]);

    await postgres.kill();
    asked = 0;
    for (let bell = 0; bell < 300; bell += 1) {
      await queue.ring(BELL);
      await sleep(10);
    }
    // In three seconds: 250 ms, and twice as long each time.
    expect(asked).toBeLessThan(10);
    expect([working.said.length, heartSaid.length, reaperSaid.length]).toEqual([1, 1, 1]);
    expect(working.said[0]).toContain("does not answer");

    await postgres.start();
    const second = await submit();
    await expect.poll(() => working.ended, PATIENT).toEqual([first, second]);
    expect(working.said).toHaveLength(2);
    expect(heartSaid).toHaveLength(2);
    // Longer than the reaper's patience.
    await sleep(1500);
    expect(dead).toEqual([]);
  },
);
