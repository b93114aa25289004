// How executions are listed: page by page, without what is large.
import { randomUUIDv7 } from "node:crypto";
import { sql } from "kysely";
import { expect, it } from "vitest";
import type { ExecutionFilter } from "../../../src/executions/ledger.ts";
import { describeOnBoth, envelopeOf, startOf, type LedgerScene } from "../../support/ledger-scene.ts";

async function everyPage(scene: LedgerScene, filter: ExecutionFilter, between?: () => Promise<unknown>): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await scene.hosts[0].ledger.list(scene.workspaces[0], { ...filter, cursor });
    expect(page.executions.length).toBeLessThanOrEqual(filter.limit ?? 50);
    ids.push(...page.executions.map(({ id }) => id));
    cursor = page.next;
    await between?.();
  } while (cursor !== undefined);
  return ids;
}

describeOnBoth("listing", (scene) => {
  it("pages hold every execution of the workspace once, newest first, also of those accepted in one moment, and while others come", async () => {
    const [workspace, other] = scene.workspaces;
    const early = await scene.waiting(workspace, 7);
    await scene.pass(1000);
    const late = await scene.waiting(workspace, 30);
    await scene.waiting(other, 3);
    // All at one time: only the ids tell them apart.
    await sql`update executions set queued_at = '2026-11-20T10:00:00.001Z' where id = any(${late}::uuid[])`.execute(scene.db);
    await sql`update executions set queued_at = '2026-11-20T10:00:00Z' where id = any(${early}::uuid[])`.execute(scene.db);
    const expected = [...late.toSorted().toReversed(), ...early.toSorted().toReversed()];
    expect(await everyPage(scene, { limit: 4 })).toEqual(expected);
    expect(await everyPage(scene, { limit: 37 })).toEqual(expected);
    expect(await everyPage(scene, {})).toEqual(expected);
    let more = 0;
    const during = await everyPage(scene, { limit: 5 }, async () => (more += (await scene.waiting(workspace, 2)).length));
    expect(during).toEqual(expected);
    expect(await everyPage(scene, { limit: 200 })).toHaveLength(expected.length + more);
  });

  it("a list is narrowed by workflow, path, status, parent, who asked, and time from and before", async () => {
    const [host] = scene.hosts;
    const [workspace] = scene.workspaces;
    const made = {
      first: scene.order({ workflow: "a/wf.ts::default", askedBy: "one" }),
      second: scene.order({ workflow: "a/wf.ts::other", askedBy: "two" }),
      near: scene.order({ workflow: "a/wf.tsx::default", dueAt: "2126-01-01T00:00:00Z" }),
    };
    for (const order of Object.values(made)) await host.ledger.accept(order);
    const nested = startOf({ id: randomUUIDv7(), workspace }, { parentId: made.first.id, workflow: "b.ts::default" });
    await host.records.begin(nested);
    await sql`update executions set queued_at = '2026-11-20T10:00:00Z' where id = ${made.second.id}`.execute(scene.db);
    const { first, second, near } = made;
    const cases: readonly (readonly [ExecutionFilter, readonly string[]])[] = [
      [{ workflow: "a/wf.ts::other" }, [second.id]],
      [{ workflow: "a/wf.ts" }, [first.id, second.id]],
      [{ workflow: "a/wf" }, []],
      [{ workflow: "a/%" }, []],
      [{ statuses: ["Running", "Scheduled"] }, [near.id, nested.id]],
      [{ statuses: [] }, []],
      [{ parentId: first.id }, [nested.id]],
      [{ askedBy: "two" }, [second.id]],
      [{ until: "2026-11-20T10:00:00.001Z" }, [second.id]],
      [{ until: "2026-11-20T10:00:00Z" }, []],
      [{ since: "2026-11-20T11:00:00+01:00", until: "2026-11-20T10:00:00.001+00:00" }, [second.id]],
      [{ since: "2026-11-20T10:00:00.001Z", workflow: "a/wf.ts" }, [first.id]],
    ];
    for (const [filter, ids] of cases) expect((await everyPage(scene, filter)).toSorted()).toEqual(ids.toSorted());
  });

  it("a line of a list has no input, result, modules or stack, and of an error its code, its name and the begin of its message", async () => {
    const [host] = scene.hosts;
    const claimed = await scene.begun(host, { inputJson: '"secret input"' });
    const message = `${"m".repeat(999)}\u{1f600}${"x".repeat(50_000)}`;
    const error = { code: "ERR_TIMEOUT_WALL", name: "Timeout\u0000Error", message, stack: "the stack", frames: [], details: { big: "details" } } as const;
    const modules = [{ path: "a.ts", hash: "ef".repeat(32) }];
    await host.records.end(claimed.workspace, envelopeOf(claimed, { status: "Timeout", error, result: "the result", modules }), { claim: claimed });
    const [line] = (await host.ledger.list(claimed.workspace, {})).executions;
    expect(line!.error).toEqual({ code: "ERR_TIMEOUT_WALL", name: "Timeout\u0000Error", message: "m".repeat(999) });
    expect(JSON.stringify(line)).not.toMatch(/secret input|the stack|details|the result|a\.ts/);
    expect(line).toMatchObject({ version: 1, id: claimed.id, status: "Timeout", usage: { wallMs: 1 }, host: host.id, attempt: 1 });
    expect(line).not.toHaveProperty("inputJson");
    expect((await host.ledger.state(claimed.workspace, claimed.id))!.error).toEqual(error);
    // As the release before has written it.
    await sql`update executions set error_summary = null`.execute(scene.db);
    expect((await host.ledger.list(claimed.workspace, {})).executions).toEqual([line]);
  });

  it("a cursor, or a filter, that is none is refused by name", async () => {
    const [{ ledger }] = scene.hosts;
    const cursors = ["", "x", "AAAA", "a b", "é", Buffer.from(`2026 ${randomUUIDv7()}`).toString("base64url"), "A".repeat(10_000)];
    cursors.push(
      ...["2026-11-20T10:00:00.000Z", `2026-11-20T10:00:00.000Z ${randomUUIDv7()} more`, `'; drop ${randomUUIDv7()}`].map((text) =>
        Buffer.from(text).toString("base64url"),
      ),
    );
    for (const cursor of cursors) {
      await expect(ledger.list(scene.workspaces[0], { cursor })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", details: { path: "cursor" } });
    }
    const wrong: readonly (readonly [string, ExecutionFilter])[] = [
      ["limit", { limit: 0 }],
      ["limit", { limit: 201 }],
      ["limit", { limit: 1.5 }],
      ["since", { since: "yesterday" }],
      ["since", { since: "2026-11-20" }],
      ["until", { until: "2026-13-20T10:00:00Z" }],
      ["until", { until: "2026-11-20T10:00:00" }],
      ["parentId", { parentId: "none" }],
    ];
    for (const [path, filter] of wrong) {
      await expect(ledger.list(scene.workspaces[0], filter)).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", details: { path } });
    }
  });

  it("an id that is none, or another workspace's, has no state", async () => {
    const [{ ledger }] = scene.hosts;
    const [id] = await scene.waiting(scene.workspaces[0], 1);
    expect(await ledger.state(scene.workspaces[1], id!)).toBeUndefined();
    expect(await ledger.state(scene.workspaces[0], "no-uuid")).toBeUndefined();
    expect(await ledger.lines(scene.workspaces[0], "no-uuid", { after: 0 })).toEqual([]);
  });

  it("its status alone is what its state says: waiting, due, running, being cancelled, ended", async () => {
    const [host] = scene.hosts;
    const [workspace] = scene.workspaces;
    const [later] = await scene.waiting(workspace, 1, { dueAt: "2126-01-01T00:00:00Z" });
    const both = async (id = ""): Promise<unknown> => {
      const status = await host.ledger.status(workspace, id);
      expect(status).toBe((await host.ledger.state(workspace, id))?.status);
      return status;
    };
    expect(await both(later)).toBe("Scheduled");
    await scene.pass(101 * 366 * 86_400_000);
    expect(await both(later)).toBe("Pending");
    const begun = await scene.begun(host);
    expect(await both(begun.id)).toBe("Running");
    await host.ledger.cancel(workspace, begun.id);
    expect(await both(begun.id)).toBe("Cancelling");
    await host.records.end(workspace, envelopeOf(begun, { status: "Cancelled" }), { claim: begun });
    expect(await both(begun.id)).toBe("Cancelled");
    expect(await host.ledger.status(scene.workspaces[1], begun.id)).toBeUndefined();
    expect(await both("no-uuid")).toBeUndefined();
  });

  it("how many there are that have not ended is told by workspace and status", async () => {
    const [host] = scene.hosts;
    const [one, two] = scene.workspaces;
    const [running, cancelling, ended] = [await scene.begun(host), await scene.begun(host), await scene.begun(host)];
    await host.ledger.cancel(one, cancelling.id);
    await host.records.end(one, envelopeOf(ended), { claim: ended });
    await scene.waiting(one, 3);
    await scene.waiting(two, 2, { dueAt: "2126-01-01T00:00:00Z" });
    const depth = await host.ledger.depth();
    expect(depth).toHaveLength(4);
    expect(depth).toEqual(
      expect.arrayContaining([
        { workspace: one, status: "Pending", count: 3 },
        { workspace: one, status: "Running", count: 1 },
        { workspace: one, status: "Cancelling", count: 1 },
        { workspace: two, status: "Scheduled", count: 2 },
      ]),
    );
    expect(running.host).toBe(host.id);
  });
});
