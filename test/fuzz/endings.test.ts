// From what a child says of its run to what the caller reads: whatever the texts in it hold, an envelope comes out that everyone
// downstream can rely on. The child has been taken over here: it writes JSON of any shape, at any depth.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Fault, isFaultCode } from "../../src/errors.ts";
import { complete, type CompletionContext } from "../../src/executions/complete.ts";
import { LogBook } from "../../src/executions/log-book.ts";
import type { LogEntry } from "../../src/isolate/room-job.ts";
import type { RoomOutcome } from "../../src/isolate/room-outcome.ts";
import { DEFAULT_LIMITS } from "../../src/limits.ts";
import { tries } from "./tries.ts";
import { oddText } from "./value-sources.ts";

const usage = { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 };
const context: CompletionContext = {
  entry: { path: "wf.ts", exportName: "default" },
  limits: DEFAULT_LIMITS,
  mapStack: (stack) => ({ stack: stack.trim(), frames: [] }),
  hashOf: () => undefined,
  explainLink: ({ message }) => new Fault("ERR_MODULE_SYNTAX", message.trim()),
};

const errorShape = z.object({
  code: z.string().refine(isFaultCode).optional(),
  name: z.string(),
  message: z.string(),
  stack: z.string(),
  frames: z.array(z.unknown()),
  userFacing: z.boolean().optional(),
  get cause() {
    return errorShape.optional();
  },
  details: z.record(z.string(), z.unknown()).optional(),
});
const completionShape = z.object({
  status: z.enum(["Success", "Failed", "Timeout", "CompletedWithErrors", "Cancelled"]),
  result: z.unknown().optional(),
  error: errorShape.optional(),
});

const json = fc.json({ maxDepth: 3 });
const field = fc.oneof(
  { weight: 3, arbitrary: oddText.map((text) => JSON.stringify(text)) },
  { weight: 2, arbitrary: json },
  { weight: 1, arbitrary: fc.constantFrom("null", "true", "[]", "{}", "1e999") },
);
/** More levels than anything recursive can take, and than JSON.parse minds. */
const deep = fc.constantFrom(`${"[".repeat(20_000)}${"]".repeat(20_000)}`, `${'{"cause":'.repeat(20_000)}1${"}".repeat(20_000)}`);
const KEYS = [
  "name",
  "message",
  "stack",
  "cause",
  "code",
  "userFacing",
  "executionId",
  "path",
  "found",
  "exports",
  "expected",
  "received",
  "__proto__",
  "toString",
] as const;
const record = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), fc.oneof({ weight: 20, arbitrary: field }, { weight: 1, arbitrary: deep })), { maxLength: 8 })
  .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`);
const errorText = fc.oneof(
  { weight: 4, arbitrary: record },
  { weight: 4, arbitrary: record.map((rest) => JSON.stringify({ name: "Error", message: "m", stack: "s" }).replace("}", `,"cause":${rest}}`)) },
  { weight: 1, arbitrary: json },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: oddText },
);
const answer = fc
  .tuple(
    fc.constantFrom("R", "F", "D", "I", "S", "X", "E", "?", ""),
    fc.oneof(
      errorText,
      fc.array(errorText, { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
    ),
  )
  .map(([letter, body]) => letter + body);
const outcome: fc.Arbitrary<RoomOutcome> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("answered" as const), text: answer }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("threw" as const, "rejected-link" as const), error: errorText }) },
);

describe("whatever a child says of its run", () => {
  it("B87: it ends once, in an envelope of the promised shape that can be written as JSON", () => {
    fc.assert(
      fc.property(outcome, (said) => {
        const completion = complete({ kind: "outcome", outcome: said, usage }, context);
        expect(completionShape.safeParse(completion).error?.issues).toBeUndefined();
        expect(() => JSON.stringify(completion)).not.toThrow();
      }),
      tries(2500),
    );
  });

  it("B88: its log lines are numbered, bounded, of known levels and times, and can be written as JSON", () => {
    const entry: fc.Arbitrary<LogEntry> = fc.record(
      {
        level: fc.constantFrom("debug", "info", "warn", "error"),
        parts: fc.array(oddText, { maxLength: 5 }),
        data: fc.oneof({ weight: 20, arbitrary: field }, { weight: 2, arbitrary: oddText }, { weight: 1, arbitrary: deep }),
        at: fc.oneof(fc.nat(), fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true })),
      },
      { requiredKeys: ["level", "parts", "at"] },
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 400 }), (entries, maxLines, maxBytes) => {
        const streamed: unknown[] = [];
        const book = new LogBook({ mapStack: (stack) => stack.trim(), onLine: (line) => streamed.push(line), maxLines, maxBytes });
        for (const each of entries) book.add([each]);
        expect(streamed).toEqual(book.lines);
        expect(book.lines.map(({ sequence }) => sequence)).toEqual(book.lines.map((_, index) => index + 1));
        // One more tells that there were more.
        expect(book.lines.length).toBeLessThanOrEqual(maxLines + 1);
        const kept = book.lines.filter(({ message }) => !message.startsWith("[truncated: "));
        expect(kept.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0)).toBeLessThanOrEqual(maxBytes + 3 * kept.length);
        expect(() => JSON.stringify(book.lines)).not.toThrow();
      }),
      tries(800),
    );
  });
});
