import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Queue } from "../../../src/queue/queue.ts";
import { createRedisQueue } from "../../../src/queue/redis-queue.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { BELL, CountingHost, describeQueueContract } from "../../support/queue-contract.ts";
import { freshRedis } from "../../support/servers/fresh.ts";
import { startRedis } from "../../support/servers/redis.ts";
import { lookInto } from "../../support/stored-world.ts";

expectNoLeaks();

function open(url: string, said: string[] = []): Queue {
  return createRedisQueue({ url, log: (message) => void said.push(message) });
}

/** Rings until it is heard once more: a bell may be lost with the Redis that held it. */
async function heardAgain(queue: Queue, host: CountingHost): Promise<void> {
  const before = host.looks;
  while (host.looks === before) {
    await queue.ring(BELL);
    await sleep(50);
  }
}

describeQueueContract("Over Redis", async () => {
  const redis = await freshRedis();
  const queues = [open(redis.url), open(redis.url)] as const;
  return {
    queues,
    async dispose() {
      for (const queue of queues) await queue[Symbol.asyncDispose]();
      await redis.drop();
    },
  };
});

describe("a queue over Redis", () => {
  it("keeps all it has under bifrost:queue, and nothing of a bell that was heard", async () => {
    await using redis = await freshRedis();
    using client = lookInto(redis.url);
    await using queue = open(redis.url);
    const host = new CountingHost();
    host.room = false;
    await using listening = queue.listen(host);
    for (let count = 0; count < 20; count += 1) await queue.ring(BELL);
    await queue.ring({ ...BELL, dueInMs: 100, priority: 100 });
    await queue.ring({ ...BELL, dueInMs: 100, priority: -100 });
    const waiting = await client.keys("*");
    expect(waiting.filter((key) => !key.startsWith("bifrost:queue:"))).toEqual([]);
    host.room = true;
    listening.roomAgain();
    const kept = /:(meta|events|id|marker|stalled-check)$/u;
    await expect.poll(async () => (await client.keys("*")).filter((key) => !kept.test(key)), { timeout: 5000 }).toEqual([]);
    expect(host.looks).toBeGreaterThan(0);
  });

  it("B29: is heard on after FLUSHALL", async () => {
    await using redis = await startRedis();
    using client = lookInto(redis.url);
    await using there = open(redis.url);
    await using here = open(redis.url);
    const host = new CountingHost();
    await using _ = there.listen(host);
    await here.ring(BELL);
    await host.looked(1);
    for (let time = 0; time < 3; time += 1) {
      await here.ring({ ...BELL, dueInMs: 60_000 });
      await client.flushall();
      await heardAgain(here, host);
    }
  });

  it("B112: is heard on after Redis was killed and started again, and says both once", async () => {
    await using redis = await startRedis();
    const said: string[] = [];
    await using there = open(redis.url);
    await using here = open(redis.url, said);
    const host = new CountingHost();
    await using _ = there.listen(host);
    await heardAgain(here, host);
    await redis.kill();
    await expect.poll(() => said.length).toBe(1);
    for (let count = 0; count < 20; count += 1) await here.ring(BELL);
    await redis.start();
    await heardAgain(here, host);
    expect(said).toEqual([expect.stringContaining("found by looking each second"), "Redis carries bells again."]);
  });

  it("is heard when Redis comes up after it", async () => {
    await using redis = await startRedis();
    await redis.kill();
    await using there = open(redis.url);
    await using here = open(redis.url);
    const host = new CountingHost();
    await using _ = there.listen(host);
    await here.ring(BELL);
    await redis.start();
    await heardAgain(here, host);
  });

  it("tells the hosts of its own process while Redis is away, or silent", async () => {
    await using redis = await startRedis();
    await using queue = open(redis.url);
    const host = new CountingHost();
    await using _ = queue.listen(host);
    await heardAgain(queue, host);
    await redis.pause();
    try {
      const before = host.looks;
      await queue.ring(BELL);
      expect(host.looks).toBeGreaterThan(before);
    } finally {
      await redis.resume();
    }
    await redis.kill();
    const before = host.looks;
    await queue.ring(BELL);
    expect(host.looks).toBeGreaterThan(before);
  });

  it.each(["is there", "was killed", "is silent", "was never there"])("closes while it listens and Redis %s", async (how) => {
    await using redis = await startRedis();
    if (how === "was never there") await redis.kill();
    const queue = open(redis.url);
    const host = new CountingHost();
    const listening = queue.listen(host);
    if (how !== "was never there") await heardAgain(queue, host);
    if (how === "was killed") await redis.kill();
    if (how === "is silent") await redis.pause();
    try {
      // While the connections are being tried again, too.
      await sleep(120);
      await Promise.all([listening[Symbol.asyncDispose](), queue[Symbol.asyncDispose]()]);
    } finally {
      await redis.resume();
    }
  });
});
