// From what a child said to how an execution ended: it runs untrusted code, so no answer of its may make the run reject.
import fc from "fast-check";
import { expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import { complete, type CompletionContext } from "../../../src/executions/complete.ts";
import { DEFAULT_LIMITS } from "../../../src/limits.ts";
import type { RoomOutcome } from "../../../src/isolate/room-outcome.ts";

const usage = { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 };
const context: CompletionContext = {
  entry: { path: "wf.ts", exportName: "default" },
  limits: DEFAULT_LIMITS,
  mapStack: (stack) => ({ stack: stack.trim(), frames: [] }),
  hashOf: () => undefined,
  explainLink: ({ message }) => new Fault("ERR_MODULE_SYNTAX", message.trim()),
};

function completed(outcome: RoomOutcome): ReturnType<typeof complete> {
  return complete({ kind: "outcome", outcome, usage }, context);
}

it("a result is the data that its text says", () => {
  expect(completed({ kind: "answered", text: `R{"__proto__":1}` })).toEqual({ status: "Success", result: JSON.parse(`{"__proto__":1}`) });
  expect(completed({ kind: "answered", text: "Rnull" })).toEqual({ status: "Success", result: null });
});

it.each<RoomOutcome>([
  { kind: "answered", text: "" },
  { kind: "answered", text: "R{" },
  { kind: "answered", text: "?null" },
  { kind: "answered", text: "Inull" },
  { kind: "answered", text: "Snull" },
  { kind: "answered", text: 'O{"path":"$"}' },
  { kind: "answered", text: "X{}" },
  { kind: "threw", error: "null" },
  { kind: "threw", error: "{}" },
  { kind: "rejected-link", error: "nonsense" },
])("B87: nonsense ends the run as a defect of ours: %j", (outcome) => {
  expect(completed(outcome)).toMatchObject({ status: "Failed", error: { code: "ERR_INTERNAL" } });
});

it("B87: whatever text comes, the run ends", () => {
  const text = fc.tuple(fc.constantFrom("R", "F", "D", "I", "S", "O", "X", "E"), fc.oneof(fc.string(), fc.json())).map(([letter, body]) => letter + body);
  fc.assert(
    fc.property(text, (said) => {
      expect(completed({ kind: "answered", text: said })).toHaveProperty("status");
    }),
  );
});

it("memory that runs out without a limit is not told as a limit of 0 bytes", () => {
  const stopped = complete({ kind: "stopped", reason: "memory", phase: "kill", usage }, { ...context, limits: { ...DEFAULT_LIMITS, memoryBytes: 0 } });
  expect(stopped.error?.message).toContain("more memory than one process can have");
});
