// What an execution has in hand, and what of it another may not be told.
import { expect, it } from "vitest";
import { HandedSecrets } from "../../../src/executions/handed-secrets.ts";
import { LogBook } from "../../../src/executions/log-book.ts";

const [inner, outer] = [
  { path: "inner.ts", exportName: "default" },
  { path: "outer.ts", exportName: "default" },
];

it("B89: what is handed out is looked for from then on; nothing is done twice", () => {
  const handed = new HandedSecrets({ GIVEN: "given-value" });
  expect([handed.given("GIVEN"), handed.given("toString"), handed.given("__proto__")]).toEqual(["given-value", undefined, undefined]);
  const before = handed.scrubber();
  expect(before?.text("given-value later-value")).toBe("[secret GIVEN] later-value");
  expect(handed.add("LATER", { value: "later-value", grants: [] })).toBe(true);
  const after = handed.scrubber();
  expect(after?.text("given-value later-value")).toBe("[secret GIVEN] [secret LATER]");
  handed.add("LATER", { value: "later-value", grants: [] });
  expect(handed.scrubber()).toBe(after);
});

it("B89: of a secret that was changed meanwhile, both values are looked for", () => {
  const handed = new HandedSecrets();
  handed.add("TOKEN", { value: "old-value", grants: [] });
  handed.add("TOKEN", { value: "new-value", grants: [] });
  expect(handed.scrubber()?.text("old-value new-value")).toBe("[secret TOKEN] [secret TOKEN]");
});

it("B89: withheld from another is what it may not read itself, and nothing that it has anyway", () => {
  const handed = new HandedSecrets({ GIVEN: "given-value" });
  expect(handed.withheldFrom(outer)).toBeUndefined();
  handed.add("INNER", { value: "inner-value", grants: ["inner.ts"] });
  handed.add("BOTH", { value: "both-value", grants: ["inner.ts", "outer.ts"] });
  handed.add("TWIN", { value: "both-value", grants: ["inner.ts"] });
  expect(handed.withheldFrom(outer)?.text("given-value inner-value both-value")).toBe("given-value [secret INNER] both-value");
  expect(handed.withheldFrom(inner)).toBeUndefined();
  // Granted meanwhile, and asked for again.
  handed.add("INNER", { value: "inner-value", grants: ["*"] });
  expect(handed.withheldFrom(outer)).toBeUndefined();
});

it("B89: more than can be looked for is not handed out", () => {
  const handed = new HandedSecrets();
  const value = (index: number): string => `${index}${"x".repeat(60_000)}`;
  const taken = Array.from({ length: 10 }, (_, index) => handed.add(`K${index}`, { value: value(index), grants: [] }));
  expect(taken.filter(Boolean)).toHaveLength(8);
  // Those that are in hand can be asked for again.
  expect(handed.add("K0", { value: value(0), grants: [] })).toBe(true);
  const many = new HandedSecrets();
  expect(Array.from({ length: 120 }, (_, index) => many.add(`K${index}`, { value: `value-${index}`, grants: [] })).filter(Boolean)).toHaveLength(100);
});

it("B89: a log line that came before the secret was handed out is kept without it, and its number and time are as they were", () => {
  const handed = new HandedSecrets();
  const live: string[] = [];
  const book = new LogBook({
    mapStack: (stack) => stack,
    scrubber: () => handed.scrubber(),
    onLine: ({ message }) => live.push(message),
    maxLines: 10,
    maxBytes: 1000,
  });
  book.add([{ level: "info", parts: ["input 1970 info"], data: `{"a":"1970 info"}`, at: 0 }]);
  expect(book.finished()).toBe(book.lines);
  handed.add("YEAR", { value: "1970", grants: [] });
  handed.add("LEVEL", { value: "info", grants: [] });
  book.add([{ level: "warn", parts: ["then 1970"], at: 0 }]);
  expect(book.finished()).toEqual([
    {
      sequence: 1,
      level: "info",
      message: "input [secret YEAR] [secret LEVEL]",
      timestamp: "1970-01-01T00:00:00.000Z",
      data: { a: "[secret YEAR] [secret LEVEL]" },
    },
    { sequence: 2, level: "warn", message: "then [secret YEAR]", timestamp: "1970-01-01T00:00:00.000Z" },
  ]);
  expect(live).toEqual(["input 1970 info", "then [secret YEAR]"]);
});
