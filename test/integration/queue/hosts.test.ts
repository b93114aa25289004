import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import type { Ledger } from "../../../src/executions/ledger.ts";
import { createHeartbeat, type Heartbeat } from "../../../src/queue/heartbeat.ts";
import { createReaper } from "../../../src/queue/reaper.ts";
import { describeOnBoth, type HostOnScene } from "../../support/ledger-scene.ts";

const PATIENT = { timeout: 20_000, interval: 20 };
const EVERY_MS = 40;
const PATIENCE_MS = 400;
const IDEMPOTENT = { attempts: 3, backoffMs: 0, idempotent: true };

class Beating {
  id: string;
  readonly said: string[] = [];
  readonly cancelling: string[] = [];
  deaths = 0;
  readonly heartbeat: Heartbeat;

  constructor({ id, ledger }: Pick<HostOnScene, "id" | "ledger">) {
    this.id = id;
    this.heartbeat = createHeartbeat({
      ledger,
      host: () => this.id,
      name: "host",
      slots: 4,
      everyMs: EVERY_MS,
      onCancelling: (ids) => void this.cancelling.push(...ids),
      onDead: () => {
        this.deaths += 1;
        this.id = randomUUID();
      },
      log: (message) => void this.said.push(message),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.heartbeat[Symbol.asyncDispose]());
  }
}

class Watching {
  readonly reaped: string[] = [];
  readonly ended: string[] = [];
  readonly expired: string[] = [];
  readonly said: string[] = [];
  waiting = 0;
  readonly #reaper: AsyncDisposable;

  constructor(ledger: Pick<Ledger, "hosts" | "reap" | "expire">, host = "the watching one") {
    this.#reaper = createReaper({
      ledger,
      host: () => host,
      everyMs: EVERY_MS,
      patienceMs: PATIENCE_MS,
      onReaped: (reaped, { ended, waiting }) => {
        this.reaped.push(reaped);
        this.ended.push(...ended.map(({ id }) => id));
        this.waiting += waiting;
      },
      onExpired: (expired) => void this.expired.push(...expired.map(({ id }) => id)),
      log: (message) => void this.said.push(message),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#reaper[Symbol.asyncDispose]());
  }
}

describeOnBoth("hosts that watch each other", (scene) => {
  it("B92: what a host held that gives no sign of life is closed as Stuck, or waits again where it may run twice; once, by however many", async () => {
    const [dead, alive] = scene.hosts;
    await dead.ledger.beat(dead.id, { name: "dead", slots: 2 });
    const stuck = await scene.begun(dead);
    const again = await scene.begun(dead, { retry: IDEMPOTENT });
    await using one = new Watching(alive.ledger);
    await using other = new Watching(dead.ledger);
    await expect.poll(() => [...one.ended, ...other.ended], PATIENT).toEqual([stuck.id]);
    expect(one.waiting + other.waiting).toBe(1);
    expect(await alive.ledger.state(stuck.workspace, stuck.id)).toMatchObject({ status: "Stuck" });
    const [claimed] = await alive.ledger.claim(alive.id, 5);
    expect(claimed).toMatchObject({ id: again.id, attempt: 2 });
    expect([...one.said, ...other.said].join("\n")).toContain(`The host ${dead.id} has given no sign of life`);
  });

  it("a host that beats is never closed, and hears what is to be cancelled", async () => {
    const [here, there] = scene.hosts;
    await using beating = new Beating(here);
    const held = await scene.begun(here);
    await using watching = new Watching(there.ledger);
    await sleep(3 * PATIENCE_MS);
    expect(watching.reaped).toEqual([]);
    expect(await there.ledger.cancel(held.workspace, held.id)).toEqual({ kind: "cancelling", host: here.id });
    await expect.poll(() => beating.cancelling, PATIENT).toContain(held.id);
  });

  it("nobody is taken for dead because the watching process stood still", async () => {
    const [here, there] = scene.hosts;
    await using beating = new Beating(here);
    await using watching = new Watching(there.ledger);
    await sleep(5 * EVERY_MS);
    // Both stand still, as on a machine that is put to sleep.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * PATIENCE_MS);
    await sleep(2 * PATIENCE_MS);
    expect([watching.reaped, beating.deaths]).toEqual([[], 0]);
  });

  it("nobody is taken for dead for the time in which the database could not be read", async () => {
    const [here, there] = scene.hosts;
    let isAway = false;
    const away = (): Promise<never> => Promise.reject(new Fault("ERR_DATABASE_UNAVAILABLE", "The database does not answer."));
    const beat: Ledger["beat"] = (...about) => (isAway ? away() : here.ledger.beat(...about));
    await using beating = new Beating({ id: here.id, ledger: { ...here.ledger, beat } });
    await using watching = new Watching({ ...there.ledger, hosts: () => (isAway ? away() : there.ledger.hosts()) });
    await sleep(5 * EVERY_MS);
    isAway = true;
    await sleep(3 * PATIENCE_MS);
    isAway = false;
    await sleep(2 * PATIENCE_MS);
    expect([watching.reaped, beating.deaths]).toEqual([[], 0]);
    expect([watching.said.length, beating.said.length]).toEqual([1, 2]);
  });

  it("a host that was taken for dead is told so, goes on under a new id, and leaves nothing when it leaves", async () => {
    const [here, there] = scene.hosts;
    const beating = new Beating(here);
    await beating.heartbeat.beat();
    const held = await scene.begun(here);
    await there.ledger.reap(here.id);
    await expect.poll(() => beating.deaths, PATIENT).toBe(1);
    await expect.poll(async () => (await there.ledger.hosts()).map(({ id }) => id), PATIENT).toEqual([beating.id]);
    expect(beating.id).not.toBe(here.id);
    expect(await there.ledger.state(held.workspace, held.id)).toMatchObject({ status: "Stuck" });
    await beating[Symbol.asyncDispose]();
    expect(await there.ledger.hosts()).toEqual([]);
    expect(beating.deaths).toBe(1);
  });

  it("B92: what has waited for too long is closed by any of them, and says how many were before it", async () => {
    const [here] = scene.hosts;
    const [workspace] = scene.workspaces;
    await scene.waiting(workspace, 2, { priority: 1 });
    const [late] = await scene.waiting(workspace, 1, { maxWaitMs: 0 });
    await using watching = new Watching(here.ledger);
    await expect.poll(() => watching.expired, PATIENT).toEqual([late]);
    const state = await here.ledger.state(workspace, late ?? "");
    expect(state).toMatchObject({ status: "Failed", error: { code: "ERR_EXECUTOR_BUSY", details: { ahead: 2 } } });
  });
});
