// What is accepted: once for each request, with all that was asked for.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { expect, it } from "vitest";
import { openPostgres } from "../../../db/postgres.ts";
import { createLedger } from "../../../src/executions/database-ledger.ts";
import { describeOnBoth, SNAPSHOT, startOf } from "../../support/ledger-scene.ts";

const LATER = "2126-11-20T10:00:00.000Z";

describeOnBoth("accepting", (scene) => {
  it("an execution that was accepted is there as Pending, with all that was asked for, and a host is given all of it", async () => {
    const [{ ledger, id: host }] = scene.hosts;
    const order = scene.order({
      inputJson: '{ "z": 1,\n "a": 1e400, "\ud800": "\\u0000" }',
      reference: "a\u0000b",
      workflow: "a\u0000b::default",
      askedBy: "schedule:ni\udc00ght",
      priority: -3,
      maxWaitMs: 60_000,
      retry: { attempts: 5, backoffMs: 250, idempotent: true },
      limits: { wallMs: 100 },
      snapshotId: SNAPSHOT,
      idempotencyKey: "key\u0000",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    expect(await ledger.accept(order)).toEqual({ id: order.id, isNew: true });
    const state = (await ledger.state(order.workspace, order.id))!;
    expect(state).toMatchObject({ version: 1, id: order.id, workflow: order.workflow, status: "Pending", askedBy: order.askedBy, priority: -3, attempt: 0 });
    expect(state).toMatchObject({ position: 0, dueAt: undefined, startedAt: undefined, finishedAt: undefined, host: undefined, error: undefined });
    expect(JSON.parse(state.inputJson!)).toEqual({ z: 1, a: Infinity, "\ud800": "\u0000" });
    const [claimed] = await ledger.claim(host, 1);
    expect(claimed).toMatchObject({ ...order, inputJson: expect.any(String), host, fence: 1, attempt: 1, queuedAt: state.queuedAt });
    expect(claimed!.inputJson).toBe(state.inputJson);
    expect(claimed!.queuedMs).toBeGreaterThanOrEqual(0);
  });

  it("B80: what is due later is Scheduled, and Pending from then on; what was due before is Pending", async () => {
    const [{ ledger, id: host }] = scene.hosts;
    const [later, past] = [scene.order({ dueAt: LATER }), scene.order({ dueAt: "2020-01-01T00:00:00Z" })];
    await Promise.all([later, past].map((order) => ledger.accept(order)));
    expect(await ledger.state(later.workspace, later.id)).toMatchObject({ status: "Scheduled", dueAt: LATER, position: undefined });
    expect(await ledger.state(past.workspace, past.id)).toMatchObject({ status: "Pending", dueAt: undefined });
    expect((await ledger.claim(host, 10)).map(({ id }) => id)).toEqual([past.id]);
    expect(await ledger.nextDueInMs()).toBeGreaterThan(1e12);
    await scene.pass(101 * 366 * 86_400_000);
    expect(await ledger.state(later.workspace, later.id)).toMatchObject({ status: "Pending" });
    expect(await ledger.depth()).toContainEqual({ workspace: later.workspace, status: "Pending", count: 1 });
    expect(await ledger.nextDueInMs()).toBe(0);
    expect((await ledger.claim(host, 10)).map(({ id }) => id)).toEqual([later.id]);
    expect(await ledger.nextDueInMs()).toBeUndefined();
  });

  it("B80: a delay is counted from when it was accepted, by the database's clock, to the millisecond", async () => {
    const [{ ledger, id: host }] = scene.hosts;
    const [later, now] = [scene.order({ dueInMs: 3_600_000, maxWaitMs: 1000 }), scene.order({ dueInMs: 0 })];
    await Promise.all([later, now].map((order) => ledger.accept(order)));
    const state = (await ledger.state(later.workspace, later.id))!;
    expect(state.status).toBe("Scheduled");
    expect(Date.parse(state.dueAt!) - Date.parse(state.queuedAt)).toBe(3_600_000);
    expect((await ledger.claim(host, 10)).map(({ id }) => id)).toEqual([now.id]);
    await scene.pass(3_600_000);
    expect((await ledger.claim(host, 10)).map(({ id }) => id)).toEqual([later.id]);
    expect(await ledger.accept({ ...later, dueInMs: 5 })).toEqual({ id: later.id, isNew: false });
  });

  it("an id, or a key, that was seen with the same request gives that execution, also when it has ended; with another request it is refused", async () => {
    const [{ ledger }] = scene.hosts;
    const order = scene.order({ idempotencyKey: "k", limits: { wallMs: 5, cpuMs: 6 } });
    await ledger.accept(order);
    const again = { id: order.id, isNew: false };
    expect(await ledger.accept({ ...order, idempotencyKey: undefined })).toEqual(again);
    expect(await ledger.accept({ ...order, id: randomUUIDv7(), dueAt: LATER, limits: { cpuMs: 6, wallMs: 5 } })).toEqual(again);
    await ledger.cancel(order.workspace, order.id);
    expect(await ledger.accept({ ...order, id: randomUUIDv7() })).toEqual(again);
    const refused = { code: "ERR_IDEMPOTENCY_CONFLICT" };
    await expect(ledger.accept({ ...order, inputJson: "{}", idempotencyKey: undefined })).rejects.toMatchObject({ ...refused, details: { id: order.id } });
    for (const other of [{ inputJson: "{}" }, { reference: "other.ts" }, { limits: { wallMs: 5 } }, { maxWaitMs: 1 }, { snapshotId: SNAPSHOT }]) {
      await expect(ledger.accept({ ...order, id: randomUUIDv7(), ...other })).rejects.toMatchObject({ ...refused, details: { idempotencyKey: "k" } });
    }
  });

  it("a key is its workspace's own; an id is not, and says nothing of whose it is", async () => {
    const [{ ledger }] = scene.hosts;
    const order = scene.order({ idempotencyKey: "k" });
    await ledger.accept(order);
    const [, other] = scene.workspaces;
    expect(await ledger.accept({ ...order, id: randomUUIDv7(), workspace: other })).toMatchObject({ isNew: true });
    await expect(ledger.accept({ ...order, workspace: other, idempotencyKey: undefined })).rejects.toMatchObject({
      code: "ERR_IDEMPOTENCY_CONFLICT",
      message: expect.not.stringContaining(order.workspace),
    });
  });

  it("of 50 that ask with one key at once on two hosts, one makes the execution, and all are given it; so with one id", async () => {
    const order = scene.order({ idempotencyKey: "race" });
    const asked = Array.from({ length: 50 }, (_, index) => scene.hosts[index % 2]!.ledger.accept({ ...order, id: randomUUIDv7() }));
    const byKey = await Promise.all(asked);
    expect(byKey.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(byKey.map(({ id }) => id)).size).toBe(1);
    const other = scene.order();
    const byId = await Promise.all(Array.from({ length: 50 }, (_, index) => scene.hosts[index % 2]!.ledger.accept(other)));
    expect(byId.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await scene.hosts[0].ledger.depth()).toEqual([{ workspace: order.workspace, status: "Pending", count: 2 }]);
  });

  it("one that cannot be kept does not fail those that were asked for with it", async () => {
    const [{ ledger }] = scene.hosts;
    const orders = Array.from({ length: 20 }, (_, index) =>
      scene.order(index === 7 ? { workspace: randomUUID() } : index === 11 ? { inputJson: "{not json" } : {}),
    );
    const answers = await Promise.allSettled(orders.map((order) => ledger.accept(order)));
    expect(answers.flatMap(({ status }, index) => (status === "rejected" ? [index] : []))).toEqual([7, 11]);
    expect(await ledger.depth()).toEqual([{ workspace: orders[0]!.workspace, status: "Pending", count: 18 }]);
    await expect(ledger.accept(scene.order({ id: "no-uuid" }))).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" });
  });

  it("what runs at once is in the record as accepted and taken; an id or a key that is taken is refused there", async () => {
    const [{ ledger, records, id: host }] = scene.hosts;
    const accepted = scene.order({ idempotencyKey: "fast", askedBy: "t", priority: 4 });
    const claim = { id: accepted.id, workspace: accepted.workspace, host, fence: 1 };
    const begun = await records.begin(startOf(accepted, { claim, accepted }));
    expect(begun).toEqual({ ...startOf(accepted), status: "Running", execution: undefined });
    expect(await ledger.state(accepted.workspace, accepted.id)).toMatchObject({ status: "Running", host, askedBy: "t", priority: 4, attempt: 1 });
    expect(await ledger.accept({ ...accepted, id: randomUUIDv7() })).toEqual({ id: accepted.id, isNew: false });
    const refused = { code: "ERR_IDEMPOTENCY_CONFLICT" };
    await expect(records.begin(startOf(accepted, { claim, accepted }))).rejects.toMatchObject(refused);
    const other = { ...accepted, id: randomUUIDv7() };
    await expect(records.begin(startOf(other, { claim: { ...claim, id: other.id }, accepted: other }))).rejects.toMatchObject(refused);
    await expect(records.begin(startOf({ ...accepted, workspace: scene.workspaces[1] }))).rejects.toMatchObject(refused);
  });
});

it("a ledger whose database does not answer says so with a fault that may be tried again", async () => {
  const away = await openPostgres("postgres://u@127.0.0.1:1/none");
  const ledger = createLedger({ db: away.db, describeServer: away.server });
  const unavailable = { code: "ERR_DATABASE_UNAVAILABLE", retryable: true };
  const order = { id: randomUUIDv7(), workspace: randomUUID(), reference: "r", workflow: "w", inputJson: "{}", askedBy: "a", priority: 0 };
  const accepted = { ...order, retry: { attempts: 1, backoffMs: 1, idempotent: false } };
  const asked = [ledger.accept(accepted), ledger.accept({ ...accepted, id: randomUUIDv7() }), ledger.claim(randomUUID(), 1), ledger.reap(randomUUID())];
  for (const answer of await Promise.allSettled([...asked, ledger.state(order.workspace, order.id), ledger.list(order.workspace, {})])) {
    expect(answer).toMatchObject({ status: "rejected", reason: unavailable });
  }
  await away.close();
});
