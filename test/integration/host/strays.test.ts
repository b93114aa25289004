// What the ledger has in a host's hands and the host does not: left by answers that were lost with a connection.
import { expect, it } from "vitest";
import { createStrays } from "../../../src/host-strays.ts";
import { describeOnBoth, startOf } from "../../support/ledger-scene.ts";

describeOnBoth("executions that a host lost sight of", (scene) => {
  it("B112: wait again where they had not begun, are Stuck where they had, and are left alone where the host has them in hand", async () => {
    const [host] = scene.hosts;
    const unbegun = await scene.claimed(host);
    const begun = await scene.begun(host);
    const again = await scene.begun(host, { retry: { attempts: 3, backoffMs: 60_000, idempotent: true } });
    const inHand = await scene.begun(host);
    const seen = Promise.withResolvers<unknown>();
    await using _strays = createStrays({
      ledger: host.ledger,
      host: () => host.id,
      has: (id) => id === inHand.id,
      onClosed: seen.resolve,
      log: () => undefined,
      everyMs: 20,
    });
    expect(await seen.promise).toEqual({ ended: [{ id: begun.id, workspace: begun.workspace }], waiting: 2 });
    const statusOf = async (id: string): Promise<unknown> => (await host.ledger.state(begun.workspace, id))?.status;
    expect(await Promise.all([unbegun, begun, again, inHand].map(({ id }) => statusOf(id)))).toEqual(["Pending", "Stuck", "Scheduled", "Running"]);
    // An attempt that never began is none.
    expect(await host.ledger.state(unbegun.workspace, unbegun.id)).toMatchObject({ attempt: 0 });
    await expect(host.records.begin(startOf(unbegun, { claim: unbegun }))).rejects.toMatchObject({ code: "ERR_EXECUTION_ENDED" });
  });

  it("are looked at twice: what is taken between two looks is no stray", async () => {
    const [host] = scene.hosts;
    const taken = await scene.claimed(host);
    let looks = 0;
    const enough = Promise.withResolvers<void>();
    await using _strays = createStrays({
      ledger: host.ledger,
      host: () => host.id,
      // As a host that has its answer only after the first look.
      has: () => {
        if (looks === 3) enough.resolve();
        return looks++ > 0;
      },
      onClosed: () => undefined,
      log: () => undefined,
      everyMs: 10,
    });
    await enough.promise;
    expect(await host.ledger.state(taken.workspace, taken.id)).toMatchObject({ status: "Running" });
  });
});

describeOnBoth("executions of a host that died", (scene) => {
  it("B112: wait again in their place, no attempt counted, where they had not begun, whatever their policy", async () => {
    const [host, other] = scene.hosts;
    const unbegun = await scene.claimed(host);
    const begun = await scene.begun(host);
    expect(await other.ledger.reap(host.id)).toEqual({ ended: [{ id: begun.id, workspace: begun.workspace }], waiting: 1 });
    expect(await other.ledger.state(unbegun.workspace, unbegun.id)).toMatchObject({ status: "Pending", attempt: 0, queuedAt: unbegun.queuedAt });
    expect(await other.ledger.claim(other.id, 1)).toMatchObject([{ id: unbegun.id, attempt: 1, fence: 2 }]);
  });
});
