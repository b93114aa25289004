// Live lines over a real Redis: what is kept there and for how long, and what an outage leaves of them.
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { Live } from "../../../src/executions/live.ts";
import { createRedisLive, type RedisLiveOptions } from "../../../src/executions/redis-live.ts";
import { logsKey } from "../../../src/snapshot/redis-keys.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../src/snapshot/snapshot-record.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { describeLiveContract, hears, numbered, readAll } from "../../support/live-contract.ts";
import { freshRedis } from "../../support/servers/fresh.ts";
import { startRedis } from "../../support/servers/redis.ts";
import { lookInto } from "../../support/stored-world.ts";

describeLiveContract("over Redis", async () => {
  const redis = await freshRedis();
  const [here, there] = [createRedisLive({ url: redis.url, lingerMs: 200 }), createRedisLive({ url: redis.url })];
  return {
    here,
    there,
    async dispose() {
      await Promise.all([here[Symbol.asyncDispose](), there[Symbol.asyncDispose]()]);
      await redis.drop();
    },
  };
});

describe("live lines over Redis", () => {
  expectNoLeaks();
  const open: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
  });

  function live(url: string, options: Partial<RedisLiveOptions> = {}): Live {
    const made = createRedisLive({ url, ...options });
    open.push(made);
    return made;
  }

  async function ownRedis(): Promise<Awaited<ReturnType<typeof startRedis>>> {
    const redis = await startRedis();
    open.push(redis);
    return redis;
  }

  function say(on: Live, run: { workspace: string; id: string }, numbers: readonly number[]): void {
    for (const n of numbers) on.append(run.workspace, run.id, { line: numbered(n) });
  }

  async function sequences(on: Live, run: { workspace: string; id: string }): Promise<number[]> {
    return (await readAll(on, run)).map(({ line }) => line.sequence);
  }

  const newRun = (): { workspace: string; id: string } => ({ workspace: randomUUID(), id: randomUUID() });

  it("B31: a stream has its workspace's prefix, is bounded, and ends by itself: an hour after its last line, and soon after it was dropped", async () => {
    const redis = await freshRedis();
    open.push(redis);
    using client = lookInto(redis.url);
    const here = live(redis.url);
    const runs = [newRun(), { workspace: DEFAULT_WORKSPACE_ID, id: randomUUID() }];
    for (const run of runs) say(here, run, [1]);
    await here.flushed("", "");
    expect((await client.keys("*")).toSorted()).toEqual(
      [`bifrost:exec:${runs[1]!.id}:logs`, `bifrost:{${runs[0]!.workspace}}:exec:${runs[0]!.id}:logs`].toSorted(),
    );
    const key = logsKey(runs[0]!.workspace, runs[0]!.id);
    expect(await client.pttl(key)).toBeGreaterThan(3_590_000);
    await client.pexpire(key, 5000);
    say(here, runs[0]!, [2]);
    await here.flushed("", "");
    expect(await client.pttl(key)).toBeGreaterThan(3_590_000);
    here.drop(runs[0]!.workspace, runs[0]!.id);
    await here.flushed("", "");
    expect(await client.pttl(key)).toBeLessThanOrEqual(10_000);
  });

  it("what is no line of ours in a stream is passed over, and a key of another type is left alone", async () => {
    const redis = await freshRedis();
    open.push(redis);
    using client = lookInto(redis.url);
    const here = live(redis.url);
    const [run, taken] = [newRun(), newRun()];
    await client.xadd(logsKey(run.workspace, run.id), "*", "l", "{");
    await client.xadd(logsKey(run.workspace, run.id), "*", "l", '{"fence":1,"line":{}}');
    await client.set(logsKey(taken.workspace, taken.id), "taken");
    say(here, taken, [1]);
    say(here, run, [1]);
    await here.flushed("", "");
    expect(await sequences(here, run)).toEqual([1]);
    expect(await sequences(here, taken)).toEqual([]);
    expect(await client.get(logsKey(taken.workspace, taken.id))).toBe("taken");
  });

  it("B28: lines that are said while Redis is killed are kept, and sent in order when it is back; listeners hear that they may have missed something", async () => {
    const redis = await ownRedis();
    const [here, there] = [live(redis.url), live(redis.url)];
    const run = newRun();
    let resumed = 0;
    using _listening = there.listen(({ type }) => void (resumed += type === "resumed" ? 1 : 0));
    await hears({ here, there }, run.workspace);
    expect(resumed).toBe(0);
    say(here, run, [1, 2]);
    await here.flushed(run.workspace, run.id);
    await redis.kill();
    say(here, run, [3, 4]);
    await here.flushed(run.workspace, run.id);
    expect(await there.read(run.workspace, run.id, "")).toEqual([]);
    say(here, run, [5]);
    await redis.start();
    await expect.poll(() => sequences(there, run), { timeout: 10_000 }).toEqual([3, 4, 5]);
    await hears({ here, there }, run.workspace);
    expect(resumed).toBe(1);
  });

  it("hosts that start while Redis is away hear and are heard when it comes", async () => {
    const redis = await ownRedis();
    await redis.kill();
    const [here, there] = [live(redis.url), live(redis.url)];
    const run = newRun();
    let resumed = 0;
    using _listening = there.listen(({ type }) => void (resumed += type === "resumed" ? 1 : 0));
    say(here, run, [1]);
    await here.announce({ type: "lines", ...run });
    await redis.start();
    await hears({ here, there }, run.workspace);
    expect(resumed).toBe(1);
    await expect.poll(() => sequences(there, run)).toEqual([1]);
  });

  it("B29: a flush takes the lines that were there, and nothing of those that follow", async () => {
    const redis = await ownRedis();
    using client = lookInto(redis.url);
    const [here, there] = [live(redis.url), live(redis.url)];
    const run = newRun();
    say(here, run, [1, 2]);
    await here.flushed(run.workspace, run.id);
    const before = await readAll(there, run);
    await client.flushall();
    say(here, run, [3]);
    await here.flushed(run.workspace, run.id);
    expect((await readAll(there, { ...run, after: before.at(-1)!.place })).map(({ line }) => line.sequence)).toEqual([3]);
    expect(await client.pttl(logsKey(run.workspace, run.id))).toBeGreaterThan(0);
  });

  it("connections that the server closes are made anew, the one that hears as well", async () => {
    const redis = await ownRedis();
    using client = lookInto(redis.url);
    const [here, there] = [live(redis.url), live(redis.url)];
    const run = newRun();
    using _listening = there.listen(() => undefined);
    await hears({ here, there }, run.workspace);
    for (const type of ["normal", "pubsub"]) await client.call("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
    say(here, run, [1]);
    await hears({ here, there }, run.workspace);
    expect(await sequences(there, run)).toEqual([1]);
  });

  it("a user that may not write and not hear loses nothing that is said meanwhile, and is heard once it may", async () => {
    const redis = await ownRedis();
    using client = lookInto(redis.url);
    await client.acl("SETUSER", "host", "on", ">secret", "resetkeys", "resetchannels", "+@all");
    const url = new URL(redis.url);
    url.username = "host";
    url.password = "secret";
    const [here, there] = [live(url.href), live(url.href)];
    const run = newRun();
    const heard: string[] = [];
    using _listening = there.listen((notice) => void (notice.type === "ended" && heard.push(notice.id)));
    say(here, run, [1, 2]);
    await here.announce({ type: "ended", ...run });
    expect(await there.read(run.workspace, run.id, "")).toEqual([]);
    await client.acl("SETUSER", "host", "~bifrost:*", "&bifrost:*");
    await hears({ here, there }, run.workspace);
    await expect.poll(() => sequences(there, run)).toEqual([1, 2]);
    // A password that is not right any more is a refusal too.
    await client.acl("SETUSER", "host", "resetpass", ">other");
    for (const type of ["normal", "pubsub"]) await client.call("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
    say(here, run, [3]);
    await here.flushed(run.workspace, run.id);
    await client.acl("SETUSER", "host", ">secret");
    await hears({ here, there }, run.workspace);
    await expect.poll(() => sequences(there, run)).toEqual([1, 2, 3]);
  });

  it("what is kept while Redis is away is bounded: the first lines are kept, and what is said when it is back is sent", async () => {
    const redis = await ownRedis();
    await redis.kill();
    const here = live(redis.url, { maxBytesKept: 10_000 });
    const run = newRun();
    for (let n = 1; n <= 1000; n += 1) say(here, run, [n]);
    await here.flushed(run.workspace, run.id);
    await redis.start();
    await expect.poll(() => here.read(run.workspace, run.id, ""), { timeout: 10_000 }).not.toEqual([]);
    await here.flushed(run.workspace, run.id);
    const sent = await sequences(here, run);
    expect(sent.length).toBeLessThan(100);
    expect(sent).toEqual(sent.map((_, at) => at + 1));
    say(here, run, [1001]);
    await here.flushed(run.workspace, run.id);
    expect(await sequences(here, run)).toEqual([...sent, 1001]);
  });

  it("a Redis that is full carries notices on, and lines again when there is room", async () => {
    const redis = await ownRedis();
    using client = lookInto(redis.url);
    const [here, there] = [live(redis.url), live(redis.url)];
    const run = newRun();
    await client.config("SET", "maxmemory", "1");
    say(
      here,
      run,
      Array.from({ length: 2000 }, (_, at) => at + 1),
    );
    await hears({ here, there }, run.workspace);
    expect(await sequences(there, run)).toEqual([]);
    await client.config("SET", "maxmemory", "0");
    say(here, run, [2001]);
    await here.flushed(run.workspace, run.id);
    expect(await sequences(there, run)).toEqual([2001]);
  });

  it("appending, announcing and closing do not hang on a Redis that is frozen or gone", async () => {
    const redis = await ownRedis();
    const [here, there] = [live(redis.url), live(redis.url)];
    const run = newRun();
    using _listening = there.listen(() => undefined);
    await hears({ here, there }, run.workspace);
    await redis.pause();
    say(here, run, [1]);
    await here.announce({ type: "ended", ...run });
    expect(await there.read(run.workspace, run.id, "")).toEqual([]);
    await Promise.all([here[Symbol.asyncDispose](), there[Symbol.asyncDispose]()]);
    await redis.kill();
    const late = live(redis.url);
    using _late = late.listen(() => undefined);
    say(late, run, [1]);
    await late[Symbol.asyncDispose]();
    await late.announce({ type: "ended", ...run });
    await late.flushed(run.workspace, run.id);
    expect(await late.read(run.workspace, run.id, "")).toEqual([]);
  });
});
