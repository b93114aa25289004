// One connection to Redis that answers or fails in bounded time. It connects when it is asked and again after a loss;
// nothing queues while there is no connection, and nothing runs in the background. Knows no key and no script.
import { Redis } from "ioredis";
import { Fault } from "../errors.ts";

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`, with user, password and database number where needed. */
  readonly url: string;
  /** How long an answer may take; 2000 when absent. */
  readonly commandTimeoutMs?: number;
  /** How long a connection may take until it is usable; 2000 when absent. */
  readonly connectTimeoutMs?: number;
  /** How long a refused connection is tried again before the request fails; 300 when absent. Bridges a server's restart. */
  readonly retryForMs?: number;
}

const RETRY_EVERY_MS = 50;

export class RedisConnection {
  readonly #client: Redis;
  readonly #endpoint: string;
  readonly #commandTimeoutMs: number;
  readonly #connectTimeoutMs: number;
  readonly #retryForMs: number;
  #connecting: Promise<void> | undefined;
  #lastError: Error | undefined;
  #closed = false;
  #epoch = 0;
  #roundTrips = 0;

  constructor({ url, commandTimeoutMs = 2000, connectTimeoutMs = 2000, retryForMs = 300 }: RedisConnectionOptions) {
    this.#endpoint = endpointOf(url);
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#retryForMs = retryForMs;
    this.#client = new Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      // A command whose connection is lost is sent again by `request`, once, and not by the client behind our back:
      // what it reads must belong to the connection epoch that is looked at beside it.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: connectTimeoutMs,
      retryStrategy: () => null,
    });
    // Without a listener, a server that stops would end the process.
    this.#client.on("error", (error: Error) => (this.#lastError = error));
    this.#client.on("ready", () => (this.#epoch += 1));
  }

  /** How many connections have been made. */
  get epoch(): number {
    return this.#epoch;
  }

  /** How many requests have been sent. */
  get roundTrips(): number {
    return this.#roundTrips;
  }

  /** Adds a script as a method of the client that `request` gives; sent as EVALSHA once the server knows it. */
  define(name: string, script: { readonly lua: string; readonly numberOfKeys?: number }): void {
    this.#client.defineCommand(name, script);
  }

  /**
   * Sends one request: a command, a script or a pipeline. It must be safe to send twice: when the connection is lost
   * before the answer, it is sent once more. Rejects with ERR_REDIS_UNAVAILABLE.
   */
  async request<T>(send: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.#attempt(send);
    } catch (error) {
      if (!(error instanceof Error) || this.#closed || this.#isUsable() || error instanceof Fault) throw this.#fault(error);
    }
    try {
      return await this.#attempt(send);
    } catch (error) {
      throw this.#fault(error);
    }
  }

  /** Waits for nothing that has been sent: await your requests first. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#connecting?.catch(() => {});
    if (this.#isEnded()) return;
    const ended = this.#ended();
    this.#client.disconnect();
    await withDeadline(ended, 250).catch(() => this.#client.stream.destroy());
  }

  /** A stream that has been destroyed is known to the client one turn later. */
  #isUsable(): boolean {
    return this.#client.status === "ready" && this.#client.stream.writable;
  }

  #isEnded(): boolean {
    return this.#client.status === "wait" || this.#client.status === "end";
  }

  async #ended(): Promise<void> {
    if (!this.#isEnded()) await new Promise<void>((resolve) => void this.#client.once("end", () => resolve()));
  }

  async #attempt<T>(send: (client: Redis) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error("this connection has been closed");
    if (!this.#isUsable()) await (this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined)));
    this.#roundTrips += 1;
    try {
      return await withDeadline(send(this.#client), this.#commandTimeoutMs);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      // Whoever is silent this long is gone or hangs. A new connection finds out, and those that follow need not wait as long.
      this.#client.stream.destroy();
      throw this.#fault(new Error(`no answer within ${this.#commandTimeoutMs} ms`));
    }
  }

  async #connect(): Promise<void> {
    const giveUpAt = performance.now() + this.#retryForMs;
    for (;;) {
      this.#lastError = undefined;
      try {
        return await withDeadline(
          this.#ended().then(() => this.#client.connect()),
          this.#connectTimeoutMs,
        );
      } catch (error) {
        if (error instanceof DeadlineError) {
          this.#client.stream?.destroy();
          throw this.#fault(new Error(`no connection within ${this.#connectTimeoutMs} ms`));
        }
        if (this.#closed || performance.now() >= giveUpAt || isRefusal(this.#lastError)) throw this.#fault(this.#lastError ?? error);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS));
    }
  }

  /** The client's errors hold the command with its arguments, AUTH's among them: only their message goes on. */
  #fault(error: unknown): Fault {
    if (error instanceof Fault) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new Fault(
      "ERR_REDIS_UNAVAILABLE",
      `Redis at ${this.#endpoint} does not answer (${reason}). Start it, or set REDIS_URL to the server that runs; then try again.`,
      { details: { endpoint: this.#endpoint, reason } },
    );
  }
}

class DeadlineError extends Error {}

/** After the deadline one turn of the event loop is given: when the process itself was busy, the answer may lie in the socket. */
function withDeadline<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new DeadlineError())), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The server answered, and said no (password, ACL): trying again at once gives the same. */
function isRefusal(error: Error | undefined): boolean {
  return error?.name === "ReplyError";
}

function endpointOf(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw invalidUrl("it is not a URL");
  }
  if (parsed.protocol !== "redis:" && parsed.protocol !== "rediss:") throw invalidUrl(`its scheme is '${parsed.protocol.slice(0, -1)}'`);
  return `${parsed.hostname === "" ? "localhost" : parsed.hostname}:${parsed.port === "" ? "6379" : parsed.port}`;
}

function invalidUrl(problem: string): Fault {
  return new Fault("ERR_CONFIG_INVALID", `REDIS_URL cannot be used: ${problem}. Write it as redis://host:port or rediss://user:password@host:port/0.`, {
    details: { setting: "REDIS_URL", problem },
  });
}
