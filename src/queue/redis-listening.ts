// Hears the bells of redis-queue.ts for one host: takes one out of Redis only while the host has room, and then has it look.
// Bells are fetched by hand: BullMQ's own loop would take the next one while there is no room for it.
import { setTimeout as sleep } from "node:timers/promises";
import { Worker as BullListener } from "bullmq";
import type { Listening, Queue } from "./queue.ts";
import { openQueueClients } from "./redis-clients.ts";

/** Every key of ours in the queue is beneath. */
export const QUEUE_PREFIX = "bifrost:queue";
export const QUEUE_NAME = "executions";

export interface BellListeningParts {
  readonly url: string;
  readonly host: Parameters<Queue["listen"]>[0];
  /** Somebody else may have room for what this host has none for. */
  readonly ringOn: () => void;
  readonly onError: (error: Error) => void;
}

/** A bell that its hearer died with is rung again after about twice this. */
const HELD_FOR_MS = 5000;
const PAUSE_MS = 500;

/** Has connections of its own: one of them waits for bells, and is cut to stop it. */
export function listenForBells({ url, host, ringOn, onError }: BellListeningParts): Listening {
  const clients = openQueueClients(url, onError);
  const bells = new BullListener(QUEUE_NAME, null, {
    connection: clients.client,
    prefix: QUEUE_PREFIX,
    autorun: false,
    skipVersionCheck: true,
    lockDuration: HELD_FOR_MS,
    stalledInterval: HELD_FOR_MS,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
  });
  // What goes wrong is told by the connections.
  bells.on("error", () => {});
  const stop = new AbortController();
  let room = Promise.withResolvers<void>();
  let looking: Promise<void> | undefined;

  async function hear(token: string): Promise<void> {
    const bell = await bells.getNextJob(token);
    if (bell === undefined) return;
    // Redis may have been flushed meanwhile: a bell that it no longer knows was rung all the same.
    await bell.moveToCompleted(undefined, token, false).catch(() => {});
    if (!stop.signal.aborted && host.hasRoom()) await (looking = host.look());
    if (stop.signal.aborted || !host.hasRoom()) ringOn();
  }

  async function hearAll(): Promise<void> {
    for (let count = 1; !stop.signal.aborted; count += 1) {
      if (!host.hasRoom()) {
        room = Promise.withResolvers();
        await room.promise;
        continue;
      }
      await hear(`${bells.id}:${count}`).catch(() => sleep(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => {}));
    }
  }

  void bells.startStalledCheckTimer();
  void hearAll();
  return {
    roomAgain: () => room.resolve(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      room.resolve();
      // Closing is marked first, so that nothing connects again when the connections are cut under it.
      const closed = bells.close(true).catch(() => {});
      clients.end();
      await Promise.all([closed, looking]);
    },
  };
}
