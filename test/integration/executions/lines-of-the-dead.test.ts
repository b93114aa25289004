// Lines of an execution whose host died: what others heard of it is kept, over real servers.
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { followLines } from "../../../src/executions/follow-lines.ts";
import type { Claim } from "../../../src/executions/ledger.ts";
import type { Live } from "../../../src/executions/live.ts";
import { createLiveWatch } from "../../../src/executions/live-watch.ts";
import { createRedisLive } from "../../../src/executions/redis-live.ts";
import { saveLiveLines } from "../../../src/executions/save-live-lines.ts";
import { describeOnBoth, startOf } from "../../support/ledger-scene.ts";
import { numbered } from "../../support/live-contract.ts";
import { freshRedis, type Fresh } from "../../support/servers/fresh.ts";

describeOnBoth("lines of a host that died", (scene) => {
  let redis: Fresh;
  let dead: Live;
  let live: Live;
  beforeAll(async () => {
    redis = await freshRedis();
  });
  beforeEach(() => {
    dead = createRedisLive({ url: redis.url });
    live = createRedisLive({ url: redis.url });
    return async () => {
      await dead[Symbol.asyncDispose]();
      await live[Symbol.asyncDispose]();
    };
  });
  afterAll(() => redis.drop());

  async function say({ workspace, id, fence }: Claim, ...numbers: number[]): Promise<void> {
    for (const n of numbers) dead.append(workspace, id, { line: numbered(n), fence });
    await dead.flushed(workspace, id);
  }

  it("B112: what it had said is in the record when its executions are taken from it, and who follows them is told each line once, to the end", async () => {
    const [host, other] = scene.hosts;
    await host.ledger.beat(host.id, { name: "dead", slots: 2 });
    const [first, second] = [await scene.begun(host), await scene.begun(host)];
    await say(first, 1, 2);
    const told: number[] = [];
    using watch = createLiveWatch(live);
    const following = (async () => {
      for await (const { line } of followLines({ live, ledger: other.ledger, watch }, first)) told.push(line.sequence);
    })();
    await expect.poll(() => told).toEqual([1, 2]);
    await say(first, 3);
    await say(second, 1);
    await saveLiveLines({ ledger: other.ledger, live }, host.id);
    // It is not dead, and has heard of nothing.
    await say(first, 4);
    await other.ledger.reap(host.id);
    await live.announce({ type: "ended", ...first });
    await following;
    expect(told).toEqual([1, 2, 3]);
    expect(await other.ledger.lines(first.workspace, first.id, { after: 0 })).toEqual([1, 2, 3].map((n) => numbered(n)));
    expect(await other.ledger.lines(second.workspace, second.id, { after: 0 })).toEqual([numbered(1)]);
  });

  it("lines of executions inside go to their own record", async () => {
    const [host, other] = scene.hosts;
    await host.ledger.beat(host.id, { name: "dead", slots: 2 });
    const outer = await scene.begun(host);
    const id = outer.id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    await host.records.begin(startOf({ id, workspace: outer.workspace }, { parentId: outer.id }));
    await say(outer, 1);
    dead.append(outer.workspace, outer.id, { line: numbered(1, "inside"), from: { id, parentId: outer.id, reference: "inner.ts" }, fence: outer.fence });
    await dead.flushed(outer.workspace, outer.id);
    await saveLiveLines({ ledger: other.ledger, live }, host.id);
    await other.ledger.reap(host.id);
    expect(await other.ledger.lines(outer.workspace, outer.id, { after: 0 })).toEqual([numbered(1)]);
    expect(await other.ledger.lines(outer.workspace, id, { after: 0 })).toEqual([numbered(1, "inside")]);
  });

  it("of an execution that waits again the lines of the host that died are kept, and not those of the one before it", async () => {
    const [host, other] = scene.hosts;
    await host.ledger.beat(host.id, { name: "dead", slots: 4 });
    const retry = { attempts: 3, backoffMs: 0, idempotent: true };
    const first = await scene.begun(host, { retry });
    await say(first, 1, 2);
    await host.ledger.keepLines(first, [numbered(1), numbered(2), numbered(3, "tried again")]);
    await host.ledger.handBack(first, { dueInMs: 0, counts: true });
    const second = (await host.ledger.claim(host.id, 1))[0]!;
    await say(second, 4, 5);
    await say(first, 3);
    await saveLiveLines({ ledger: other.ledger, live }, host.id);
    expect(await other.ledger.reap(host.id)).toEqual({ ended: [], waiting: 1 });
    const messages = (await other.ledger.lines(first.workspace, first.id, { after: 0 })).map(({ message }) => message);
    expect(messages).toEqual(["line 1", "line 2", "tried again", "line 4", "line 5"]);
  });

  it("nothing is kept after a line that is missing, and what the record has stays as it is", async () => {
    const [host, other] = scene.hosts;
    await host.ledger.beat(host.id, { name: "dead", slots: 4 });
    const [gap, late, known] = [await scene.begun(host), await scene.begun(host), await scene.begun(host)];
    await say(gap, 1, 2, 2, 4, 5);
    await say(late, 3, 4);
    await host.ledger.keepLines(known, [numbered(1, "kept"), numbered(2, "kept")]);
    await say(known, 2, 3);
    await saveLiveLines({ ledger: other.ledger, live }, host.id);
    const numbers = async ({ workspace, id }: Claim): Promise<string[]> =>
      (await other.ledger.lines(workspace, id, { after: 0 })).map(({ message }) => message);
    expect(await numbers(gap)).toEqual(["line 1", "line 2"]);
    expect(await numbers(late)).toEqual([]);
    expect(await numbers(known)).toEqual(["kept", "kept", "line 3"]);
  });
});
