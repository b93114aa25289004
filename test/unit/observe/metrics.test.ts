// Metrics as Prometheus reads them.
import { describe, expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import { countedPort } from "../../../src/observe/counted-port.ts";
import { createMetrics } from "../../../src/observe/metrics.ts";

/** Lines of one metric, without its help. */
function linesOf(text: string, name: string): string[] {
  return text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

describe("metrics", () => {
  it("count executions by status and code, and the time of their phases in seconds", async () => {
    const metrics = createMetrics({ process: false });
    metrics.ended({ workspace: "a", status: "Success", timings: { queued: 20, ran: 1500 } });
    metrics.ended({ workspace: "b", status: "Success", timings: { ran: 500 } });
    metrics.ended({ workspace: "b", status: "Timeout", code: "ERR_TIMEOUT_WALL" });
    const text = await metrics.text();
    expect(linesOf(text, "bifrost_executions_total")).toEqual([
      'bifrost_executions_total{status="Success",code=""} 2',
      'bifrost_executions_total{status="Timeout",code="ERR_TIMEOUT_WALL"} 1',
    ]);
    expect(linesOf(text, "bifrost_execution_phase_seconds_sum")).toEqual([
      'bifrost_execution_phase_seconds_sum{phase="queued"} 0.02',
      'bifrost_execution_phase_seconds_sum{phase="ran"} 2',
    ]);
  });

  it("count requests by route, look-ups by cache, retries and outages", async () => {
    const metrics = createMetrics({ process: false });
    metrics.answered({ method: "POST", route: "/v1/executions", status: 200, ms: 250 });
    metrics.looked("content", { hits: 3, misses: 1 });
    metrics.count("retries");
    metrics.count("reaped executions", 40);
    const text = await metrics.text();
    expect(linesOf(text, "bifrost_http_request_seconds_sum")).toEqual([
      'bifrost_http_request_seconds_sum{method="POST",route="/v1/executions",status="200"} 0.25',
    ]);
    expect(linesOf(text, "bifrost_cache_lookups_total")).toEqual(
      expect.arrayContaining(['bifrost_cache_lookups_total{cache="content",result="hit"} 3', 'bifrost_cache_lookups_total{cache="snapshot",result="hit"} 0']),
    );
    expect([linesOf(text, "bifrost_retries_total"), linesOf(text, "bifrost_reaped_executions_total")]).toEqual([
      ["bifrost_retries_total 1"],
      ["bifrost_reaped_executions_total 40"],
    ]);
  });

  it("ask gauges when somebody wants to know, add those of one name, and forget those that were taken back", async () => {
    const metrics = createMetrics({ process: false });
    let slots = 2;
    metrics.gauge("slots", () => slots);
    metrics.gauge("children", () => new Map([["busy", 1]]));
    const second = metrics.gauge(
      "children",
      async () =>
        new Map([
          ["busy", 2],
          ["spare", 3],
        ]),
    );
    slots = 5;
    const text = await metrics.text();
    expect(linesOf(text, "bifrost_slots")).toEqual(["bifrost_slots 5"]);
    expect(linesOf(text, "bifrost_children")).toEqual(['bifrost_children{state="busy"} 3', 'bifrost_children{state="spare"} 3']);
    second[Symbol.dispose]();
    expect(linesOf(await metrics.text(), "bifrost_children")).toEqual(['bifrost_children{state="busy"} 1']);
  });

  it("come without what cannot be read, or not in time", async () => {
    const metrics = createMetrics({ process: false, readWithinMs: 20 });
    metrics.gauge("hosts", () => Promise.reject(new Error("the database is away")));
    metrics.gauge("queue depth", () => new Promise(() => undefined));
    metrics.gauge("slots", () => 4);
    const text = await metrics.text();
    expect(linesOf(text, "bifrost_slots")).toEqual(["bifrost_slots 4"]);
    expect([...linesOf(text, "bifrost_hosts"), ...linesOf(text, "bifrost_queue_depth")]).toEqual([]);
  });

  it("name at most twenty workspaces, and tell the rest as one", async () => {
    const metrics = createMetrics({ process: false });
    metrics.gauge("waiting", () => new Map(Array.from({ length: 500 }, (_, index) => [`w${index}`, index])));
    const lines = linesOf(await metrics.text(), "bifrost_executions_waiting");
    expect(lines).toHaveLength(21);
    expect(lines[0]).toBe('bifrost_executions_waiting{workspace="w499"} 499');
    expect(lines[20]).toBe(`bifrost_executions_waiting{workspace="(others)"} ${(479 * 480) / 2}`);
  });

  it("tell of the process, and stay apart from metrics of others in it", async () => {
    const [one, other] = [createMetrics(), createMetrics({ process: false })];
    one.count("retries");
    expect(linesOf(await other.text(), "bifrost_retries_total")).toEqual(["bifrost_retries_total 0"]);
    expect(await one.text()).toMatch(/^process_resident_memory_bytes \d+$/mu);
    expect(one.contentType).toContain("text/plain");
  });

  it("count an outage once, however many hands its fault goes through", async () => {
    const metrics = createMetrics({ process: false });
    const fault = new Fault("ERR_REDIS_UNAVAILABLE", "away");
    const inner = countedPort({ read: () => Promise.reject(fault), name: "store" }, metrics);
    const outer = countedPort({ read: () => inner.read() }, metrics);
    await expect(outer.read()).rejects.toBe(fault);
    expect(inner.name).toBe("store");
    expect(linesOf(await metrics.text(), "bifrost_redis_errors_total")).toEqual(["bifrost_redis_errors_total 1"]);
  });
});
