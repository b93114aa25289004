// One connection to Redis that hears one channel, and comes back by itself whatever takes it away: a loss, a restart, a
// network that swallows, a refusal. What is published while it is away is not heard.
import { Redis } from "ioredis";

export interface RedisSubscriptionOptions {
  readonly url: string;
  readonly channel: string;
  readonly onMessage: (message: string) => void;
  /** It hears again after it was away. */
  readonly onResumed: () => void;
}

const CONNECT_MS = 2000;
/** How often a silent connection is asked for a sign of life, and how long that may take. */
const PING_EVERY_MS = 2000;
const PING_MS = 2000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

export class RedisSubscription {
  readonly #options: RedisSubscriptionOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: RedisSubscriptionOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let wasAway = false;
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      await this.#session(() => {
        pause = FIRST_PAUSE_MS;
        if (wasAway) this.#options.onResumed();
      });
      wasAway = true;
      if (!signal.aborted) await resolvesWithin(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Resolves when it hears nothing any more. */
  async #session(hears: () => void): Promise<void> {
    const { url, channel, onMessage } = this.#options;
    const { signal } = this.#closing;
    const client = new Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_MS,
      retryStrategy: () => null,
    });
    // What was wrong is of no use here: it is tried again.
    client.on("error", () => undefined);
    client.on("message", (_channel, message) => onMessage(message));
    const over = new AbortController();
    const end = (): void => over.abort();
    client.once("end", end);
    signal.addEventListener("abort", end, { once: true });
    try {
      if (!(await hasHappened(client.connect(), CONNECT_MS, over.signal))) return;
      if (!(await hasHappened(client.subscribe(channel), PING_MS, over.signal))) return;
      hears();
      for (;;) {
        await resolvesWithin(PING_EVERY_MS, over.signal);
        if (over.signal.aborted || !(await hasHappened(client.ping(), PING_MS, over.signal))) return;
      }
    } finally {
      signal.removeEventListener("abort", end);
      client.removeAllListeners("message");
      client.disconnect();
      // A socket that nobody answers on does not close by itself.
      client.stream?.destroy();
    }
  }
}

/** False where it was refused, took too long, or was over before. */
async function hasHappened(work: Promise<unknown>, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  const stop = new AbortController();
  const done = work.then(
    () => true,
    () => false,
  );
  const either = AbortSignal.any([signal, stop.signal]);
  const late = resolvesWithin(milliseconds, either).then(() => false);
  const answer = await Promise.race([done, late]);
  stop.abort();
  return answer;
}

function resolvesWithin(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish, { once: true });
  });
}
