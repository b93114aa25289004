// What is observed as OpenTelemetry spans, through its API alone: whoever runs the host brings an SDK (`node --import`), or
// nothing is traced and a caller's trace context is only passed on. Messages of errors stay out: they are the tenants'.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span as OtelSpan, type Tracer } from "@opentelemetry/api";
import { isFaultCode } from "../errors.ts";
import type { Attributes, ObservedEnd, Observe, Span, SpanOptions } from "./observe.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

export interface Tracing extends Pick<Observe, "span"> {
  /** A span for each phase, one after the other until now. */
  phases(end: ObservedEnd, span: Span | undefined): void;
}

const KINDS = { server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL } as const;
const PHASES = ["queued", "pinned", "loaded", "process", "linked", "ran"] as const;

/** `tracer`: that of the SDK which is registered where absent. */
export function createTracing(tracer: Tracer = trace.getTracer("bifrost-executor")): Tracing {
  const contexts = new WeakMap<Span, Context>();

  function contextOf(parent: Span | string | undefined): Context {
    if (parent === undefined) return ROOT_CONTEXT;
    const known = typeof parent === "string" ? undefined : contexts.get(parent);
    if (known !== undefined) return known;
    const remote = parseTraceparent((typeof parent === "string" ? parent : parent.traceparent) ?? "");
    return remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
  }

  function span(name: string, { attributes = {}, parent, kind = "internal" }: SpanOptions = {}): Span {
    const context = contextOf(parent);
    const begun = tracer.startSpan(titleOf(name, attributes), { kind: KINDS[kind], attributes: defined(attributes) }, context);
    const own: Span = {
      traceparent: formatTraceparent(begun.spanContext()),
      set: (more) => void begun.setAttributes(defined(more)),
      end: (error) => finish(begun, error),
    };
    contexts.set(own, trace.setSpan(context, begun));
    return own;
  }

  return {
    span,
    phases({ status, code, timings = {} }, execution) {
      if (execution === undefined) return;
      execution.set({ "bifrost.status": status, "error.type": code });
      const context = contextOf(execution);
      const lengths = PHASES.flatMap((phase) => (timings[phase] === undefined ? [] : [{ phase, ms: timings[phase] }]));
      let at = performance.timeOrigin + performance.now() - lengths.reduce((sum, { ms }) => sum + ms, 0);
      for (const { phase, ms } of lengths) {
        tracer.startSpan(phase, { startTime: new Date(at) }, context).end(new Date(at + ms));
        at += ms;
      }
    },
  };
}

/** As the conventions for HTTP have it: requests are told apart by their route. */
function titleOf(name: string, attributes: Attributes): string {
  const route = attributes["http.route"];
  return typeof route === "string" ? `${String(attributes["http.request.method"] ?? name)} ${route}` : name;
}

function finish(span: OtelSpan, error: unknown): void {
  if (error !== undefined && span.isRecording()) {
    span.setAttribute("error.type", typeOf(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  if (span.isRecording()) span.end();
}

function typeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (isFaultCode(code)) return code;
  return error instanceof Error ? error.name : "unknown";
}

function defined(attributes: Attributes): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}
