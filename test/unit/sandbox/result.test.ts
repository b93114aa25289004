/* oxlint-disable typescript/no-explicit-any -- what comes out of a room is JSON of any shape, judged by the test */
import { describe, expect, it } from "vitest";
import { createRoom, type TestRoom } from "../../support/room.ts";

async function returned(body: string): Promise<{ outcome: string; value: any }> {
  await using room = await createRoom();
  return await returnedIn(room, body);
}

async function returnedIn(room: TestRoom, body: string): Promise<{ outcome: string; value: any }> {
  await room.evaluate({ "entry.js": `import { workflow } from "bifrost"; export default workflow(async () => {${body}});` }, "entry.js");
  return room.invoke();
}

describe("what a workflow returns", () => {
  it.each([
    ["a function", "return { a: [1, { b() {} }] };", "$.a[1].b", "a function (b)"],
    ["a symbol", 'return [Symbol("s")];', "$[0]", "a symbol"],
    ["a BigInt", "return { rows: [{ n: 5n }] };", "$.rows[0].n", "bigint 5n"],
    ["a BigInt at the top", "return 5n;", "$", "bigint 5n"],
    ["a cycle", "const a = { list: [] }; a.list.push(a); return { x: a };", "$.x.list[0]", "a cycle back to $.x"],
    ["a class instance", "class Ticket { id = 1; } return { ticket: new Ticket() };", "$.ticket", "an instance of class Ticket"],
    ["a Map", 'return { "odd key": new Map() };', '$["odd key"]', "a Map"],
    ["a Set", "return [new Set()];", "$[0]", "a Set"],
    ["a typed array", "return { bytes: new Uint8Array(2) };", "$.bytes", "binary data (Uint8Array)"],
    ["an ArrayBuffer", "return new ArrayBuffer(2);", "$", "binary data (ArrayBuffer)"],
    ["an error", 'return { e: new TypeError("x") };', "$.e", "an error (TypeError)"],
    ["a promise", "return { later: Promise.resolve(1) };", "$.later", "a promise"],
    ["a regular expression", "return /x/;", "$", "an instance of class RegExp"],
    ["what a toJSON gives", "return { x: { toJSON: () => ({ f() {} }) } };", "$.x.f", "a function (f)"],
  ])("B90: %s is refused with its path", async (_what, body, path, found) => {
    const { outcome, value } = await returned(body);
    expect({ outcome, path: value.path, found: value.found }).toEqual({ outcome: "S", path, found });
    expect(value.message).toContain(`${found} at ${path}`);
  });

  it.each([
    ["undefined at the top is null", "return undefined;", null],
    ["undefined is left out of objects and null in arrays", "return { a: undefined, b: [undefined, , 1] };", { b: [null, null, 1] }],
    ["NaN and the infinities are null", "return [NaN, Infinity, -Infinity, -0];", [null, null, null, 0]],
    ["a Date is its ISO string, an invalid one null", "return { at: new Date(0), bad: new Date(NaN) };", { at: "1970-01-01T00:00:00.000Z", bad: null }],
    [
      "toJSON is honoured, of a class and of a plain object",
      "class P { toJSON(key) { return { p: 1 }; } } return [new P(), { toJSON: () => 7 }];",
      [{ p: 1 }, 7],
    ],
    [
      "symbol keys and inherited properties are left out",
      "return Object.assign(Object.create({ inherited: 1 }.__proto__), { [Symbol('k')]: 1, own: 2 });",
      { own: 2 },
    ],
    ["objects without a prototype are plain", "return Object.assign(Object.create(null), { a: 1 });", { a: 1 }],
    ["the same object twice is no cycle", "const x = { n: 1 }; return [x, x, { x }];", [{ n: 1 }, { n: 1 }, { x: { n: 1 } }]],
    ["getters are read", "return { get a() { return 1; } };", { a: 1 }],
  ])("B90: stated conversion: %s", async (_what, body, expected) => {
    expect(await returned(body)).toEqual({ outcome: "R", value: expected });
  });

  it("B90: nesting beyond 1000 levels is refused instead of overflowing the stack", async () => {
    const nested = (depth: number): string => `let x = 1; for (let i = 0; i < ${depth}; i++) x = i % 2 ? { x } : [x]; return x;`;
    expect((await returned(nested(1000))).outcome).toBe("R");
    const { outcome, value } = await returned(nested(100_000));
    expect({ outcome, found: value.found }).toEqual({ outcome: "S", found: "nesting deeper than 1000 levels" });
    const converting = await returned("const endless = { toJSON() { return { x: { toJSON: endless.toJSON } }; } }; return endless;");
    expect(converting.outcome).toBe("S");
  });

  it("B90: 10 MB cross both ways", async () => {
    await using room = await createRoom();
    await room.evaluate({ "entry.js": `import { workflow } from "bifrost"; export default workflow((params) => params);` }, "entry.js");
    const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, text: "x".repeat(480), tags: ["a", "b"] }));
    const { outcome, value } = await room.invoke("default", { rows });
    expect(outcome).toBe("R");
    expect(value.rows).toHaveLength(20_000);
  });

  it("B90: a getter or toJSON that throws fails the run with what it threw", async () => {
    expect(await returned('return { get a() { throw new RangeError("no"); } };')).toMatchObject({ outcome: "E", value: { name: "RangeError", message: "no" } });
    expect(await returned('return new Proxy({}, { ownKeys() { throw new TypeError("trap"); } });')).toMatchObject({ outcome: "E", value: { message: "trap" } });
  });

  it("B80: only success === false is CompletedWithErrors", async () => {
    expect((await returned("return { success: false };")).outcome).toBe("F");
    expect((await returned("return { success: 0 };")).outcome).toBe("R");
    expect((await returned("return { success: true };")).outcome).toBe("R");
  });
});
