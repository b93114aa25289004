// Live lines and notices over Redis, for many hosts: a stream for each execution, one channel for all notices. Two
// connections: one that sends and reads, one that hears.
import { randomUUID } from "node:crypto";
import { RedisConnection, type RedisConnectionOptions } from "../snapshot/redis-connection.ts";
import { logsKey } from "../snapshot/redis-keys.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { Live, Notice, PlacedClosing, PlacedLine, SaidLine } from "./live.ts";
import { RedisOutbox } from "./redis-outbox.ts";
import { RedisSubscription } from "./redis-subscription.ts";

export interface RedisLiveOptions extends RedisConnectionOptions {
  /** How long lines stay after the last one; one hour when absent. */
  readonly ttlMs?: number;
  /** How long lines stay for those who read after `drop`; 10,000 when absent. */
  readonly lingerMs?: number;
  /** What is kept while Redis is away; 32 MB when absent. What is more is in the record alone. */
  readonly maxBytesKept?: number;
}

/** All notices of all workspaces; within what the executor's user may reach (`bifrost:*`). */
const CHANNEL = "bifrost:exec:notices";
/** Of one execution, with those from inside: what is older goes, and is in the record. */
const MAX_LINES = 50_000;
const LINES_A_READ = 500;
const HOUR_MS = 60 * 60 * 1000;
const TYPES = new Set(["lines", "ended", "cancel"]);

type Listener = Parameters<Live["listen"]>[0];

export function createRedisLive(options: RedisLiveOptions): Live {
  return new RedisLive(options);
}

class RedisLive implements Live {
  readonly #url: string;
  readonly #ttlMs: number;
  readonly #lingerMs: number;
  readonly #connection: RedisConnection;
  readonly #outbox: RedisOutbox;
  /** Its own notices come back to it, and it has told of them already. */
  readonly #own = randomUUID().slice(0, 8);
  readonly #listeners = new Set<Listener>();
  /** Executions whose lines are put, and not announced yet. */
  readonly #unannounced = new Set<string>();
  #subscription: RedisSubscription | undefined;
  #closed = false;

  constructor({ ttlMs = HOUR_MS, lingerMs = 10_000, maxBytesKept = 32 * 1024 * 1024, ...connection }: RedisLiveOptions) {
    this.#url = connection.url;
    this.#ttlMs = ttlMs;
    this.#lingerMs = lingerMs;
    this.#connection = new RedisConnection(connection);
    this.#outbox = new RedisOutbox(this.#connection, { maxBytes: maxBytesKept });
  }

  append(workspace: WorkspaceId, id: string, { line, from, fence = 0 }: SaidLine): void {
    this.#add(workspace, id, JSON.stringify({ fence, line, from }));
  }

  async close(workspace: WorkspaceId, id: string, fence: number): Promise<void> {
    this.#add(workspace, id, JSON.stringify({ fence }));
    await this.flushed();
  }

  async flushed(): Promise<void> {
    await Promise.resolve();
    await this.#outbox.tried();
  }

  async read(workspace: WorkspaceId, id: string, after: string): Promise<readonly (PlacedLine | PlacedClosing)[]> {
    try {
      const key = logsKey(workspace, id);
      const entries = await this.#connection.request((client) => client.xrange(key, after === "" ? "-" : `(${after}`, "+", "COUNT", LINES_A_READ));
      return entries.flatMap(([place, [, text = ""]]) => placedLine(place, text));
    } catch {
      return [];
    }
  }

  async announce(notice: Notice): Promise<void> {
    if (this.#closed) return;
    this.#tell(notice);
    this.#outbox.put({ commands: 1, bytes: 300, write: (pipeline) => void pipeline.publish(CHANNEL, this.#text(notice)) });
    await this.#outbox.tried();
  }

  listen(listener: Listener): Disposable {
    const heard: Listener = (notice) => listener(notice);
    this.#listeners.add(heard);
    if (!this.#closed) {
      this.#subscription ??= new RedisSubscription({
        url: this.#url,
        channel: CHANNEL,
        onMessage: (message) => this.#hear(message),
        onResumed: () => this.#tell({ type: "resumed" }),
      });
    }
    return { [Symbol.dispose]: () => void this.#listeners.delete(heard) };
  }

  drop(workspace: WorkspaceId, id: string): void {
    const key = logsKey(workspace, id);
    this.#outbox.put({ commands: 1, bytes: 300, write: (pipeline) => void pipeline.pexpire(key, this.#lingerMs) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.#outbox.close(), this.#subscription?.close()]);
    await this.#connection.close();
    this.#listeners.clear();
  }

  #add(workspace: WorkspaceId, id: string, text: string): void {
    const key = logsKey(workspace, id);
    this.#outbox.put({
      commands: 1,
      bytes: text.length + 300,
      write: (pipeline) => void pipeline.xadd(key, "MAXLEN", "~", MAX_LINES, "*", "l", text),
    });
    if (this.#unannounced.has(key)) return;
    // Behind the lines that are put in the same turn.
    this.#unannounced.add(key);
    queueMicrotask(() => {
      this.#unannounced.delete(key);
      const notice: Notice = { type: "lines", workspace, id };
      this.#outbox.put({
        commands: 2,
        bytes: 300,
        write: (pipeline) => void pipeline.pexpire(key, this.#ttlMs).publish(CHANNEL, this.#text(notice)),
        sent: () => this.#tell(notice),
      });
    });
  }

  #text({ type, workspace, id }: Notice): string {
    return `${this.#own} ${type} ${workspace} ${id}`;
  }

  #hear(message: string): void {
    const [from, type = "", workspace, id] = message.split(" ");
    if (from === this.#own || !TYPES.has(type) || workspace === undefined || id === undefined) return;
    this.#tell({ type: type as Notice["type"], workspace, id });
  }

  #tell(notice: Parameters<Listener>[0]): void {
    for (const listener of this.#listeners) listener(notice);
  }
}

/** None for what somebody else has written there. */
function placedLine(place: string, text: string): (PlacedLine | PlacedClosing)[] {
  try {
    const { line, from, fence } = JSON.parse(text) as Partial<SaidLine>;
    if (typeof fence !== "number") return [];
    if (line === undefined) return [{ place, fence }];
    return Number.isInteger(line.sequence) ? [{ place, fence, line, from }] : [];
  } catch {
    return [];
  }
}
