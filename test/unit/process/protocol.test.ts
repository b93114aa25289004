// What a child says is believed only in the right shape: it runs untrusted code.
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseFromChild } from "../../../src/process/protocol.ts";

const usage = { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 };

it.each([
  { type: "ready" },
  { type: "clean", runId: 1 },
  { type: "logs", runId: 1, entries: [{ level: "info", parts: ["a"], at: 1 }] },
  { type: "logs", runId: 1, entries: [{ level: "error", parts: [], at: 1, data: "{}" }] },
  { type: "import", runId: 1, importId: 2, specifier: "./a", referrer: "b.ts" },
  { type: "unlinked", runId: 1, importId: 2, error: '{"name":"SyntaxError","message":"m","stack":""}' },
  { type: "done", runId: 1, outcome: { kind: "answered", text: "Rnull" }, usage },
  { type: "done", runId: 1, outcome: { kind: "threw", error: "{}" }, usage },
  { type: "done", runId: 1, outcome: { kind: "rejected-link", error: "{}" }, usage },
  { type: "done", runId: 1, outcome: { kind: "terminated", reason: "wall" }, usage },
  { type: "done", runId: 1, outcome: { kind: "terminated", reason: "wall", limitMs: 5 }, usage },
])("takes %j", (message) => {
  expect(parseFromChild(message)).toEqual(message);
});

it.each([
  undefined,
  null,
  "ready",
  [],
  {},
  { type: "run" },
  { type: "logs", runId: 1, entries: [{ level: "shout", parts: [], at: 1 }] },
  { type: "logs", runId: 1, entries: [{ level: "info", parts: [1], at: 1 }] },
  { type: "logs", runId: 1, entries: [{ level: "info", parts: ["a"], at: NaN }] },
  { type: "logs", runId: 1, entries: [{ level: "info", parts: ["a"], at: 1e300 }] },
  { type: "logs", runId: "1", entries: [] },
  { type: "import", runId: 1, importId: 2, specifier: 3, referrer: "b.ts" },
  { type: "unlinked", runId: 1, importId: 2, error: "no JSON" },
  { type: "unlinked", runId: 1, importId: 2, error: '{"name":"SyntaxError"}' },
  { type: "unlinked", runId: 1, error: '{"name":"SyntaxError","message":"m","stack":""}' },
  { type: "done", runId: 1, outcome: { kind: "answered" }, usage },
  { type: "done", runId: 1, outcome: { kind: "answered", text: "Rnull" } },
  { type: "done", runId: 1, outcome: { kind: "answered", text: "Rnull" }, usage: { wallMs: "long", cpuMs: 1, peakMemoryBytes: 1 } },
  { type: "done", runId: 1, outcome: { kind: "answered", text: "Rnull" }, usage: { ...usage, cpuMs: Infinity } },
  { type: "done", runId: 1, outcome: { kind: "terminated", reason: "boredom" }, usage },
  { type: "done", runId: 1, outcome: { kind: "terminated", reason: "wall", limitMs: "long" }, usage },
])("refuses %j", (message) => {
  expect(parseFromChild(message)).toBeUndefined();
});

it("never throws, whatever it is told", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withTypedArray: true }), (message) => {
      parseFromChild(message);
    }),
  );
});
