// What those who watch a service see of it: traces by the real OpenTelemetry SDK, registered as an operator registers it, and
// metrics as Prometheus reads them; over a real PostgreSQL and a real Redis.
import { trace } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { initialise } from "../../../src/initialise.ts";
import { createLog } from "../../../src/observe/logging.ts";
import { openServing, type Serving, type ServingOptions } from "../../../src/open-serving.ts";
import { createClient, type Client } from "../../../src/rpc/client.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { freshDatabase, type Fresh } from "../../support/servers/fresh.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { OwnServer } from "../../support/servers/server.ts";

expectNoLeaks({ mayStay: (command) => /esbuild/u.test(command) });

const TOKEN = "a-token-for-tests-0123456789";
const CALLERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const FILES = {
  "inner.ts": `import { workflow, config } from "bifrost";\nexport default workflow({ name: "inner" }, async () => (await config.get("region")) ?? "none");\n`,
  "outer.ts": `import { workflow, workflows } from "bifrost";\nexport default workflow({ name: "outer" }, async () => await workflows.execute("inner", {}));\n`,
  "waits.ts": `import { workflow } from "bifrost";\nexport default workflow({ name: "waits" }, async (_, ctx) => { ctx.log.info("begun"); await new Promise(() => {}); });\n`,
};

const exporter = new InMemorySpanExporter();
let database: Fresh;
let redis: OwnServer;
let stack: AsyncDisposableStack;
let lines: string[];

beforeAll(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});
afterAll(() => trace.disable());
beforeEach(async () => {
  [database, redis] = await Promise.all([freshDatabase(), startRedis()]);
  await initialise(readConfig({ DATABASE_URL: database.url, REDIS_URL: redis.url }));
  [stack, lines] = [new AsyncDisposableStack(), []];
});
afterEach(async () => {
  await stack.disposeAsync();
  await Promise.all([database.drop(), redis[Symbol.asyncDispose]()]);
  exporter.reset();
});

async function open(options: Pick<ServingOptions, "works" | "answers">): Promise<Serving> {
  const environment = { DATABASE_URL: database.url, REDIS_URL: redis.url, BIFROST_TOKEN: TOKEN, BIFROST_PORT: "0", BIFROST_SLOTS: "1", BIFROST_PROCESSES: "2" };
  const log = createLog({ level: "info", readable: false, write: (line) => void lines.push(line) });
  return stack.use(await openServing({ config: readConfig({ ...process.env, ...environment }), log, ...options }));
}

function clientOf({ url = "" }: Serving): Client {
  return createClient({ url, token: TOKEN });
}

async function execute({ url }: Serving, body: unknown): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", traceparent: CALLERS };
  return (await (await fetch(`${url}/v1/executions`, { method: "POST", headers, body: JSON.stringify(body) })).json()) as Record<string, unknown>;
}

async function metricsOf({ url }: Serving): Promise<string> {
  return await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
}

/** Spans of the caller's trace, once there are those names; a request's ends a moment after its answer has come. */
async function spans(...names: readonly string[]): Promise<readonly ReadableSpan[]> {
  for (;;) {
    const found = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === CALLERS.slice(3, 35));
    if (names.every((name) => found.some((span) => span.name === name))) return found;
    await sleep(20);
  }
}

function parentName(all: readonly ReadableSpan[], name: string): string | undefined {
  const child = all.find((span) => span.name === name);
  return all.find((span) => span.spanContext().spanId === child?.parentSpanContext?.spanId)?.name;
}

