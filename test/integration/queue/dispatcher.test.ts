import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Ledger } from "../../../src/executions/ledger.ts";
import { createInProcessQueue } from "../../../src/queue/in-process-queue.ts";
import type { Queue } from "../../../src/queue/queue.ts";
import { createRedisQueue } from "../../../src/queue/redis-queue.ts";
import { describeOnBoth, type LedgerScene } from "../../support/ledger-scene.ts";
import { WorkingHost } from "../../support/queue-scene.ts";
import { freshRedis } from "../../support/servers/fresh.ts";

const PATIENT = { timeout: 30_000, interval: 20 };

/** As callers do it: kept first, rung afterwards. */
async function submit(scene: LedgerScene, queue: Queue, part: Parameters<LedgerScene["order"]>[0] = {}): Promise<string> {
  const { id } = await scene.hosts[0].ledger.accept(scene.order(part));
  await queue.ring({ executionId: id, priority: 0 });
  return id;
}

function times<Value>(count: number, act: (index: number) => Promise<Value>): Promise<Value[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => act(index)));
}

describeOnBoth("a dispatcher", (scene) => {
  it("B92: a burst of 30 on 10 slots loses no wake-up, and never runs more than 10 at once", { timeout: 60_000 }, async () => {
    await using queue = createInProcessQueue();
    await using host = new WorkingHost(scene.hosts[0], queue, { slots: 10, leave: () => sleep(5) });
    const ids = await times(30, () => submit(scene, queue));
    await expect.poll(() => host.ended.toSorted(), PATIENT).toEqual(ids.toSorted());
    expect(host.mostAtOnce).toBe(10);
  });

  it("B92: bursts of 30 over Redis on two hosts of 10 slots lose no wake-up, and each is run once", { timeout: 60_000 }, async () => {
    await using redis = await freshRedis();
    await using here = createRedisQueue({ url: redis.url, log: () => {} });
    await using there = createRedisQueue({ url: redis.url, log: () => {} });
    await using one = new WorkingHost(scene.hosts[0], here, { slots: 10, leave: () => sleep(20) });
    await using other = new WorkingHost(scene.hosts[1], there, { slots: 10, leave: () => sleep(20) });
    const ids: string[] = [];
    for (let burst = 0; burst < 4; burst += 1) {
      ids.push(...(await times(30, () => submit(scene, here))));
      await expect.poll(() => [...one.ended, ...other.ended].toSorted(), PATIENT).toEqual(ids.toSorted());
    }
    expect(Math.max(one.mostAtOnce, other.mostAtOnce)).toBeLessThanOrEqual(10);
    expect(Math.min(one.ended.length, other.ended.length)).toBeGreaterThan(0);
  });

  it.each(["in process", "over Redis"])("B92: a bell that is rung while the ledger is being asked is heard: %s", async (kind) => {
    await using redis = await freshRedis();
    await using queue = kind === "in process" ? createInProcessQueue() : createRedisQueue({ url: redis.url, log: () => {} });
    const { ledger } = scene.hosts[0];
    const answered = Promise.withResolvers<void>();
    let asked = 0;
    const slow: Ledger = {
      ...ledger,
      async claim(...claim) {
        const claimed = await ledger.claim(...claim);
        asked += 1;
        await answered.promise;
        return claimed;
      },
    };
    await using host = new WorkingHost(scene.hosts[0], queue, { slots: 2, ledger: slow });
    await expect.poll(() => asked, PATIENT).toBe(1);
    const id = await submit(scene, queue);
    await sleep(50);
    answered.resolve();
    await expect.poll(() => host.ended, PATIENT).toEqual([id]);
  });

  it("finds what nobody rang for", async () => {
    await using queue = createInProcessQueue();
    await using host = new WorkingHost(scene.hosts[0], queue, { slots: 2, everyMs: 50 });
    await sleep(60);
    const ids = await scene.waiting(scene.workspaces[0], 5);
    await expect.poll(() => host.ended.toSorted(), PATIENT).toEqual(ids.toSorted());
  });

  it("begins what is due later when it is due, without a bell", async () => {
    const dueAt = new Date(Date.now() + 400).toISOString();
    const [id] = await scene.waiting(scene.workspaces[0], 1, { dueAt });
    await using queue = createInProcessQueue();
    // Looks at its beginning, and then not before the end of the test.
    await using host = new WorkingHost(scene.hosts[0], queue, { slots: 2 });
    await expect.poll(() => host.ended, PATIENT).toEqual([id]);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(dueAt));
  });

  it("does not let one workspace's burst of 1,000 starve another", { timeout: 120_000 }, async () => {
    const [burst, other] = scene.workspaces;
    await scene.waiting(burst, 1000);
    await using queue = createInProcessQueue();
    await using host = new WorkingHost(scene.hosts[0], queue, { slots: 4 });
    await expect.poll(() => host.ended.length, PATIENT).toBeGreaterThan(20);
    const before = host.begun.length;
    const late = await times(5, () => submit(scene, queue, { workspace: other }));
    await expect.poll(() => late.every((id) => host.ended.includes(id)), { ...PATIENT, timeout: 100_000 }).toBe(true);
    const between = host.begun.slice(before).filter((id) => !late.includes(id) && host.begun.indexOf(id) < host.begun.indexOf(late.at(-1) ?? ""));
    // In turn with the other: not behind what was there first.
    expect(between.length).toBeLessThan(200);
    host.dispatcher.stop();
  });

  it("when stopped takes nothing more, and lets what runs come to its end", async () => {
    const gate = Promise.withResolvers<void>();
    await using queue = createInProcessQueue();
    const host = new WorkingHost(scene.hosts[0], queue, { slots: 2, everyMs: 20, leave: () => gate.promise });
    const ids = await times(5, () => submit(scene, queue));
    await expect.poll(() => host.atOnce, PATIENT).toBe(2);
    host.dispatcher.stop();
    expect([host.dispatcher.hasRoom(), host.dispatcher.reserve("a", { waits: true })]).toEqual([false, undefined]);
    let settled = false;
    const settling = host.dispatcher.settled().then(() => (settled = true));
    await sleep(60);
    expect(settled).toBe(false);
    gate.resolve();
    await settling;
    expect(host.ended.length).toBe(2);
    const states = await times(5, (index) => scene.hosts[0].ledger.state(scene.workspaces[0], ids[index] ?? ""));
    expect(states.map((state) => state?.status).toSorted()).toEqual(["Pending", "Pending", "Pending", "Success", "Success"]);
  });

  it("when stopped while the ledger answers hands back what it was given, and no attempt is counted", async () => {
    const answered = Promise.withResolvers<void>();
    const { ledger } = scene.hosts[0];
    const slow: Ledger = {
      ...ledger,
      async claim(...asked) {
        const claimed = await ledger.claim(...asked);
        await answered.promise;
        return claimed;
      },
    };
    const ids = await scene.waiting(scene.workspaces[0], 3);
    await using queue = createInProcessQueue();
    const host = new WorkingHost(scene.hosts[0], queue, { slots: 3, ledger: slow });
    await expect.poll(async () => (await ledger.state(scene.workspaces[0], ids[0] ?? ""))?.status, PATIENT).toBe("Running");
    host.dispatcher.stop();
    answered.resolve();
    await host.dispatcher.settled();
    expect(host.begun).toEqual([]);
    await using next = new WorkingHost(scene.hosts[1], queue, { slots: 3 });
    await expect.poll(() => next.ended.toSorted(), PATIENT).toEqual(ids.toSorted());
    expect((await ledger.state(scene.workspaces[0], ids[0] ?? ""))?.attempt).toBe(1);
  });

  it("gives slots to what is run at once, as many as there are, and takes from the ledger again when they are given back", async () => {
    await using queue = createInProcessQueue();
    await using host = new WorkingHost(scene.hosts[0], queue, { slots: 2 });
    const { dispatcher } = host;
    await expect.poll(() => dispatcher.hasRoom(), PATIENT).toBe(true);
    const [one, two] = await Promise.all([dispatcher.reserve("a", { waits: true }), dispatcher.reserve("b", { waits: true })]);
    expect([one === undefined, two === undefined, dispatcher.reserve("a", { waits: true }), dispatcher.running]).toEqual([false, false, undefined, 2]);
    const id = await submit(scene, queue);
    await sleep(50);
    expect(host.begun).toEqual([]);
    one?.[Symbol.dispose]();
    one?.[Symbol.dispose]();
    await expect.poll(() => host.ended, PATIENT).toEqual([id]);
    expect(dispatcher.running).toBe(1);
    two?.[Symbol.dispose]();
    expect(dispatcher.running).toBe(0);
  });

  it("lets who waits here wait where no other host executes: workspaces in turn, and in turn with what waits in the ledger; refused when it stops", async () => {
    await using queue = createInProcessQueue();
    const order: string[] = [];
    const host = new WorkingHost(scene.hosts[0], queue, { slots: 1, everyMs: 10, isAlone: () => true, leave: async () => order.push("ledger") });
    const { dispatcher } = host;
    await expect.poll(() => dispatcher.hasRoom(), PATIENT).toBe(true);
    const first = await dispatcher.reserve("a", { waits: true });
    const served: string[] = [];
    const waiting = ["a", "a", "a", "b", "c"].map(async (workspace) => {
      using _slot = await dispatcher.reserve(workspace, { waits: true });
      served.push(workspace);
    });
    first?.[Symbol.dispose]();
    await Promise.all(waiting);
    expect(served).toEqual(["a", "b", "c", "a", "a"]);

    const again = await dispatcher.reserve("a", { waits: true });
    await times(3, () => submit(scene, queue));
    const others = times(3, async () => {
      using _slot = await dispatcher.reserve("a", { waits: true });
      order.push("here");
    });
    await sleep(50);
    again?.[Symbol.dispose]();
    await others;
    await expect.poll(() => order.length, PATIENT).toBe(6);
    // What came to the ledger while there was no room is seen at the next look.
    expect(new Set(order.slice(0, 3)).size).toBe(2);

    const last = await dispatcher.reserve("a", { waits: true });
    const refused = dispatcher.reserve("a", { waits: true });
    dispatcher.stop();
    await expect(refused).rejects.toMatchObject({ code: "ERR_EXECUTOR_CLOSED" });
    last?.[Symbol.dispose]();
    await dispatcher.settled();
  });

  it("gives the slot of what has run to the next before its end is written", async () => {
    const written = Promise.withResolvers<void>();
    await using queue = createInProcessQueue();
    await using host = new WorkingHost(scene.hosts[0], queue, { slots: 1, leave: () => written.promise, ranEarly: true });
    await times(3, () => submit(scene, queue));
    await expect.poll(() => host.begun.length, PATIENT).toBe(3);
    expect(host.ended).toEqual([]);
    written.resolve();
    await expect.poll(() => host.ended.length, PATIENT).toBe(3);
  });
});
