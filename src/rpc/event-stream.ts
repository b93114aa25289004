// Server-sent events on one answer: no faster than they are read, with a comment where there is nothing to say, and given up
// where nobody reads. Knows nothing of what is told.
import { once } from "node:events";
import type { ServerResponse } from "node:http";

export interface EventStreamOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly heartbeatMs: number;
  /** A reader who takes nothing for this long is given up. */
  readonly stalledMs: number;
}

export interface ServerEvent {
  readonly event: string;
  /** What a reader who comes back says that it has. */
  readonly id?: number | undefined;
  /** Sent as JSON. */
  readonly data: unknown;
}

/** How soon a reader whose connection is lost should come back. */
const RETRY_MS = 1000;

export class EventStream implements Disposable {
  readonly #raw: ServerResponse;
  readonly #stalledMs: number;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(raw: ServerResponse, { headers, heartbeatMs, stalledMs }: EventStreamOptions) {
    this.#raw = raw;
    this.#stalledMs = stalledMs;
    // Whoever has just gone is noticed by "close"; an error without a listener would end the process.
    raw.on("error", () => undefined);
    raw.writeHead(200, { ...headers, "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no", connection: "close" });
    raw.write(`retry: ${RETRY_MS}\n\n`);
    this.#heartbeat = setInterval(() => {
      if (!raw.writableNeedDrain && !raw.destroyed) raw.write(":\n\n");
    }, heartbeatMs);
  }

  /** Resolves when more may be sent: false where nobody is there to read it. */
  async send({ event, id, data }: ServerEvent): Promise<boolean> {
    if (this.#raw.destroyed) return false;
    const mark = id === undefined ? "" : `id: ${id}\n`;
    this.#heartbeat.refresh();
    return this.#raw.write(`event: ${event}\n${mark}data: ${JSON.stringify(data)}\n\n`) || (await this.#drained());
  }

  /** Ends the answer; what was sent arrives. */
  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    this.#raw.end();
  }

  async #drained(): Promise<boolean> {
    const stop = new AbortController();
    const stalled = setTimeout(() => this.#raw.destroy(), this.#stalledMs);
    try {
      await Promise.race([once(this.#raw, "drain", { signal: stop.signal }), once(this.#raw, "close", { signal: stop.signal })]);
      return !this.#raw.destroyed;
    } catch {
      return false;
    } finally {
      clearTimeout(stalled);
      stop.abort();
    }
  }
}
