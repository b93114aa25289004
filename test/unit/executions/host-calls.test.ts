// What a room asks of the supervisor, as a process would ask that something has broken out in: every answer is data.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Execution } from "../../../src/completion.ts";
import { Fault } from "../../../src/errors.ts";
import { HandedSecrets } from "../../../src/executions/handed-secrets.ts";
import { createHostCalls, type HostCalls } from "../../../src/executions/host-calls.ts";
import type { NestedPowers } from "../../../src/executions/nested.ts";
import type { Order, PinnedSnapshot } from "../../../src/executions/order.ts";
import { DEFAULT_LIMITS } from "../../../src/limits.ts";
import type { Workspace } from "../../../src/snapshot/origin.ts";

const pinned = {} as PinnedSnapshot;
const ended: Execution = {
  version: 1,
  id: "01a1f8f1-bd49-74a2-84c9-93c3fb37831c",
  workflow: "a.ts::default",
  status: "Success",
  result: 7,
  logs: [],
  usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 },
  snapshotId: "s1-0",
  modules: [],
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:00.000Z",
};

function calls(run: NestedPowers["run"] = () => Promise.resolve(ended), more: Partial<Order> = {}, log?: (message: string) => void): HostCalls {
  const order: Order = {
    id: "01a1f8f1-bdbb-7172-b390-9455910c0750",
    workspace: {} as Workspace,
    reference: "wf.ts",
    inputJson: "{}",
    mode: "call",
    limits: DEFAULT_LIMITS,
    handed: new HandedSecrets(),
    ...more,
  };
  return createHostCalls({ order, pinned, entry: { path: "wf.ts", exportName: "default" }, powers: { run }, log });
}

async function answerOf(host: HostCalls, name: string, argument: unknown): Promise<unknown> {
  const { ok, text } = await host.answer(name, typeof argument === "string" ? argument : JSON.stringify(argument));
  return [ok, JSON.parse(text)];
}

it("B85: whatever is asked, the answer is data: nothing throws, and nothing rejects", async () => {
  const odd = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ reference: fc.anything(), input: fc.anything() })
      .map((value) => JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? 0 : each)) ?? ""),
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.constantFrom("execute", "config", "digest", "__proto__", "toString"), fc.string()), odd, async (name, argument) => {
      const { ok, text } = await calls().answer(name, argument);
      expect(typeof ok).toBe("boolean");
      expect(() => JSON.parse(text) as unknown).not.toThrow();
    }),
  );
});

it.each([
  ["execute", "{"],
  ["execute", "null"],
  ["execute", { reference: "" }],
  ["execute", { reference: 7 }],
  ["execute", { reference: "x".repeat(2000) }],
  ["execute", { reference: "a.ts", limits: { wallMs: 0 } }],
  ["execute", `{"reference":"a.ts","input":${"[".repeat(5000)}${"]".repeat(5000)}}`],
  ["config", {}],
  ["config", { key: ["TOKEN"] }],
  ["config", { key: "x".repeat(300) }],
  ["config", `{"key":"TOKEN"${" ".repeat(3000)}}`],
])("B84: %s with an argument of another shape is refused: %j", async (name, argument) => {
  const ran: string[] = [];
  const host = calls(
    (order) => {
      ran.push(order.reference);
      return Promise.resolve(ended);
    },
    { handed: new HandedSecrets({ TOKEN: "value" }) },
  );
  expect(await answerOf(host, name, argument)).toEqual([
    false,
    { name: "TypeError", message: `The host function ${name} was called with an argument of the wrong shape` },
  ]);
  expect(ran).toEqual([]);
});

it("B84: a failure of ours, or of a server, says nothing of itself to author code; of ours the operator is told", async () => {
  const told: string[] = [];
  const fault = new Fault("ERR_DATABASE_UNAVAILABLE", "The database at db.internal:5432/bifrost does not answer.");
  expect(
    await answerOf(
      calls(() => Promise.reject(fault)),
      "execute",
      { reference: "a.ts" },
    ),
  ).toEqual([
    true,
    { error: { name: "Error", message: "The workflow could not be executed: The database does not answer.", code: "ERR_DATABASE_UNAVAILABLE" } },
  ]);
  const lost: Execution = {
    ...ended,
    status: "Failed",
    error: { code: "ERR_INTERNAL", name: "Error", message: "/srv/app/src/x.ts broke", stack: "", frames: [] },
  };
  expect(
    JSON.stringify(
      await answerOf(
        calls(() => Promise.resolve(lost)),
        "execute",
        { reference: "a.ts" },
      ),
    ),
  ).not.toContain("/srv");
  const defect = calls(
    () => Promise.reject(new TypeError("x is undefined at /srv/app/src/y.ts")),
    {},
    (message) => told.push(message),
  );
  expect(await answerOf(defect, "execute", { reference: "a.ts" })).toEqual([false, { name: "Error", message: "A defect in bifrost-executor." }]);
  expect(told.join()).toContain("x is undefined");
});