describe("traces of a service", () => {
  it("lead from the caller's span over request and execution to phases and host calls, those of what is executed inside too", async () => {
    const service = await open({ works: true, answers: "all" });
    await clientOf(service).files.write(FILES);
    expect(await execute(service, { workflow: "outer" })).toMatchObject({ status: "Success", result: "none" });
    const all = await spans("POST /v1/executions", "execution", "ran");
    const request = all.find(({ name }) => name === "POST /v1/executions");
    expect(request?.parentSpanContext?.spanId).toBe(CALLERS.slice(36, 52));
    expect(request?.attributes).toMatchObject({ "http.request.method": "POST", "http.route": "/v1/executions", "http.response.status_code": 200 });
    expect(parentName(all, "execution")).toBe("POST /v1/executions");
    for (const phase of ["pinned", "loaded", "process", "linked", "ran"]) expect(parentName(all, phase), phase).toBe("execution");
    const calls = all.filter(({ name }) => name === "host call");
    expect(calls.map(({ attributes }) => attributes["bifrost.host_call"]).toSorted()).toEqual(["config", "execute"]);
    expect(parentName(all, "host call")).toBe("execution");
  });

  it("go on over the queue, to a host that has only heard of the execution from the database", async () => {
    const [api, host] = await Promise.all([open({ works: false, answers: "all" }), open({ works: true })]);
    expect(host.url).toBeUndefined();
    const client = clientOf(api);
    await client.files.write(FILES);
    const { id } = await execute(api, { workflow: "inner", mode: "async" });
    await client.executions.result(String(id));
    const all = await spans("execution", "queued", "submit", "POST /v1/executions");
    expect(parentName(all, "submit")).toBe("POST /v1/executions");
    expect(parentName(all, "execution")).toBe("submit");
    expect(all.find(({ name }) => name === "execution")?.attributes).toMatchObject({ "bifrost.execution.id": id, "bifrost.workflow": "inner.ts::default" });
  });

  it("say of what failed by which code, and hold nothing of what its author or caller wrote", async () => {
    const service = await open({ works: true, answers: "all" });
    await clientOf(service).files.write({
      "fails.ts": `import { workflow } from "bifrost";\nexport default workflow(async (p: any) => { throw new RangeError("hunter2 " + p.a); });\n`,
    });
    await execute(service, { workflow: "fails.ts", input: { a: "hunter2" } });
    const all = await spans("execution");
    expect(all.find(({ name }) => name === "execution")?.status.code).toBe(2);
    expect(JSON.stringify(all.map(({ name, attributes, events, status }) => [name, attributes, events, status]))).not.toContain("hunter2");
    expect(lines.join("")).not.toContain("hunter2");
  });
});

describe("metrics of a service", () => {
  it("tell what runs and waits, by workspace, and what the host has for it", async () => {
    const service = await open({ works: true, answers: "all" });
    const client = clientOf(service);
    await client.files.write(FILES);
    const ids = [];
    for (let count = 0; count < 3; count += 1) ids.push((await client.executions.start("waits", {})).id);
    for await (const _line of client.executions.logs(ids[0] ?? "")) break;
    const text = await metricsOf(service);
    expect(text).toContain('bifrost_executions_running{workspace="default"} 1');
    expect(text).toContain('bifrost_executions_waiting{workspace="default"} 2');
    expect(text).toContain('bifrost_queue_depth{status="Pending"} 2');
    expect(text).toContain("bifrost_slots 1\n");
    expect(text).toContain("bifrost_hosts 1\n");
    expect(text).toMatch(/^bifrost_children\{state="busy"\} 1$/mu);
    for (const id of ids.toReversed()) await client.executions.cancel(id);
    const after = await metricsOf(service);
    expect(after).toMatch(/^bifrost_executions_total\{status="Cancelled",code="ERR_CANCELLED"\} 1$/mu);
    expect(after).not.toContain("bifrost_executions_waiting{");
    expect(after).toMatch(/^bifrost_cache_lookups_total\{cache="compiled",result="hit"\} [1-9]/mu);
    expect(after).toMatch(/^bifrost_execution_phase_seconds_count\{phase="queued"\} 1$/mu);
  });

  it("count what a server that is away has cost, and come without what only it knows", async () => {
    const service = await open({ works: true, answers: "all" });
    await clientOf(service).files.write(FILES);
    expect(await metricsOf(service)).toContain("bifrost_redis_errors_total 0\n");
    await redis.kill();
    expect(await execute(service, { workflow: "inner" })).toMatchObject({ code: "ERR_REDIS_UNAVAILABLE" });
    expect(await metricsOf(service)).toMatch(/^bifrost_redis_errors_total [1-9]\d*$/mu);
    await redis.start();
    await database.drop();
    const text = await metricsOf(service);
    expect(text).toContain("bifrost_slots 1\n");
    expect(text).not.toMatch(/^bifrost_hosts /mu);
    // Reading it was one of them.
    expect(await metricsOf(service)).toMatch(/^bifrost_database_errors_total [1-9]\d*$/mu);
  });
});
