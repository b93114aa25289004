// The promises of src/queue/queue.ts as a suite: every bell that hosts listen to passes it.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Bell, Listening, Queue } from "../../src/queue/queue.ts";

export interface QueueUnderTest {
  /** As two processes have it, where there can be two. */
  readonly queues: readonly [Queue, Queue];
  dispose(): Promise<void>;
}

export const BELL: Bell = { executionId: "01900000-0000-7000-8000-000000000000", priority: 0 };

/** A host that counts how often it is told to look. */
export class CountingHost {
  readonly slots = 1;
  room = true;
  looks = 0;
  /** What looking does. */
  onLook: () => Promise<void> | void = () => {};
  readonly #waiting = new Set<() => void>();

  hasRoom(): boolean {
    return this.room;
  }

  async look(): Promise<void> {
    this.looks += 1;
    for (const resolve of this.#waiting) resolve();
    await this.onLook();
  }

  /** Resolves once it has been told to look so many times. */
  async looked(times: number): Promise<void> {
    while (this.looks < times) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }
}

export function describeQueueContract(name: string, create: () => Promise<QueueUnderTest>): void {
  describe(`${name}: a queue`, () => {
    const open: AsyncDisposable[] = [];
    afterEach(async () => {
      for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
    });

    async function queues(): Promise<readonly [Queue, Queue]> {
      const { queues: both, dispose } = await create();
      open.push({ [Symbol.asyncDispose]: dispose });
      return both;
    }

    function listen(queue: Queue, host: CountingHost): Listening {
      const listening = queue.listen(host);
      open.push(listening);
      return listening;
    }

    it("has a host with room look when a bell is rung", async () => {
      const [here, there] = await queues();
      const host = new CountingHost();
      listen(there, host);
      await here.ring(BELL);
      await host.looked(1);
      await here.ring(BELL);
      await host.looked(2);
    });

    it("keeps a bell until somebody listens", async () => {
      const [here, there] = await queues();
      await here.ring(BELL);
      const host = new CountingHost();
      listen(there, host);
      await host.looked(1);
    });

    it("has a host look when a bell is due, and not before", async () => {
      const [here, there] = await queues();
      const host = new CountingHost();
      listen(there, host);
      const rungAt = performance.now();
      await here.ring({ ...BELL, dueInMs: 300 });
      await host.looked(1);
      // Timers and Redis count in whole milliseconds.
      expect(performance.now() - rungAt).toBeGreaterThan(295);
    });

    it("does not have a host without room look: another hears the bell", async () => {
      const [here, there] = await queues();
      const [full, free] = [new CountingHost(), new CountingHost()];
      full.room = false;
      listen(here, full);
      listen(there, free);
      for (let bell = 1; bell <= 5; bell += 1) {
        await here.ring(BELL);
        await free.looked(bell);
      }
      expect(full.looks).toBe(0);
    });

    it("hands a bell on that came to a host whose room was taken meanwhile", async () => {
      const [here, there] = await queues();
      const [first, second] = [new CountingHost(), new CountingHost()];
      listen(here, first);
      await here.ring(BELL);
      await first.looked(1);
      // It waits for bells now, as one that has room.
      first.room = false;
      listen(there, second);
      await here.ring(BELL);
      await second.looked(1);
      expect(first.looks).toBe(1);
    });

    it("has another host look when the one that heard took all it had room for", async () => {
      const [here, there] = await queues();
      const hosts = [new CountingHost(), new CountingHost()];
      for (const host of hosts) host.onLook = () => void (host.room = false);
      listen(here, hosts[0]!);
      listen(there, hosts[1]!);
      await here.ring(BELL);
      await Promise.all(hosts.map((host) => host.looked(1)));
    });

    it("has a host look that says it has room again, when a bell came while nobody had any", async () => {
      const [here, there] = await queues();
      const host = new CountingHost();
      host.room = false;
      const listening = listen(there, host);
      await here.ring(BELL);
      await sleep(50);
      expect(host.looks).toBe(0);
      host.room = true;
      listening.roomAgain();
      await host.looked(1);
    });

    it("has a host look again when a bell was rung while it looked", async () => {
      const [here, there] = await queues();
      const host = new CountingHost();
      const looking = Promise.withResolvers<void>();
      host.onLook = () => looking.promise;
      listen(there, host);
      await here.ring(BELL);
      await host.looked(1);
      await here.ring(BELL);
      host.onLook = () => {};
      looking.resolve();
      await host.looked(2);
    });

    it("loses none of a thousand bells at once: somebody looks after the last", async () => {
      const [here, there] = await queues();
      const host = new CountingHost();
      let written = 0;
      let read = 0;
      const seen = (): number => read;
      host.onLook = () => void (read = written);
      listen(there, host);
      await Promise.all(
        Array.from({ length: 1000 }, async () => {
          written += 1;
          await here.ring(BELL);
        }),
      );
      while (seen() < 1000) await host.looked(host.looks + 1);
    });

    it("has nobody look that stopped listening, and lets go of it when its look has ended", async () => {
      const [here, there] = await queues();
      const [gone, stays] = [new CountingHost(), new CountingHost()];
      const looking = Promise.withResolvers<void>();
      gone.onLook = () => looking.promise;
      const listening = listen(there, gone);
      await here.ring(BELL);
      await gone.looked(1);
      let hasLeft = false;
      const stopped = listening[Symbol.asyncDispose]().then(() => (hasLeft = true));
      await sleep(20);
      expect(hasLeft).toBe(false);
      looking.resolve();
      await stopped;
      listen(here, stays);
      await here.ring(BELL);
      await stays.looked(1);
      expect(gone.looks).toBe(1);
    });

    it("takes a bell without a word when it is closed", async () => {
      const [here, there] = await queues();
      const host = new CountingHost();
      listen(here, host);
      await here[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
      await here.ring(BELL);
      await here.ring({ ...BELL, dueInMs: 1 });
      await here[Symbol.asyncDispose]();
      await sleep(20);
      expect(host.looks).toBe(0);
    });
  });
}
