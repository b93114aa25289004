// What a child may send is anything that Node's IPC can carry: messages that are nearly right, and values of every kind. Whatever
// is believed fits a schema written here a second time.
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseFromChild } from "../../src/process/protocol.ts";
import { tries } from "./tries.ts";

const id = z.custom<number>((value) => typeof value === "number");
const usage = z.object({ wallMs: z.number(), cpuMs: z.number(), peakMemoryBytes: z.number() });
const entry = z.object({
  level: z.enum(["debug", "info", "warn", "error"]),
  parts: z.array(z.string()),
  data: z.string().optional(),
  at: z.number().min(-8.64e15).max(8.64e15),
});
const linkError = z.string().refine((text) => z.object({ name: z.string(), message: z.string(), stack: z.string() }).safeParse(parsed(text)).success);
const outcome = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("answered"), text: z.string() }),
  z.object({ kind: z.literal("threw"), error: z.string() }),
  z.object({ kind: z.literal("rejected-link"), error: z.string() }),
  z.object({ kind: z.literal("exceeded"), limit: z.enum(["pendingCalls", "totalCalls", "resultBytes"]), amount: z.number() }),
  z.object({ kind: z.literal("terminated"), reason: z.enum(["wall", "cpu", "memory", "cancelled"]), limitMs: z.number().optional() }),
]);
const message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("defect"), message: z.string() }),
  z.object({ type: z.literal("clean"), runId: id }),
  z.object({ type: z.literal("cancelling"), runId: id, listens: z.boolean() }),
  z.object({ type: z.literal("call"), runId: id, callId: id, name: z.string(), argument: z.string() }),
  z.object({ type: z.literal("logs"), runId: id, entries: z.array(entry) }),
  z.object({ type: z.literal("import"), runId: id, importId: id, specifier: z.string(), referrer: z.string() }),
  z.object({ type: z.literal("unlinked"), runId: id, importId: id, error: linkError }),
  z.object({ type: z.literal("done"), runId: id, outcome, usage }),
]);

const number = fc.oneof(fc.nat(), fc.double());
const text = fc.string({ unit: "binary", maxLength: 8 });
const figures = fc.record({ wallMs: fc.nat(), cpuMs: fc.nat(), peakMemoryBytes: fc.nat() });
const line = fc.record(
  { level: fc.constantFrom("debug", "info", "warn", "error"), parts: fc.array(text), data: text, at: fc.nat() },
  { requiredKeys: ["level", "parts", "at"] },
);
const failure = fc.record({ name: text, message: text, stack: text }).map((error) => JSON.stringify(error));
const ending = fc.oneof(
  fc.record({ kind: fc.constant("answered"), text }),
  fc.record({ kind: fc.constantFrom("threw", "rejected-link"), error: text }),
  fc.record({ kind: fc.constant("exceeded"), limit: fc.constantFrom("pendingCalls", "totalCalls", "resultBytes"), amount: fc.nat() }),
  fc.record(
    { kind: fc.constant("terminated"), reason: fc.constantFrom("wall", "cpu", "memory", "cancelled"), limitMs: fc.nat() },
    { requiredKeys: ["kind", "reason"] },
  ),
);

const right = fc.oneof(
  fc.record({ type: fc.constant("ready") }),
  fc.record({ type: fc.constant("defect"), message: text }),
  fc.record({ type: fc.constant("clean"), runId: fc.nat() }),
  fc.record({ type: fc.constant("cancelling"), runId: fc.nat(), listens: fc.boolean() }),
  fc.record({ type: fc.constant("call"), runId: fc.nat(), callId: fc.nat(), name: text, argument: text }),
  fc.record({ type: fc.constant("logs"), runId: fc.nat(), entries: fc.array(line, { maxLength: 3 }) }),
  fc.record({ type: fc.constant("import"), runId: fc.nat(), importId: fc.nat(), specifier: text, referrer: text }),
  fc.record({ type: fc.constant("unlinked"), runId: fc.nat(), importId: fc.nat(), error: failure }),
  fc.record({ type: fc.constant("done"), runId: fc.nat(), outcome: ending, usage: figures }),
);

const anything = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    withNullPrototype: true,
    withBoxedValues: true,
  }),
  fc.constantFrom(undefined, null, Number.NaN, Infinity, -1, "", "ready", holes(1), holes(3), [undefined], {}, new Error("x"), /x/, new Date(Number.NaN)),
  number,
  text,
);

/** Where in a message, by turns of keys taken modulo how many there are, and what happens there. */
const spoiling = fc.record({
  way: fc.array(fc.nat({ max: 9 }), { maxLength: 4 }),
  how: fc.constantFrom("replaced", "left out", "in a list", "more", "with a hole"),
  by: anything,
});

describe("of what a child sends", () => {
  it("B87: what is right is taken as it is", () => {
    fc.assert(
      fc.property(right, (sent) => {
        expect(parseFromChild(received(sent))).toEqual(sent);
      }),
      tries(1500),
    );
  });

  it("B87: what is nearly right is refused, or fits all the same; nothing makes the supervisor throw", () => {
    fc.assert(
      fc.property(right, fc.array(spoiling, { minLength: 1, maxLength: 3 }), (sent, spoilings) => {
        expectRefusedOrFitting(received(spoilings.reduce(spoilt, sent as unknown)));
      }),
      tries(6000),
    );
  });

  it("B87: so is everything else that the channel can carry", () => {
    fc.assert(
      fc.property(anything, (sent) => expectRefusedOrFitting(received(sent))),
      tries(3000),
    );
    fc.assert(
      fc.property(fc.constantFrom("ready", "clean", "logs", "done", "call", "setup", "__proto__"), fc.dictionary(text, anything), (type, rest) =>
        expectRefusedOrFitting(received({ ...rest, type })),
      ),
      tries(1500),
    );
  });
});

function expectRefusedOrFitting(value: unknown): void {
  const taken = parseFromChild(value);
  if (taken === undefined) return;
  expect(taken).toBe(value);
  expect(message.safeParse(taken).error?.issues).toBeUndefined();
}

/** As it comes out of the channel: by Node's serialization "advanced". What that cannot carry arrives as nothing. */
function received(sent: unknown): unknown {
  try {
    return deserialize(serialize(sent));
  } catch {
    return undefined;
  }
}

type Spoiling = typeof spoiling extends fc.Arbitrary<infer Value> ? Value : never;

function spoilt(value: unknown, { way: [first, ...rest], how, by }: Spoiling): unknown {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  if (first === undefined || keys.length === 0) return how === "in a list" ? [value] : by;
  const key = keys[first % keys.length]!;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  if (rest.length > 0) copy[key] = spoilt(copy[key], { way: rest, how, by });
  else if (how === "replaced") copy[key] = by;
  else if (how === "in a list") copy[key] = [copy[key]];
  else if (how === "more") copy["more"] = by;
  else delete copy[key];
  if (how === "with a hole" && Array.isArray(copy)) copy.length += 1;
  return copy;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function holes(length: number): unknown[] {
  const list: unknown[] = [];
  list.length = length;
  return list;
}