it("B84: a granted value is answered by its own name alone", async () => {
  const host = calls(undefined, { handed: new HandedSecrets({ TOKEN: "value" }) });
  expect(await answerOf(host, "config", { key: "TOKEN" })).toEqual([true, { value: "value" }]);
  for (const key of ["toString", "__proto__", "constructor", "OTHER"]) expect(await answerOf(host, "config", { key })).toEqual([true, {}]);
});

it("B50: while parameters are read there are no host functions", async () => {
  const host = calls(undefined, { mode: "describe", handed: new HandedSecrets({ TOKEN: "value" }) });
  for (const [name, argument] of [
    ["config", { key: "TOKEN" }],
    ["execute", { reference: "a.ts" }],
  ] as const)
    expect(await answerOf(host, name, argument)).toEqual([false, { name: "Error", message: expect.stringContaining("there is no execution") as string }]);
});

it("B89: one is executed at a time, however many are asked for, and what waits takes a bounded amount of memory", async () => {
  let running = 0;
  let most = 0;
  const host = calls(
    async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      return ended;
    },
    { limits: { ...DEFAULT_LIMITS, inputBytes: 10_000 } },
  );
  const answers = await Promise.all(Array.from({ length: 40 }, () => answerOf(host, "execute", { reference: "a.ts", input: "x".repeat(1000) })));
  const refused = answers.filter((answer) => JSON.stringify(answer).includes("ERR_HOST_CALL_LIMIT"));
  expect([most, answers.length - refused.length]).toEqual([1, 19]);
  expect(await answerOf(host, "execute", { reference: "a.ts" })).toEqual([true, { result: 7 }]);
});

it("B89: it gets its parent's limits and secrets, and what is left of its time", async () => {
  const orders: Order[] = [];
  const handed = new HandedSecrets({ TOKEN: "value" });
  const limits = { ...DEFAULT_LIMITS, wallMs: 60_000, memoryBytes: 64 * 1024 * 1024 };
  const host = calls(
    (order) => {
      orders.push(order);
      return Promise.resolve(ended);
    },
    { limits, handed },
  );
  await host.answer("execute", `{"reference":"a.ts"}`);
  const [order] = orders;
  expect(order).toMatchObject({ mode: "call", nested: true, inputJson: "{}", parent: { chain: ["wf.ts::default"] } });
  expect(order?.handed).toBe(handed);
  expect(order?.limits).toMatchObject({ memoryBytes: limits.memoryBytes });
  expect(order?.limits.wallMs).toBeLessThanOrEqual(60_000);
  const unlimited = calls(
    (given) => {
      orders.push(given);
      return Promise.resolve(ended);
    },
    { limits: { ...limits, wallMs: 0 } },
  );
  await unlimited.answer("execute", `{"reference":"a.ts"}`);
  expect(orders[1]?.limits.wallMs).toBe(0);
});

it("B89: when the parent ends, what runs is cancelled and waited for, and what waits never begins", async () => {
  const events: string[] = [];
  const host = calls(
    ({ reference, signal }) =>
      new Promise((resolve) => {
        events.push(`begins ${reference}`);
        signal?.addEventListener("abort", () => {
          events.push(`cancelled ${reference}`);
          setTimeout(() => {
            events.push(`ended ${reference}`);
            resolve({ ...ended, status: "Cancelled" });
          }, 5);
        });
      }),
  );
  const first = host.answer("execute", `{"reference":"one"}`);
  const second = host.answer("execute", `{"reference":"two"}`);
  await expect.poll(() => events).toEqual(["begins one"]);
  await host[Symbol.asyncDispose]();
  expect(events).toEqual(["begins one", "cancelled one", "ended one"]);
  await Promise.all([first, second]);
});

it("B89: what is kept of failures, for the record, is bounded in number and size", async () => {
  const long: Execution = { ...ended, status: "Failed", error: { name: "Error", message: "m".repeat(100_000), stack: "s".repeat(100_000), frames: [] } };
  let count = 0;
  const host = calls(() => Promise.resolve({ ...long, id: `id-${++count}` }));
  for (let n = 0; n < 60; n++) await host.answer("execute", `{"reference":"a.ts"}`);
  const failed = (executionId: string) =>
    host.explain({ status: "Failed", error: { name: "Error", message: "caught", stack: "", frames: [], details: { executionId } } }).error;
  expect(failed("id-60")?.cause?.message.length).toBeLessThan(20_000);
  expect(failed("id-60")?.details).toEqual({ executionId: "id-60" });
  expect([failed("id-1")?.cause, failed("forged")?.details]).toEqual([undefined, undefined]);
});
