import { expect, it } from "vitest";
import { LogBook } from "../../../src/executions/log-book.ts";
import type { LogEntry } from "../../../src/isolate/room-job.ts";

function entry(...parts: readonly string[]): LogEntry {
  return { level: "info", parts, at: 0 };
}

function written(entries: readonly LogEntry[], { maxLines = 100, maxBytes = 1000, mapStack = (stack: string) => stack } = {}): readonly string[] {
  const book = new LogBook({ mapStack, maxLines, maxBytes });
  book.add(entries);
  return book.lines.map(({ message }) => message);
}

it("B88: what is more than the lines or bytes allowed is cut with a mark that says how many those are", () => {
  const mark = (lines: number, bytes: number) => `[truncated: an execution keeps at most ${lines} log lines and ${bytes} bytes]`;
  expect(written([entry("a"), entry("b"), entry("c")], { maxLines: 2 })).toEqual(["a", "b", mark(2, 1000)]);
  expect(written([entry("a"), entry("b")], { maxLines: 2 })).toEqual(["a", "b"]);
  expect(written([entry("12345"), entry("67890"), entry("x")], { maxBytes: 10 })).toEqual(["12345", "67890", mark(100, 10)]);
});

it("B88: of a line that is larger than what is left, the beginning is kept, without a cut through a character", () => {
  expect(written([entry("abc"), entry("déjà vu")], { maxBytes: 5 })).toEqual([
    "abc",
    "d…",
    "[truncated: an execution keeps at most 100 log lines and 5 bytes]",
  ]);
  expect(written([entry("x".repeat(5000))])[0]).toBe(`${"x".repeat(1000)}…`);
});

it("B88: stacks that become shorter when they are mapped count as they were written, so that the mark comes before the room stops", () => {
  const lines = Array.from({ length: 10 }, () => entry("Error: x", "\n    at frame".repeat(20)));
  const kept = written(lines, { mapStack: () => "" });
  expect(kept.slice(0, 4)).toEqual(["Error: x", "Error: x", "Error: x", "Error: x"]);
  expect(kept.at(-1)).toContain("truncated");
});

it("B88: lines of attempts before count with their bytes, messages and data", () => {
  const earlier = new LogBook({ mapStack: String, maxLines: 100, maxBytes: 20 });
  earlier.add([entry("1234"), { ...entry("5678"), data: '["90"]' }]);
  const book = new LogBook({ mapStack: String, maxLines: 100, maxBytes: 20, earlier: earlier.lines });
  book.add([entry("abcdef"), entry("g")]);
  expect(book.lines.map(({ message }) => message)).toEqual(["1234", "5678", "abcdef", "[truncated: an execution keeps at most 100 log lines and 20 bytes]"]);
});

it("B88: what an attempt before has used up stays used up, and is said once", () => {
  const earlier = new LogBook({ mapStack: String, maxLines: 2, maxBytes: 1000 });
  earlier.add([entry("a"), entry("b"), entry("c")]);
  const said = { sequence: 4, level: "warn", message: "attempt 2 follows", timestamp: new Date(0).toISOString() } as const;
  const book = new LogBook({ mapStack: String, maxLines: 2, maxBytes: 1000, earlier: [...earlier.lines, said] });
  book.add([entry("d"), entry("e")]);
  expect(book.lines.map(({ message }) => message)).toEqual([
    "a",
    "b",
    "[truncated: an execution keeps at most 2 log lines and 1000 bytes]",
    "attempt 2 follows",
  ]);
});
