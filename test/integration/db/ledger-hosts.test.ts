// Hosts: how they are seen to live, and what becomes of what they held.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { PAUSE } from "../../../db/queries/hosts.ts";
import { retryAfter } from "../../../src/queue/retry.ts";
import { describeOnBoth, envelopeOf, OTHER_SNAPSHOT, SNAPSHOT, startOf } from "../../support/ledger-scene.ts";

const IDEMPOTENT = { attempts: 3, backoffMs: 1000, idempotent: true };

describeOnBoth("hosts", (scene) => {
  it("a host's mark changes at every beat, and at nothing else", async () => {
    const [host, other] = scene.hosts;
    const marks: string[] = [];
    for (let beat = 0; beat < 3; beat += 1) {
      expect(await host.ledger.beat(host.id, { name: `name-${beat}`, slots: beat + 1 })).toEqual({ alive: true, cancelling: [] });
      for (let look = 0; look < 2; look += 1) {
        const hosts = await other.ledger.hosts();
        expect(hosts).toEqual([{ id: host.id, name: `name-${beat}`, slots: beat + 1, mark: expect.any(String), running: 0 }]);
        marks.push(hosts[0]!.mark);
        const claimed = await scene.claimed(host);
        await host.records.end(claimed.workspace, envelopeOf(claimed), { claim: claimed });
      }
    }
    expect(new Set(marks).size).toBe(3);
    expect([marks[0], marks[2], marks[4]]).toEqual([marks[1], marks[3], marks[5]]);
  });

  it("a host that has left is gone from the list, unless it still holds something; so is one that never beat", async () => {
    const [host, other] = scene.hosts;
    await host.ledger.beat(host.id, { name: "leaver", slots: 2 });
    const claimed = await scene.claimed(host);
    await host.ledger.leave(host.id);
    await host.ledger.leave(host.id);
    const silent = randomUUID();
    await scene.waiting(scene.workspaces[0], 2);
    await other.ledger.claim(silent, 2);
    expect((await other.ledger.hosts()).map(({ id, running, slots }) => [id, running, slots]).toSorted()).toEqual(
      [
        [host.id, 1, 2],
        [silent, 2, 0],
      ].toSorted(),
    );
    expect(await host.ledger.beat(host.id, { name: "leaver", slots: 2 })).toMatchObject({ alive: false });
    await host.records.end(claimed.workspace, envelopeOf(claimed), { claim: claimed });
    expect((await other.ledger.hosts()).map(({ id }) => id)).toEqual([silent]);
  });

  it("B112: what a dead host held ends as Stuck, or as Cancelled where it was to be; where its author said idempotent it waits again, as often as it may", async () => {
    const [host, other] = scene.hosts;
    const plain = await scene.begun(host);
    const cancelling = await scene.begun(host, { retry: IDEMPOTENT });
    await other.ledger.cancel(cancelling.workspace, cancelling.id);
    const again = await scene.begun(host, { retry: IDEMPOTENT, maxWaitMs: 60_000 });
    const spent = await scene.begun(host, { retry: { ...IDEMPOTENT, attempts: 1 } });
    const nested = startOf({ id: randomUUIDv7(), workspace: plain.workspace }, { parentId: again.id });
    await host.records.begin(nested);
    expect((await other.ledger.held(host.id)).map(({ id, fence }) => [id, fence])).toEqual(
      [...[plain, cancelling, again, spent].map(({ id }) => [id, 1] as const), [nested.id, 0] as const].toSorted(),
    );
    const reaped = await other.ledger.reap(host.id);
    expect(reaped.waiting).toBe(1);
    expect(reaped.ended.map(({ id }) => id).toSorted()).toEqual([plain.id, cancelling.id, spent.id, nested.id].toSorted());
    const statuses = await Promise.all(
      [plain, cancelling, again, spent, nested].map(async ({ id }) => (await other.ledger.state(plain.workspace, id))!.status),
    );
    expect(statuses).toEqual(["Stuck", "Cancelled", "Scheduled", "Stuck", "Stuck"]);
    const { execution } = (await other.records.get(plain.workspace, plain.id))!;
    expect(execution).toMatchObject({ status: "Stuck", snapshotId: SNAPSHOT, error: { code: "ERR_PROCESS_CRASH", details: { host: host.id } } });
    expect((await other.records.get(plain.workspace, cancelling.id))!.execution).toMatchObject({ error: { code: "ERR_CANCELLED" } });
    expect(await host.records.end(plain.workspace, { ...envelopeOf(nested), parentId: again.id })).toBe(false);

    await scene.pass(1000);
    const [taken] = await other.ledger.claim(other.id, 1);
    expect(taken).toMatchObject({ id: again.id, attempt: 2, fence: 2, snapshotId: SNAPSHOT });
    const begun = await other.records.begin(startOf(taken!, { claim: taken!, snapshotId: OTHER_SNAPSHOT }));
    expect(begun.snapshotId).toBe(SNAPSHOT);
    expect(await host.records.end(again.workspace, envelopeOf(again), { claim: again })).toBe(false);
    expect(await other.records.end(again.workspace, envelopeOf(again), { claim: taken! })).toBe(true);
  });

  it("the pause before another attempt is the same after a host has died as after an attempt has failed", async () => {
    for (const backoffMs of [0, 1, 250, 1000, 60_000, 3_600_000]) {
      for (const attempt of [1, 2, 3, 7, 12, 31, 32, 60, 100]) {
        const { rows } = await sql<{ ms: string }>`
          select extract(epoch from ${PAUSE}) * 1000 as ms from (values (${backoffMs}::bigint, ${attempt}::integer)) e (retry_backoff_ms, attempt)`.execute(
          scene.db,
        );
        const policy = { attempts: attempt + 1, backoffMs, idempotent: true };
        expect([backoffMs, attempt, Number(rows[0]?.ms)]).toEqual([backoffMs, attempt, retryAfter(policy, attempt, { error: {}, begun: true })]);
      }
    }
  });

  it("B112: what a living host does not have in hand is taken from it alone, as if it had died; the rest stays its own", async () => {
    const [host] = scene.hosts;
    await host.ledger.beat(host.id, { name: "h", slots: 4 });
    const kept = await scene.begun(host);
    const [begun, fresh] = [await scene.begun(host), await scene.claimed(host, { retry: IDEMPOTENT })];
    expect((await host.ledger.held(host.id)).map((one) => [one.id, one.begun, one.nested])).toEqual([
      [kept.id, true, false],
      [begun.id, true, false],
      [fresh.id, false, false],
    ]);
    expect(await host.ledger.abandon(host.id, [begun.id, fresh.id])).toEqual({ ended: [{ id: begun.id, workspace: begun.workspace }], waiting: 1 });
    expect(await host.ledger.abandon(host.id, [begun.id, fresh.id])).toEqual({ ended: [], waiting: 0 });
    expect((await host.ledger.held(host.id)).map(({ id }) => id)).toEqual([kept.id]);
    expect((await host.ledger.beat(host.id, { name: "h", slots: 4 })).alive).toBe(true);
    expect(await host.records.end(kept.workspace, envelopeOf(kept), { claim: kept })).toBe(true);
  });

  it("B112: a host that was reaped finds itself dead, for good; reaping it again, by many at once, changes nothing", async () => {
    const [host, other] = scene.hosts;
    await host.ledger.beat(host.id, { name: "h", slots: 1 });
    const claimed = await scene.begun(host);
    const all = await Promise.all(Array.from({ length: 6 }, (_, index) => scene.hosts[index % 2]!.ledger.reap(host.id)));
    expect(all.flatMap(({ ended }) => ended)).toEqual([{ id: claimed.id, workspace: claimed.workspace }]);
    expect(await other.ledger.hosts()).toEqual([]);
    for (let beat = 0; beat < 2; beat += 1) expect((await host.ledger.beat(host.id, { name: "h", slots: 1 })).alive).toBe(false);
    expect(await other.ledger.hosts()).toEqual([]);
    await scene.waiting(scene.workspaces[0], 1);
    expect(await host.ledger.claim(host.id, 1)).toEqual([]);
  });

  it("B112: a host that claims while it is reaped holds nothing afterwards that nobody ends", async () => {
    const [host, other] = scene.hosts;
    for (let round = 0; round < 15; round += 1) {
      await scene.clear();
      await scene.waiting(scene.workspaces[0], 4, { retry: IDEMPOTENT });
      const [claims, reaped] = await Promise.all([host.ledger.claim(host.id, 4), other.ledger.reap(host.id)]);
      expect([0, 4]).toContain(claims.length);
      expect(reaped.waiting).toBe(claims.length);
    }
  });

  it("the pause after a host's death doubles with each attempt", async () => {
    const [host, other] = scene.hosts;
    const pauses: number[] = [];
    await host.ledger.accept(scene.order({ retry: { attempts: 20, backoffMs: 1000, idempotent: true } }));
    for (let attempt = 1; attempt <= 15; attempt += 1) {
      const dying = randomUUID();
      const [claimed] = await other.ledger.claim(dying, 1);
      expect(claimed!.attempt).toBe(attempt);
      await other.records.begin(startOf(claimed!, { claim: claimed! }));
      const now = Date.now();
      await other.ledger.reap(dying);
      pauses.push((await other.ledger.nextDueInMs())! + Date.now() - now);
      await scene.pass(3_600_001);
    }
    expect(pauses.every((pause, index) => pause <= Math.min(1000 * 2 ** index, 3_600_000) + 5000)).toBe(true);
    expect(pauses.every((pause, index) => pause >= Math.min(1000 * 2 ** index, 3_600_000) - 100)).toBe(true);
  });
});
