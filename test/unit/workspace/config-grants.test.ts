// To whom a secret is granted, and to whom it only looks so.
import { expect, it } from "vitest";
import { isGranted, parseGrant } from "../../../src/workspace/config-grants.ts";

const close = { path: "tickets/close.ts", exportName: "default" };

it.each([
  [[], false],
  [["*"], true],
  [["tickets/close.ts"], true],
  [["tickets/close.ts::default"], true],
  [["tickets/close.ts::other"], false],
  [["tickets/"], true],
  [["ticket/"], false],
  [["tickets/close.ts/"], false],
  [["tickets"], false],
  [["close.ts"], false],
  [["Tickets/close.ts"], false],
  [["TICKETS/"], false],
  [["a.ts", "b/", "tickets/close.ts"], true],
  [["t*"], false],
  [["**"], false],
  [[""], false],
  [["/"], false],
  [["tickets/close"], false],
  [["tickets/close.ts::"], false],
])("B4: granted to %j, tickets/close.ts::default may read it: %s", (grants, expected) => {
  expect(isGranted(grants, close)).toBe(expected);
});

it("B4: a directory is granted by whole segments, and byte for byte", () => {
  expect(isGranted(["tickets/"], { path: "ticketsfoo/close.ts", exportName: "default" })).toBe(false);
  expect(isGranted(["caf\u00e9/"], { path: "cafe\u0301/a.ts", exportName: "default" })).toBe(false);
  expect(isGranted(["a/"], { path: "b/a/c.ts", exportName: "default" })).toBe(false);
});

it("B89: a path or an export with '::' in its name is not taken for another's", () => {
  // What was granted to an export of close.ts is not for a file that is named so, nor the other way round.
  expect(isGranted(["tickets/close.ts::x.ts"], { path: "tickets/close.ts::x.ts", exportName: "default" })).toBe(false);
  expect(isGranted(["tickets/close.ts::x.ts::default"], { path: "tickets/close.ts", exportName: "x.ts::default" })).toBe(false);
  expect(isGranted(["tickets/close.ts::x.ts::default"], { path: "tickets/close.ts::x.ts", exportName: "default" })).toBe(true);
  expect(isGranted(["tickets/close.ts"], { path: "tickets/close.ts", exportName: "a::b" })).toBe(true);
});

it.each(["*", "a.ts", "a.mjs", "tickets/", "a/b/c.tsx::run", "a.ts::with space"])("takes %j as a reference", (text) => {
  expect(parseGrant(text)).toBe(text);
});

it("takes a path as a shell completes it", () => {
  expect(parseGrant("./tickets/close.ts")).toBe("tickets/close.ts");
});

it.each(["", "/", "./", "tickets", "data.json", "README.md", "a.ts::", "../a.ts", "/a.ts", "a//b.ts", "a\\b.ts", "tickets/*", "::x", `${"x".repeat(2000)}.ts`])(
  "refuses %j, which can mean no workflow",
  (text) => {
    expect(() => parseGrant(text)).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID", message: expect.stringContaining("is wanted") as string }));
  },
);
