// Traces, read from the exporter of the real OpenTelemetry SDK.
import { afterEach, describe, expect, it } from "vitest";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Fault } from "../../../src/errors.ts";
import { UNOBSERVED } from "../../../src/observe/observe.ts";
import { formatTraceparent, parseTraceparent } from "../../../src/observe/traceparent.ts";
import { createTracing } from "../../../src/observe/tracing.ts";

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracing = createTracing(provider.getTracer("test"));
afterEach(() => exporter.reset());

const CALLERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("traces", () => {
  it("go from the caller's over the request and the queue to the execution, its phases and its host calls", () => {
    const request = tracing.span("request", {
      kind: "server",
      parent: CALLERS,
      attributes: { "http.request.method": "POST", "http.route": "/v1/executions" },
    });
    const submit = tracing.span("submit", { kind: "producer", parent: request });
    // On the row, and to another host.
    const { traceparent } = submit;
    submit.end();
    request.end();
    const execution = tracing.span("execution", { kind: "consumer", parent: traceparent, attributes: { "bifrost.execution.id": "e1", nothing: undefined } });
    const call = tracing.span("host call", { parent: execution, attributes: { "bifrost.host_call": "config" } });
    call.end();
    tracing.phases({ workspace: "w", status: "Success", timings: { queued: 5, pinned: 1, ran: 20 } }, execution);
    execution.end();

    const spans = exporter.getFinishedSpans();
    const byName = new Map(spans.map((span) => [span.name, span]));
    expect([...byName.keys()]).toEqual(["submit", "POST /v1/executions", "host call", "queued", "pinned", "ran", "execution"]);
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set(["0af7651916cd43dd8448eb211c80319c"]));
    const parentOf = (name: string): string | undefined => byName.get(name)?.parentSpanContext?.spanId;
    const idOf = (name: string): string | undefined => byName.get(name)?.spanContext().spanId;
    expect(parentOf("POST /v1/executions")).toBe("b7ad6b7169203331");
    expect(parentOf("submit")).toBe(idOf("POST /v1/executions"));
    expect(parentOf("execution")).toBe(idOf("submit"));
    for (const name of ["host call", "queued", "pinned", "ran"]) expect(parentOf(name), name).toBe(idOf("execution"));
    expect(byName.get("execution")).toMatchObject({ kind: SpanKind.CONSUMER, attributes: { "bifrost.execution.id": "e1", "bifrost.status": "Success" } });
  });

  it("lay phases one after the other, as long as they took", () => {
    const execution = tracing.span("execution");
    tracing.phases({ workspace: "w", status: "Success", timings: { pinned: 10, loaded: 30 } }, execution);
    execution.end();
    const [pinned, loaded] = exporter.getFinishedSpans();
    expect([pinned?.name, loaded?.name]).toEqual(["pinned", "loaded"]);
    expect(pinned?.duration).toEqual([0, 10_000_000]);
    expect(loaded?.startTime).toEqual(pinned?.endTime);
  });

  it("tell the code of a failure, and never its message, which is the tenant's", () => {
    for (const error of [
      new Fault("ERR_REDIS_UNAVAILABLE", "hunter2"),
      new RangeError("hunter2"),
      { code: "ERR_TIMEOUT_CPU", message: "hunter2" },
      "hunter2",
    ]) {
      tracing.span("execution").end(error);
    }
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ attributes }) => attributes["error.type"])).toEqual(["ERR_REDIS_UNAVAILABLE", "RangeError", "ERR_TIMEOUT_CPU", "unknown"]);
    expect(spans.map(({ status }) => status.code)).toEqual([2, 2, 2, 2]);
    expect(SpanStatusCode.ERROR).toBe(2);
    expect(JSON.stringify(spans.map(({ attributes, status, events }) => [attributes, status, events]))).not.toContain("hunter2");
  });

  it("end once", () => {
    const span = tracing.span("request");
    span.end();
    span.end(new Error("late"));
    expect(exporter.getFinishedSpans()).toHaveLength(1);
    expect(exporter.getFinishedSpans()[0]?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it("are passed on where no SDK is there, or nobody observes", () => {
    for (const observer of [createTracing(), UNOBSERVED]) {
      expect(observer.span("request", { parent: CALLERS }).traceparent).toBe(CALLERS);
      expect(observer.span("execution", { parent: observer.span("request", { parent: CALLERS }) }).traceparent).toBe(CALLERS);
      expect(observer.span("request").traceparent).toBeUndefined();
    }
  });

  it("begin anew where a trace context makes no sense", () => {
    for (const text of [
      "",
      "nonsense",
      CALLERS.replace("00-", "ff-"),
      CALLERS.replace(/-b7.*-01/u, "-0000000000000000-01"),
      `${CALLERS}-more`,
      CALLERS.toUpperCase(),
    ]) {
      expect(parseTraceparent(text), text).toBeUndefined();
      expect(tracing.span("request", { parent: text }).traceparent, text).not.toContain("0af7651916cd43dd");
    }
    expect(parseTraceparent(`${CALLERS.replace("00-", "01-")}-more`)).toMatchObject({ traceFlags: 1, isRemote: true });
    const context = parseTraceparent(CALLERS);
    expect(context && formatTraceparent(context)).toBe(CALLERS);
  });
});
