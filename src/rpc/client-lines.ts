// The log lines of one execution as they come, over as many connections as it takes: a lost one is opened again after the last
// line that arrived. Knows the event stream, and not how it is asked for.
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { LogLine } from "../completion.ts";
import { notOurs, RpcFault, unreachable } from "./client-fault.ts";
import { backOffMs, patienceOf, pause, type Patience } from "./client-time.ts";

/** Of a line that an execution inside has logged. */
export interface LineOrigin {
  readonly id: string;
  readonly parentId: string;
  /** As author code asked for it. */
  readonly reference: string;
}

/** A line; `from` where it comes from an execution inside, whose lines have numbers of their own. */
export type FollowedLine = LogLine & { readonly from?: LineOrigin };

export interface Following {
  readonly url: string;
  /** Opens the stream after the line with this number. Rejects with RpcFault. */
  readonly open: (after: number, signal: AbortSignal) => Promise<Response>;
  readonly after: number;
  readonly signal?: AbortSignal | undefined;
  /** How long it may go on without an answer before the last fault is thrown. */
  readonly patienceMs: number;
}

/** The service says something every 15 s, if only that it is there. */
const SILENCE_MS = 45_000;

/** Ends when the execution has. Throws the signal's reason, or the RpcFault that cannot be waited out. */
export async function* followLines(following: Following): AsyncGenerator<FollowedLine, void, undefined> {
  const { url, signal, patienceMs } = following;
  const seen = new Seen(following.after);
  let failures = 0;
  let heardAt = Date.now();
  for (;;) {
    let fault: RpcFault;
    try {
      for await (const event of eventsOf(following, seen.last)) {
        [failures, heardAt] = [0, Date.now()];
        if (event.event === "end") return;
        const line = seen.accept(event);
        if (line !== undefined) yield line;
      }
      fault = unreachable(url, new Error("the stream of log lines was cut off"));
    } catch (thrown) {
      if (signal?.aborted === true) throw signal.reason;
      fault = thrown instanceof RpcFault ? thrown : unreachable(url, thrown);
    }
    if (!fault.retryable || Date.now() - heardAt > patienceMs) throw fault;
    await pause(backOffMs(failures), signal);
    failures += 1;
  }
}

/** What has been given already: the lines inside are not numbered in the stream, and come again with a new connection. */
class Seen {
  last: number;
  readonly #inside = new Map<string, number>();

  constructor(after: number) {
    this.last = after;
  }

  accept({ event, data }: EventSourceMessage): FollowedLine | undefined {
    if (event === "log") {
      const line = JSON.parse(data) as LogLine;
      if (line.sequence <= this.last) return undefined;
      this.last = line.sequence;
      return line;
    }
    if (event !== "nested") return undefined;
    const { line, from } = JSON.parse(data) as { readonly line: LogLine; readonly from: LineOrigin };
    if (line.sequence <= (this.#inside.get(from.id) ?? 0)) return undefined;
    this.#inside.set(from.id, line.sequence);
    return { ...line, from };
  }
}

/** One connection, until it ends. Leaving the loop closes it. */
async function* eventsOf({ open, signal, url }: Following, after: number): AsyncGenerator<EventSourceMessage, void, undefined> {
  const left = new AbortController();
  const patience = patienceOf(SILENCE_MS, signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]));
  try {
    const response = await open(after, patience.signal);
    if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true || response.body === null) throw notOurs(response, url);
    const events: EventSourceMessage[] = [];
    const parser = createParser({ onEvent: (event) => void events.push(event) });
    const decoder = new TextDecoder();
    for await (const bytes of chunksOf(response.body, patience)) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      yield* events.splice(0);
    }
  } finally {
    patience.end();
    left.abort();
  }
}

/** Only the service's silence counts, and not how long a reader takes. A stream is not everywhere an iterable. */
async function* chunksOf(body: ReadableStream<Uint8Array>, patience: Patience): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  for (;;) {
    patience.renew();
    const { done, value } = await reader.read();
    patience.end();
    if (done) return;
    yield value;
  }
}
