// How executions begin and end under a claim: exactly one end, written by who holds it.
import { randomUUIDv7 } from "node:crypto";
import { expect, it } from "vitest";
import type { LogLine } from "../../../src/completion.ts";
import type { Claim } from "../../../src/executions/ledger.ts";
import { describeOnBoth, envelopeOf, SNAPSHOT, startOf, type HostOnScene } from "../../support/ledger-scene.ts";

const LOST = { code: "ERR_EXECUTION_ENDED", details: { reason: "claim lost" } };
const BUSY = { code: "ERR_EXECUTOR_BUSY", name: "Error", message: "no room", stack: "", frames: [] } as const;
const LINE: LogLine = { sequence: 1, level: "info", message: "kept", timestamp: "2026-11-20T10:00:00.000Z" };

describeOnBoth("ending", (scene) => {
  async function end({ records }: HostOnScene, claim: Claim, status: "Success" | "Failed" = "Success"): Promise<boolean> {
    return await records.end(claim.workspace, envelopeOf(claim, { status }), { claim });
  }

  it("what was claimed begins and ends under its claim, and is kept whole: result, lines, timings, who asked", async () => {
    const [host] = scene.hosts;
    const claimed = await scene.begun(host);
    const logs = [LINE, { ...LINE, sequence: 2, data: { a: 1 } }];
    await host.ledger.keepLines(claimed, [LINE]);
    const envelope = envelopeOf(claimed, { result: { n: 1 }, logs });
    expect(await host.records.end(claimed.workspace, envelope, { claim: claimed, timings: { queued: 3, ran: 2.5 } })).toBe(true);
    const stored = await host.records.get(claimed.workspace, claimed.id);
    expect(stored).toMatchObject({ status: "Success", snapshotId: SNAPSHOT, inputJson: claimed.inputJson });
    expect(stored!.execution).toEqual({ ...envelope, timings: { queued: 3, ran: 2.5 } });
    const state = await host.ledger.state(claimed.workspace, claimed.id);
    expect(state).toMatchObject({ status: "Success", host: host.id, timings: { queued: 3, ran: 2.5 }, usage: envelope.usage, modules: [], askedBy: "token-a" });
    expect("result" in state!).toBe(false);
  });

  it("one that waits, one that runs and one that is to be cancelled have no envelope yet", async () => {
    const [{ ledger, records }] = scene.hosts;
    const [waiting] = await scene.waiting(scene.workspaces[0], 1);
    expect(await records.get(scene.workspaces[0], waiting!)).toMatchObject({ status: "Pending", execution: undefined });
    const claimed = await scene.begun(scene.hosts[0]);
    await ledger.cancel(claimed.workspace, claimed.id);
    expect(await records.get(claimed.workspace, claimed.id)).toMatchObject({ status: "Cancelling", snapshotId: SNAPSHOT, execution: undefined });
  });

  it("who does not hold an execution can neither begin nor end it, hand it back or keep lines of it", async () => {
    const [host, other] = scene.hosts;
    const claimed = await scene.claimed(host);
    for (const wrong of [{ host: other.id }, { fence: 2 }, { fence: 0 }, { workspace: scene.workspaces[1] }]) {
      const claim = { ...claimed, ...wrong };
      await expect(host.records.begin(startOf(claim, { claim }))).rejects.toMatchObject(LOST);
      expect(await end(host, claim)).toBe(false);
      expect(await host.ledger.handBack(claim, { dueInMs: 0, counts: true })).toBe(false);
      expect(await host.ledger.endUnbegun(claim, { status: "Failed", error: BUSY })).toBe(false);
      await host.ledger.keepLines(claim, [LINE]);
    }
    expect(await host.records.end(claimed.workspace, envelopeOf(claimed))).toBe(false);
    expect(await host.ledger.endUnbegun({ id: claimed.id, workspace: claimed.workspace }, { status: "Failed", error: BUSY })).toBe(false);
    expect(await host.ledger.lines(claimed.workspace, claimed.id, { after: 0 })).toEqual([]);
    expect(await end(host, claimed)).toBe(true);
    expect(await end(host, claimed)).toBe(false);
    expect(await host.ledger.handBack(claimed, { dueInMs: 0, counts: true })).toBe(false);
  });

  it("B89: lines that were kept while it ran stand at the end as they are then: more may have to be taken out of them", async () => {
    const [host] = scene.hosts;
    const claimed = await scene.begun(host);
    const said = (message: string, sequence: number, data?: unknown): LogLine => ({ ...LINE, sequence, message, ...(data === undefined ? {} : { data }) });
    await host.ledger.keepLines(claimed, [said("a secret", 1), said("same", 2, { key: "a secret" }), said("same", 3, { n: 1 })]);
    const logs = [said("a [secret]", 1), said("same", 2, { key: "[secret]" }), said("same", 3, { n: 1 }), said("last", 4)];
    await host.records.end(claimed.workspace, envelopeOf(claimed, { logs }), { claim: claimed });
    expect(await host.ledger.lines(claimed.workspace, claimed.id, { after: 0 })).toEqual(logs);
    const long = await scene.begun(host);
    const many = Array.from({ length: 9000 }, (_, at) => said("x".repeat(300), at + 1));
    await host.ledger.keepLines(long, many);
    const scrubbed = many.map((line) => Object.assign({}, line, { message: "[secret]" }));
    await host.records.end(long.workspace, envelopeOf(long, { logs: scrubbed }), { claim: long });
    expect((await host.ledger.lines(long.workspace, long.id, { after: 0 })).filter(({ message }) => message !== "[secret]")).toEqual([]);
  });

  it("begun twice under one claim, it is begun once", async () => {
    const [{ records }] = scene.hosts;
    const claimed = await scene.begun(scene.hosts[0]);
    const again = await records.begin(startOf(claimed, { claim: claimed, startedAt: "2027-01-01T00:00:00.000Z" }));
    expect(again).toMatchObject({ startedAt: "2026-11-20T10:00:00.123Z", status: "Running" });
  });

  it("what never ran is ended by its host, or where it waits; once, with an envelope that says so", async () => {
    const [{ ledger, records }] = scene.hosts;
    const held = await scene.claimed(scene.hosts[0]);
    const [waiting] = await scene.waiting(held.workspace, 1, { snapshotId: SNAPSHOT });
    for (const claim of [held, { id: waiting!, workspace: held.workspace }]) {
      const ends = await Promise.all(Array.from({ length: 4 }, () => ledger.endUnbegun(claim, { status: "Failed", error: BUSY })));
      expect(ends.filter(Boolean)).toHaveLength(1);
      const { execution } = (await records.get(held.workspace, claim.id))!;
      expect(execution).toMatchObject({ status: "Failed", error: BUSY, logs: [], modules: [], usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 } });
      expect(execution!.startedAt).toBe(execution!.finishedAt);
    }
    expect((await records.get(held.workspace, waiting!))!.execution!.snapshotId).toBe(SNAPSHOT);
    await expect(records.begin(startOf(held, { claim: held }))).rejects.toMatchObject(LOST);
  });

  it("B86: cancelled while it waits it never starts; while it runs its host is told; twice is as once; an end stays; unknown is not there", async () => {
    const [host, other] = scene.hosts;
    const [workspace] = scene.workspaces;
    const [waiting] = await scene.waiting(workspace, 1);
    for (const { ledger } of scene.hosts) expect(await ledger.cancel(workspace, waiting!)).toEqual({ kind: "cancelled" });
    expect(await host.ledger.claim(host.id, 1)).toEqual([]);
    expect((await host.records.get(workspace, waiting!))!.execution).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" } });

    const claimed = await scene.begun(host);
    for (const { ledger } of scene.hosts) expect(await ledger.cancel(workspace, claimed.id)).toEqual({ kind: "cancelling", host: host.id });
    expect(await host.ledger.beat(host.id, { name: "h", slots: 1 })).toEqual({ alive: true, cancelling: [claimed.id] });
    expect((await other.ledger.beat(other.id, { name: "o", slots: 1 })).cancelling).toEqual([]);
    expect(await host.ledger.handBack(claimed, { dueInMs: 0, counts: true })).toBe(false);
    expect(await host.records.end(workspace, envelopeOf(claimed, { status: "Cancelled" }), { claim: claimed })).toBe(true);
    expect(await host.ledger.cancel(workspace, claimed.id)).toEqual({ kind: "ended", status: "Cancelled" });
    expect((await host.ledger.beat(host.id, { name: "h", slots: 1 })).cancelling).toEqual([]);

    expect(await host.ledger.cancel(workspace, randomUUIDv7())).toBeUndefined();
    expect(await host.ledger.cancel(workspace, "no-uuid")).toBeUndefined();
    expect(await host.ledger.cancel(scene.workspaces[1], claimed.id)).toBeUndefined();
  });

  it("B86: cancelling while it completes gives one end, and says which", async () => {
    const [host, other] = scene.hosts;
    for (let round = 0; round < 20; round += 1) {
      const claimed = await scene.begun(host);
      const [isEnd, step] = await Promise.all([end(host, claimed), other.ledger.cancel(claimed.workspace, claimed.id)]);
      expect(isEnd).toBe(true);
      expect([
        { kind: "cancelling", host: host.id },
        { kind: "ended", status: "Success" },
      ]).toContainEqual(step);
      expect((await host.ledger.state(claimed.workspace, claimed.id))!.status).toBe("Success");
    }
  });

  it("B86: cancelling while a host takes it either keeps it from starting or reaches that host", async () => {
    const [host, other] = scene.hosts;
    for (let round = 0; round < 20; round += 1) {
      const [id] = await scene.waiting(scene.workspaces[0], 1);
      const [claims, step] = await Promise.all([host.ledger.claim(host.id, 1), other.ledger.cancel(scene.workspaces[0], id!)]);
      expect(step).toEqual(claims.length === 0 ? { kind: "cancelled" } : { kind: "cancelling", host: host.id });
      if (claims[0] !== undefined) await end(host, claims[0]);
    }
  });

  it("B112: an end against the reaping of its host: one of them is written, and both know which", async () => {
    const [host, other] = scene.hosts;
    for (let round = 0; round < 15; round += 1) {
      const claims = [await scene.begun(host), await scene.begun(host), await scene.begun(host)];
      const [reaped, ...ends] = await Promise.all([other.ledger.reap(host.id), ...claims.map((claim) => end(host, claim))]);
      const stuck = new Set(reaped.ended.map(({ id }) => id));
      for (const [index, claim] of claims.entries()) {
        expect(stuck.has(claim.id)).toBe(!ends[index]);
        expect((await host.ledger.state(claim.workspace, claim.id))!.status).toBe(ends[index] === true ? "Success" : "Stuck");
      }
      await scene.clear();
    }
  });

  it("B112: a host that begins after it was reaped is told that it holds nothing any more", async () => {
    const [host, other] = scene.hosts;
    const [claimed, free] = [await scene.claimed(host), await scene.claimed(host)];
    await other.ledger.reap(host.id);
    for (const claim of [claimed, free]) await expect(host.records.begin(startOf(claim, { claim }))).rejects.toMatchObject(LOST);
    expect(await host.ledger.keepLines(claimed, [LINE])).toBeUndefined();
    expect(await other.ledger.state(claimed.workspace, claimed.id)).toMatchObject({ status: "Pending", attempt: 0 });
    expect(await other.ledger.lines(claimed.workspace, claimed.id, { after: 0 })).toEqual([]);
  });

  it("200 that begin and end at once all do, and one that cannot be written fails alone", async () => {
    const [host] = scene.hosts;
    await scene.waiting(scene.workspaces[0], 200);
    const claims = await host.ledger.claim(host.id, 200);
    const begun = await Promise.allSettled(
      claims.map((claim, index) => host.records.begin(startOf(claim, { claim, ...(index === 20 ? { startedAt: "no time" } : {}) }))),
    );
    expect(begun.flatMap(({ status }, index) => (status === "rejected" ? [index] : []))).toEqual([20]);
    const ended = await Promise.allSettled(
      claims.map((claim, index) => {
        const logs = Array.from({ length: index % 3 }, (_, line) => ({ ...LINE, sequence: line + 1, message: `${index}` }));
        return host.records.end(claim.workspace, envelopeOf(claim, { logs, ...(index === 30 ? { finishedAt: "no time" } : {}) }), { claim });
      }),
    );
    expect(ended.flatMap(({ status }, index) => (status === "rejected" ? [index] : []))).toEqual([30]);
    expect(ended.every((one) => one.status === "rejected" || one.value)).toBe(true);
    for (const index of [0, 1, 29, 199]) {
      const { execution } = (await host.records.get(claims[index]!.workspace, claims[index]!.id))!;
      expect(execution!.logs.map(({ message }) => message)).toEqual(Array.from({ length: index % 3 }, () => `${index}`));
    }
  });
});
