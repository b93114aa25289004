// Collections of garbage beside writers, runs and one another: what comes back to life between a decision and its deletion is not lost.
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Kind } from "../../../src/keep/collection.ts";
import type { SnapshotId, WorkspaceId } from "../../../src/snapshot/snapshot-record.ts";
import { openKeptWorld, type KeptWorld, type Texts } from "../../support/kept-world.ts";

const OLD: Texts = { "a.ts": "old", "lib/b.ts": "old b", "lib/deep/c.ts": "old c" };
const NEW: Texts = { "a.ts": "new", "lib/b.ts": "new b", "lib/deep/c.ts": "new c" };

describe.for(["PostgreSQL", "embedded database"] as const)("over %s", (kind) => {
  let world: KeptWorld;
  let made = 0;
  beforeAll(async () => {
    world = await openKeptWorld(kind);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** A workspace whose state `OLD` nothing keeps any more. */
  async function scene(): Promise<{ readonly workspace: WorkspaceId; readonly old: SnapshotId }> {
    await sql`truncate workspaces, compiled cascade`.execute(world.database.db);
    const workspace = await world.workspace(`scene-${(made += 1)}`);
    const old = await world.write(workspace, OLD);
    await world.write(workspace, NEW);
    await world.age(61);
    return { workspace, old };
  }

  /** Does `act` once, when a collection has decided which rows of the kind are to go, and before it deletes them. */
  async function collectAnd(step: Kind, act: () => Promise<unknown>): Promise<Record<string, number>> {
    let candidates = 0;
    const collected = await world.collected({
      onStep: async ({ kind: reached, candidates: count }) => {
        if (reached !== step || candidates > 0 || count === 0) return;
        candidates = count;
        await act();
      },
    });
    expect(candidates).toBeGreaterThan(0);
    return collected;
  }

  it.for(["versions", "snapshots", "trees", "contents", "compiled"] as const)(
    "a write that makes an old state HEAD again, as %s were decided to go, is whole: also where it used rows that were there",
    async (step) => {
      const { workspace, old } = await scene();
      const act = async (): Promise<void> => {
        expect(await world.write(workspace, OLD)).toBe(old);
      };
      // Versions go before anything is told.
      if (step === "versions") await act();
      const collected = step === "versions" ? await world.collected() : await collectAnd(step, act);
      expect(await world.read(workspace, old)).toEqual(OLD);
      expect((await world.origin.head(workspace)).head.snapshotId).toBe(old);
      // Nothing of what came back went, but what was gone before it did.
      if (step === "versions" || step === "snapshots") expect(collected).toEqual({ versions: 1, snapshots: 1 });
      await world.age(1);
      expect(await world.collected()).not.toHaveProperty("contents");
      expect(await world.read(workspace, old)).toEqual(OLD);
    },
  );

  it.for(["trees", "contents"] as const)("part of an old state that a write brings back, as %s were decided to go, stays, and the rest goes", async (step) => {
    const { workspace } = await scene();
    let head: SnapshotId | undefined;
    await collectAnd(step, async () => {
      head = await world.write(workspace, { "lib/b.ts": "old b", "other/lib/deep/c.ts": "old c" });
    });
    expect(await world.read(workspace, head!)).toEqual({ ...NEW, "lib/b.ts": "old b", "other/lib/deep/c.ts": "old c" });
    const { rows } = await sql<{ text: string }>`select convert_from(content, 'UTF8') as text from module_contents order by 1`.execute(world.database.db);
    expect(rows.map(({ text }) => text)).toEqual(["new", "new b", "new c", "old b", "old c"]);
  });

  it("a snapshot that somebody asks for, as it was decided to go, stays whole until his execution is kept, and as long as that", async () => {
    const { workspace, old } = await scene();
    await collectAnd("snapshots", async () => {
      expect(await world.origin.keepSnapshot(workspace, old)).toBe(true);
    });
    expect(await world.read(workspace, old)).toEqual(OLD);
    await world.execution(workspace, { asked: old, status: "Scheduled" });
    await world.age(61);
    await world.collect();
    expect(await world.read(workspace, old)).toEqual(OLD);
    await sql`update executions set status = 'Cancelled', finished_at = now() - interval '31 days'`.execute(world.database.db);
    await world.collect();
    expect(await world.read(workspace, old)).toBeUndefined();
    expect(await world.origin.keepSnapshot(workspace, old)).toBe(false);
  });

  it("a snapshot asked for when its row has gone is refused, and never half there", async () => {
    const { workspace, old } = await scene();
    await collectAnd("trees", async () => {
      expect(await world.origin.keepSnapshot(workspace, old)).toBe(false);
    });
  });

  it("writers that go back and forth beside collections without any grace always leave a whole HEAD", { timeout: 60_000 }, async () => {
    const workspaces = await Promise.all(["one", "two", "three"].map((name) => world.workspace(`busy-${name}-${kind}`)));
    const states: readonly Texts[] = [OLD, NEW, { ...OLD, "a.ts": "new" }, { ...NEW, "lib/deep/c.ts": null, "lib/deep": "a file now" }, { "a.ts": null }];
    const writing = new AbortController();
    const heads: (Record<string, string> | undefined)[] = [];
    const writers = workspaces.map(async (workspace, at) => {
      for (let round = 0; round < 40; round += 1) {
        const state = states[(round * (at + 1) + at) % states.length]!;
        const all = { "lib/deep": null, "lib/deep/c.ts": null, ...state };
        const id = await world.write(workspace, all);
        heads.push(await world.read(workspace, id));
      }
    });
    const collectors = [1, 2].map(async () => {
      let rounds = 0;
      for (; !writing.signal.aborted || rounds < 5; rounds += 1) await world.collect({ graceMs: 0, historyMs: 0 });
      return rounds;
    });
    await Promise.all(writers);
    writing.abort();
    expect(Math.min(...(await Promise.all(collectors)))).toBeGreaterThanOrEqual(5);
    // What was read was HEAD a moment before; another write may have come between, but none of its own workspace.
    expect(heads).toHaveLength(120);
    expect(heads.filter((head) => head === undefined)).toEqual([]);
    for (const workspace of workspaces) expect(await world.read(workspace, (await world.origin.head(workspace)).head.snapshotId)).toBeDefined();
  });
});

describe("over PostgreSQL, with many connections", () => {
  let world: KeptWorld;
  beforeAll(async () => {
    world = await openKeptWorld("PostgreSQL");
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function scene(name: string): Promise<{ readonly workspace: WorkspaceId; readonly old: SnapshotId }> {
    await sql`truncate workspaces, compiled cascade`.execute(world.database.db);
    const workspace = await world.workspace(name);
    const old = await world.write(workspace, OLD);
    await world.write(workspace, NEW);
    await world.age(61);
    return { workspace, old };
  }

  async function client(): Promise<pg.Client & AsyncDisposable> {
    const opened = new pg.Client({ connectionString: world.url });
    await opened.connect();
    return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.end() });
  }

  /** Resolves when some statement waits for a lock. */
  async function somebodyWaits(watcher: pg.Client): Promise<void> {
    for (;;) {
      const { rows } = await watcher.query("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
      if (rows.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it("who asks for a snapshot while its deletion is not committed is told what comes of it", async () => {
    await using deleter = await client();
    await using watcher = await client();
    for (const end of ["commit", "rollback"]) {
      const { workspace, old } = await scene(`asked-${end}`);
      await deleter.query("begin");
      await deleter.query("delete from snapshots where workspace_id = $1 and id = $2", [workspace, old]);
      const kept = world.origin.keepSnapshot(workspace, old);
      await somebodyWaits(watcher);
      await deleter.query(end);
      expect(await kept).toBe(end === "rollback");
    }
  });

  it("a collection that meets a snapshot which is being asked for leaves it", async () => {
    await using asker = await client();
    await using watcher = await client();
    const { workspace, old } = await scene("being-asked");
    await asker.query("begin");
    await asker.query("update snapshots set used_at = now() where workspace_id = $1 and id = $2", [workspace, old]);
    const collected = world.collected();
    await somebodyWaits(watcher);
    await asker.query("commit");
    expect(await collected).not.toHaveProperty("contents");
    expect(await world.read(workspace, old)).toEqual(OLD);
  });

  it("a write that is under way when a collection decides is waited for, and what it used stays", async () => {
    await using watcher = await client();
    const { workspace, old } = await scene("under-way");
    const { promise: mayCommit, resolve: letCommit } = Promise.withResolvers<void>();
    const { promise: written, resolve: hasWritten } = Promise.withResolvers<void>();
    const { preparedFile } = await import("../../support/origin-contract.ts");
    const put = Object.entries(OLD).map(([path, text]) => preparedFile(path, text!));
    const commit = world.origin.commit(workspace, { put, remove: [], move: [] }, async () => {
      hasWritten();
      await mayCommit;
    });
    await written;
    const collected = world.collected();
    await somebodyWaits(watcher);
    letCommit();
    expect((await commit).head.snapshotId).toBe(old);
    expect(await collected).not.toHaveProperty("contents");
    expect(await world.read(workspace, old)).toEqual(OLD);
  });

  it("executions go on being accepted and ended while a collection deletes: it holds no lock that they need", async () => {
    const { workspace, old } = await scene("busy");
    await world.execution(workspace, { snapshotId: old, lines: 5 });
    await world.age(31);
    let ended = 0;
    await world.collect({
      onStep: async () => {
        await world.execution(workspace, { lines: 1 });
        ended += 1;
      },
    });
    expect(ended).toBeGreaterThan(3);
    // Also under the lock that a collection takes.
    await using holder = await client();
    await holder.query("begin");
    await holder.query("select from workspaces where id = $1 for no key update", [workspace]);
    await world.execution(workspace, {});
    await holder.query("rollback");
  });
});
