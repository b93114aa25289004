// Port: what a host tells of itself to those who watch it. Metrics (metrics.ts) and traces (tracing.ts) fill it in;
// whoever reports knows neither. Nothing here ever throws, waits, or changes what is observed.
import type { FaultCode } from "../errors.ts";
import type { TerminalStatus, Timings } from "../completion.ts";

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Something that takes time, and what it was part of. */
export interface Span {
  /** W3C trace context, to be carried to whoever goes on with it; undefined where nothing is traced. */
  readonly traceparent: string | undefined;
  set(attributes: Attributes): void;
  /** With what it failed by, where it failed. Once; later calls change nothing. */
  end(error?: unknown): void;
}

export type SpanName = "request" | "submit" | "execution" | "host call" | "retry" | "schedule";

export interface SpanOptions {
  readonly attributes?: Attributes | undefined;
  /** A span of this process, or a traceparent from elsewhere; a trace of its own where absent. */
  readonly parent?: Span | string | undefined;
  /** server: answers somebody outside; producer: puts on the queue; consumer: takes from it; internal where absent. */
  readonly kind?: "server" | "producer" | "consumer" | "internal" | undefined;
}

/** An execution that has ended on this host, its end recorded. */
export interface ObservedEnd {
  readonly id?: string | undefined;
  /** Name of its workspace. */
  readonly workspace: string;
  readonly status: TerminalStatus;
  readonly code?: FaultCode | undefined;
  readonly timings?: Timings | undefined;
}

export interface ObservedRequest {
  readonly method: string;
  /** As the contract has it, `/v1/executions/:id`: never the address itself, which has no bound. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** Of what is counted upwards. */
export const COUNTS = ["database errors", "redis errors", "retries", "reaped executions"] as const;
export type CountName = (typeof COUNTS)[number];

/** Of what is kept: content is source, compiled is code, snapshot is an index, options are those of data providers. */
export const CACHES = ["content", "compiled", "snapshot", "options"] as const;
export type CacheName = (typeof CACHES)[number];

/**
 * Of what goes up and down: `running` on this host and `waiting` over all hosts, by workspace name; `children` by state (busy, idle,
 * spare); `queue depth` by status; the others are one number.
 */
export const GAUGES = ["running", "waiting", "slots", "children", "children waited for", "queue depth", "hosts"] as const;
export type GaugeName = (typeof GAUGES)[number];

/** A number, or one for each name. */
export type Reading = number | ReadonlyMap<string, number>;

export interface Observe {
  span(name: SpanName, options?: SpanOptions): Span;
  /** Its phases are spans beneath `span`, one after the other until now. */
  ended(end: ObservedEnd, span?: Span): void;
  answered(request: ObservedRequest): void;
  count(name: CountName, amount?: number): void;
  /** `hits` and `misses` of one look-up. */
  looked(cache: CacheName, found: { readonly hits: number; readonly misses: number }): void;
  /** `read` is called whenever somebody wants to know; what it rejects with is left out. Disposing takes it back. */
  gauge(name: GaugeName, read: () => Reading | Promise<Reading>): Disposable;
}

const UNTRACED: Span = Object.freeze({ traceparent: undefined, set: () => undefined, end: () => undefined });

/** For who is watched by nobody. A parent's trace goes on through it. */
export const UNOBSERVED: Observe = Object.freeze({
  span: (_name: SpanName, { parent }: SpanOptions = {}) => {
    const traceparent = typeof parent === "string" ? parent : parent?.traceparent;
    return traceparent === undefined ? UNTRACED : { ...UNTRACED, traceparent };
  },
  ended: () => undefined,
  answered: () => undefined,
  count: () => undefined,
  looked: () => undefined,
  gauge: () => ({ [Symbol.dispose]: () => undefined }),
});
