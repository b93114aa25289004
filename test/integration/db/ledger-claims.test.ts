// Who is given what waits: in which order, how many at once, and never twice.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { expect, it } from "vitest";
import { describeOnBoth, envelopeOf, OTHER_SNAPSHOT, SNAPSHOT, startOf } from "../../support/ledger-scene.ts";

describeOnBoth("claiming", (scene) => {
  function countsOf(claimed: readonly { readonly workspace: string }[]): readonly number[] {
    return scene.workspaces.map((workspace) => claimed.filter((one) => one.workspace === workspace).length);
  }

  it("within a workspace the highest priority comes first, then what was due first, then the lower id", async () => {
    const [{ ledger, id: host }] = scene.hosts;
    const low = scene.order({ priority: -1 });
    const late = scene.order({ priority: 2 });
    const early = scene.order({ priority: 2 });
    const plain = [scene.order(), scene.order()];
    await ledger.accept(early);
    await scene.pass(5000);
    await Promise.all([low, late, ...plain.toReversed()].map((order) => ledger.accept(order)));
    const expected = [early, late, ...plain.toSorted((one, other) => (one.id < other.id ? -1 : 1)), low].map(({ id }) => id);
    const positions = await Promise.all(expected.map(async (id) => (await ledger.state(low.workspace, id))!.position));
    expect(positions).toEqual([0, 1, 2, 3, 4]);
    const claimed = await ledger.claim(host, 10);
    expect(claimed.map(({ id }) => id)).toEqual(expected);
    expect(claimed[0]!.queuedMs).toBeGreaterThanOrEqual(5000);
  });

  it("B92: two hosts that claim at once are given different executions, and together all of them", async () => {
    const ids = (await Promise.all(scene.workspaces.map((workspace) => scene.waiting(workspace, 20)))).flat();
    const [one, other] = scene.hosts;
    const claims = await Promise.all(Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? one : other)).map(({ ledger, id }) => ledger.claim(id, 7)));
    expect(
      claims
        .flat()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(ids.toSorted());
    expect(claims.flat().every(({ fence, attempt }) => fence === 1 && attempt === 1)).toBe(true);
    expect(await one.ledger.claim(one.id, 7)).toEqual([]);
  });

  it("a burst of one workspace does not starve another: the one with the fewest running is served first, and all are filled evenly", async () => {
    const [{ ledger, id: host }] = scene.hosts;
    const [burst, small, single] = scene.workspaces;
    await scene.waiting(burst, 60, { priority: 100 });
    await scene.waiting(small, 4);
    await scene.waiting(single, 1);
    expect(countsOf(await ledger.claim(host, 6))).toEqual([3, 2, 1]);
    expect(countsOf(await ledger.claim(host, 2))).toEqual([1, 1, 0]);
    expect(countsOf(await ledger.claim(host, 10))).toEqual([9, 1, 0]);
  });

  it("of workspaces with as many running, the one that was served longest ago comes first", async () => {
    const [{ ledger, records, id: host }] = scene.hosts;
    for (const workspace of scene.workspaces) await scene.waiting(workspace, 4);
    const served: string[] = [];
    for (let turn = 0; turn < 9; turn += 1) {
      const [claimed] = await ledger.claim(host, 1);
      served.push(claimed!.workspace);
      await records.end(claimed!.workspace, envelopeOf(claimed!), { claim: claimed! });
    }
    for (const round of [0, 3, 6]) expect(new Set(served.slice(round, round + 3)).size).toBe(3);
    expect(served.slice(3, 6)).toEqual(served.slice(0, 3));
  });

  it("no more of a workspace run at once over all hosts than its setting maxRunning, or the hosts' default, allows; 0 is no bound", async () => {
    const [bounded, byDefault, open] = scene.workspaces;
    await scene.settings(bounded, '{"maxRunning":3}');
    await scene.settings(open, '{"maxRunning":0}');
    for (const workspace of scene.workspaces) await scene.waiting(workspace, 10);
    const ledger = scene.ledger({ maxRunning: 5 });
    const claims = (await Promise.all(Array.from({ length: 8 }, () => ledger.claim(randomUUID(), 4)))).flat();
    expect(countsOf(claims)).toEqual([3, 5, 10]);
    const [{ records }] = scene.hosts;
    const done = claims.find(({ workspace }) => workspace === bounded)!;
    await records.end(bounded, envelopeOf(done), { claim: done });
    expect(countsOf(await ledger.claim(randomUUID(), 10))).toEqual([1, 0, 0]);
    const cancelled = claims.find(({ workspace }) => workspace === byDefault)!;
    await ledger.cancel(byDefault, cancelled.id);
    expect(await ledger.claim(randomUUID(), 10)).toEqual([]);
  });

  it("a setting that nobody understands does not keep the others, or its workspace, from being served", async () => {
    const [{ ledger, id: host }] = scene.hosts;
    for (const [index, json] of ['{"maxRunning":"many"}', '"text"', '[{"maxRunning":1e999}]'].entries()) {
      await scene.settings(scene.workspaces[index]!, json);
      await scene.waiting(scene.workspaces[index]!, 2);
    }
    expect(countsOf(await ledger.claim(host, 10))).toEqual([2, 2, 2]);
  });

  it("what is executed by another, or runs without a host, takes no place of its workspace", async () => {
    const [{ ledger, records, id: host }] = scene.hosts;
    const [workspace] = scene.workspaces;
    await scene.settings(workspace, '{"maxRunning":1}');
    await records.begin(startOf({ id: randomUUIDv7(), workspace }, { parentId: randomUUIDv7() }));
    await scene.waiting(workspace, 2);
    expect(await ledger.claim(host, 2)).toHaveLength(1);
  });

  it("a host that has left, or that others took for dead, is given nothing, and begins nothing", async () => {
    const [left, dead] = scene.hosts;
    const about = { name: "h", slots: 1 };
    for (const { ledger, id } of scene.hosts) await ledger.beat(id, about);
    await left.ledger.leave(left.id);
    await left.ledger.reap(dead.id);
    await scene.waiting(scene.workspaces[0], 1);
    for (const { ledger, records, id: host } of scene.hosts) {
      expect(await ledger.claim(host, 1)).toEqual([]);
      const accepted = scene.order();
      const claim = { id: accepted.id, workspace: accepted.workspace, host, fence: 1 };
      const lost = { code: "ERR_EXECUTION_ENDED", details: { reason: "claim lost" } };
      await expect(records.begin(startOf(accepted, { claim, accepted }))).rejects.toMatchObject(lost);
      await expect(records.begin(startOf(scene.order(), {}))).rejects.toMatchObject(lost);
    }
  });

  it("B20: an execution that waits again keeps its snapshot, its input and its lines, and is given on with a higher fence", async () => {
    const [one, other] = scene.hosts;
    const claimed = await scene.begun(one, { snapshotId: undefined });
    const line = { sequence: 1, level: "info" as const, message: "first", timestamp: "2026-11-20T10:00:00.000Z", data: [1] };
    await one.ledger.keepLines(claimed, [line]);
    expect(await one.ledger.handBack(claimed, { dueInMs: 0, counts: true })).toBe(true);
    expect(await one.ledger.state(claimed.workspace, claimed.id)).toMatchObject({ status: "Pending", attempt: 1, host: undefined, startedAt: undefined });
    const [again] = await other.ledger.claim(other.id, 1);
    expect(again).toMatchObject({ id: claimed.id, fence: 2, attempt: 2, snapshotId: SNAPSHOT, inputJson: claimed.inputJson });
    const begun = await other.records.begin(startOf(again!, { claim: again!, snapshotId: OTHER_SNAPSHOT, startedAt: "2026-11-20T12:00:00.000Z" }));
    expect(begun).toMatchObject({ snapshotId: SNAPSHOT, startedAt: "2026-11-20T12:00:00.000Z", status: "Running" });
    await other.ledger.keepLines(again!, [
      { ...line, message: "not this" },
      { ...line, sequence: 2, message: "second" },
    ]);
    expect(await other.ledger.lines(claimed.workspace, claimed.id, { after: 0 })).toEqual([line, { ...line, sequence: 2, message: "second" }]);
    expect(await other.ledger.lines(claimed.workspace, claimed.id, { after: 1, limit: 5 })).toHaveLength(1);
    expect(await other.ledger.lines(scene.workspaces[1], claimed.id, { after: 0 })).toEqual([]);
    // What the first host still says is heard by nobody.
    await one.ledger.keepLines(claimed, [{ ...line, sequence: 3 }]);
    expect(await one.ledger.handBack(claimed, { dueInMs: 0, counts: true })).toBe(false);
    await expect(one.records.begin(startOf(claimed, { claim: claimed }))).rejects.toMatchObject({ code: "ERR_EXECUTION_ENDED" });
    expect(await one.ledger.lines(claimed.workspace, claimed.id, { after: 0 })).toHaveLength(2);
  });

  it("what is handed back without having begun keeps its place and its attempts; what failed waits for as long as it is told", async () => {
    const [{ ledger, id: host }] = scene.hosts;
    const [first, second] = [await scene.waiting(scene.workspaces[0], 1), await scene.waiting(scene.workspaces[0], 1)].flat();
    const [claimed] = await ledger.claim(host, 1);
    expect(claimed!.id).toBe(first);
    expect(await ledger.handBack(claimed!, { dueInMs: 0, counts: false })).toBe(true);
    expect(await ledger.state(scene.workspaces[0], first!)).toMatchObject({ status: "Pending", attempt: 0, position: 0 });
    const [again] = await ledger.claim(host, 1);
    expect(again).toMatchObject({ id: first, attempt: 1, fence: 2 });
    expect(await ledger.handBack(again!, { dueInMs: 600_000, counts: true })).toBe(true);
    const state = await ledger.state(scene.workspaces[0], first!);
    expect(state).toMatchObject({ status: "Scheduled", attempt: 1 });
    expect(Date.parse(state!.dueAt!) - Date.parse(state!.queuedAt)).toBeGreaterThanOrEqual(600_000);
    expect((await ledger.claim(host, 5)).map(({ id }) => id)).toEqual([second]);
    await scene.pass(600_000);
    expect((await ledger.claim(host, 5)).map(({ id, attempt }) => [id, attempt])).toEqual([[first, 2]]);
  });

  it("B92: what has waited for longer than it may ends as Failed, says how many were ahead, and is given to nobody", async () => {
    const [one, other] = scene.hosts;
    const [workspace] = scene.workspaces;
    await scene.waiting(workspace, 3);
    await scene.waiting(scene.workspaces[1], 2);
    const impatient = await scene.waiting(workspace, 2, { maxWaitMs: 1000 });
    const later = await scene.waiting(workspace, 1, { maxWaitMs: 1000, dueAt: "2126-11-20T10:00:00.000Z" });
    expect(await one.ledger.expire()).toEqual([]);
    await scene.pass(1000);
    expect(await one.ledger.claim(one.id, 10)).toHaveLength(5);
    const claimed = await one.ledger.held(one.id);
    for (const claim of claimed) await one.ledger.handBack(claim, { dueInMs: 0, counts: false });
    const expired = (await Promise.all([one, other, one, other].map(({ ledger }) => ledger.expire()))).flat();
    expect(expired.map(({ id }) => id).toSorted()).toEqual(impatient.toSorted());
    const states = await Promise.all(expired.map(({ id }) => one.ledger.state(workspace, id)));
    expect(states.map((state) => state!.error!.details)).toEqual(
      expect.arrayContaining([
        { ahead: 3, maxWaitMs: 1000 },
        { ahead: 4, maxWaitMs: 1000 },
      ]),
    );
    for (const state of states) expect(state).toMatchObject({ status: "Failed", error: { code: "ERR_EXECUTOR_BUSY" }, finishedAt: expect.any(String) });
    expect((await one.records.get(workspace, impatient[0]!))!.execution).toMatchObject({ status: "Failed", logs: [], modules: [], snapshotId: "" });
    expect(await one.ledger.state(workspace, later[0]!)).toMatchObject({ status: "Scheduled" });
    expect(await one.ledger.expire()).toEqual([]);
  });
});
