// The bell of many hosts: BullMQ. Every key is under `bifrost:queue`. Of the bells that are due at once one stands for all:
// it is taken out of Redis before its hearer looks, and rung again by who had no room for everything. What Redis forgets is
// found by looking, so nothing here waits for Redis.
import { Queue as BullQueue } from "bullmq";
import type { Note } from "../snapshot/note.ts";
import type { Bell, Listening, Queue } from "./queue.ts";
import { openQueueClients, type QueueClients } from "./redis-clients.ts";
import { listenForBells, QUEUE_NAME, QUEUE_PREFIX } from "./redis-listening.ts";

export interface RedisQueueOptions {
  /** `redis://…`; a database number is honoured. */
  readonly url: string;
  /** Told once when Redis goes away, and when it is back. */
  readonly log: Note;
}

/** Past this a bell counts as not heard. */
const PATIENCE_MS = 1000;
/** Of bells that Redis has not acknowledged: more are not sent. */
const MOST_UNACKNOWLEDGED = 1000;
/** One bell for all that is due at once, until it has been taken. */
const AT_ONCE = { deduplication: { id: "at-once" } } as const;
/** BullMQ's highest number is the least urgent. */
const LEAST_URGENT = 201;

type Listener = Parameters<Queue["listen"]>[0];

/** Connects by itself, now or when Redis is there. */
export function createRedisQueue(options: RedisQueueOptions): Queue {
  return new RedisQueue(options);
}

class RedisQueue implements Queue {
  readonly #url: string;
  readonly #clients: QueueClients;
  readonly #queue: BullQueue;
  readonly #listeners = new Map<Listener, Listening>();
  #unacknowledged = 0;
  #ringing: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #isAway = false;
  /** A bell is unacknowledged for too long: until Redis answers, or the connection is cut for it, no other is waited for. */
  #isSilent = false;
  #isClosed = false;

  constructor({ url, log }: RedisQueueOptions) {
    this.#url = url;
    this.#clients = openQueueClients(url, (error) => {
      if (!this.#isAway && !this.#isClosed) log(`Redis does not carry bells; executions are found by looking each second: ${error.message}`);
      this.#isAway = true;
    });
    this.#clients.client.on("ready", () => {
      if (this.#isAway) log("Redis carries bells again.");
      this.#isAway = false;
    });
    this.#queue = new BullQueue(QUEUE_NAME, {
      connection: this.#clients.client,
      prefix: QUEUE_PREFIX,
      skipVersionCheck: true,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    // What goes wrong is told by the connections, and by what was asked for.
    this.#queue.on("error", () => {});
  }

  async ring({ executionId, dueInMs = 0, priority }: Bell): Promise<void> {
    const heard = dueInMs > 0 ? this.#send(() => this.#queue.add("due", { executionId }, { delay: dueInMs, priority: urgency(priority) })) : this.#ringAtOnce();
    if (await heard) return;
    // Nobody else can be told, but this process can.
    if (dueInMs <= 0) await Promise.all([...this.#listeners.keys()].filter((host) => host.hasRoom()).map((host) => host.look()));
  }

  listen(host: Listener): Listening {
    // The connection that rings tells when Redis goes away and comes back.
    const listening = listenForBells({ url: this.#url, host, ringOn: () => void this.#ringAtOnce(), onError: () => {} });
    const kept: Listening = {
      roomAgain: () => listening.roomAgain(),
      [Symbol.asyncDispose]: async () => {
        this.#listeners.delete(host);
        await listening[Symbol.asyncDispose]();
      },
    };
    this.#listeners.set(host, kept);
    return kept;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closing = [...this.#listeners.values()].map((each) => each[Symbol.asyncDispose]());
    // Closing a queue takes a turn at Redis where it is connected; ending the connections answers it in any case.
    closing.push(this.#queue.close().catch(() => {}));
    this.#clients.end();
    await Promise.all(closing);
  }

  /** Many at once are two at most: what comes while one is being sent is told by the one after it. */
  #ringAtOnce(): Promise<boolean> {
    if (this.#ringing === undefined) return (this.#ringing = this.#sendAtOnce().finally(() => (this.#ringing = undefined)));
    return (this.#next ??= this.#ringing.then(() => {
      this.#next = undefined;
      return this.#ringAtOnce();
    }));
  }

  #sendAtOnce(): Promise<boolean> {
    return this.#send(() => this.#queue.add("now", {}, AT_ONCE));
  }

  /** False where Redis did not take it in time. Never rejects. */
  async #send(add: () => Promise<unknown>): Promise<boolean> {
    if (this.#isClosed || this.#isAway || this.#isSilent || this.#unacknowledged >= MOST_UNACKNOWLEDGED) return false;
    this.#unacknowledged += 1;
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      this.#isSilent = true;
      resolve(false);
    }, PATIENCE_MS);
    const sent = add()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        this.#unacknowledged -= 1;
        this.#isSilent = false;
      });
    const heard = await Promise.race([sent, late]);
    clearTimeout(timer);
    return heard;
  }
}

function urgency(priority: number): number {
  return Math.min(Math.max(Math.round((LEAST_URGENT + 1) / 2 - priority), 1), LEAST_URGENT);
}
