/* oxlint-disable typescript/no-implied-eval -- the same text runs in Node and in the room */
import { Console } from "node:console";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createRoom } from "../../support/room.ts";

/** What Node's console prints for the same code. */
function printedByNode(body: string): string {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const nodeConsole = new Console({ stdout: stream, stderr: stream, colorMode: false });
  new Function("console", body)(nodeConsole);
  return text.replace(/\n$/, "");
}

async function expectSame(body: string): Promise<void> {
  await using room = await createRoom();
  await room.run(body);
  expect(room.text()).toBe(printedByNode(body));
}

describe("console", () => {
  it("formats values and format specifiers as Node does", () =>
    expectSame(`
      console.log("a", 1, -0, true, null, undefined, 5n, Symbol("s")); console.log(); console.log("");
      console.log("%s|%s|%s", "x", 5, { a: { b: { c: 1 } } }, "rest", { more: 1 }); console.log("%d %i %f %j %o %O %c %% %x", 4.5, 4.9, "1.5", { a: 1 }, [1], { deep: { er: { still: { on: 1 } } } }, "css"); console.log("100%", 5); console.log("%s", Symbol("q"), () => {}, class A {}); console.log(5, "%s", "x");
      console.log({ a: 1, b: "two", c: [1, 2, { d: new Map([["k", new Set([1])]]) }], e: new Date(0), f: /x/g, g() {}, h: class Foo {}, i: null, j: undefined, [Symbol("k")]: 1 });
      console.log([1, , 3], new Array(200).fill(7), "x".repeat(200), ["y".repeat(100)], new Uint8Array(3), new ArrayBuffer(2), Object.create(null), new (class Bar { x = 1; })());
      const ring = { name: "ring" }; ring.self = ring; console.log(ring); console.log([["a", [["b", [["c"]]]]]]); console.log(new WeakMap(), Object(1), [new Error("inner").message]); console.log(Promise.resolve !== undefined, function named() {}, async () => {}, function* gen() {});`));

  it("has Node's other methods: dir, table, count, group, assert, time without a label, and their levels", async () => {
    await expectSame(`
      console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 }); console.table([{ a: 1, b: "x" }, { a: 2, c: true }]); console.table([[1, 2], [3, 4]]); console.table(["p", "q"]); console.table({ r: { v: 1 }, s: { v: 2 } }); console.table(new Map([["k", 1]])); console.table(new Set([5])); console.table([{ a: 1, b: 2 }], ["b"]); console.table(5);
      console.count(); console.count("x"); console.count(); console.countReset(); console.count(); console.group("outer"); console.log("in\\nside"); console.group(); console.warn("deeper"); console.groupEnd(); console.groupEnd(); console.groupEnd(); console.log("out");
      console.assert(true, "not shown"); console.assert(false, "shown %s", 1); console.assert(false); console.assert(false, { a: 1 }); console.info("i"); console.debug("d");`);
    await using room = await createRoom();
    await room.run(
      `for (const level of ["log", "info", "debug", "warn", "error", "trace"]) console[level](level); console.assert(false); console.time("t"); console.timeLog("t", "more"); console.timeEnd("t");`,
    );
    expect(room.lines.map(({ level }) => level)).toEqual(["info", "info", "debug", "warn", "error", "error", "warn", "info", "info"]);
    expect(room.text()).toMatch(/t: \d+(\.\d+)?ms more\nt: \d+(\.\d+)?ms$/);
  });

  it("B13: the frames of Error arguments, and of their causes, go to the host apart from the text", async () => {
    await using room = await createRoom();
    await room.run(
      `console.log("before", new TypeError("bad", { cause: new Error("why") }), "after"); console.error(new Error("alone")); console.log("%s!", new Error("formatted")); console.log("no stack of one", new Error("x").stack);`,
    );
    const [first, second, third, fourth] = room.lines;
    expect(first?.parts[0]).toBe("before TypeError: bad");
    expect(first?.parts[1]).toMatch(/^\n {4}at entry\.js:2:\d+[^]* \{$/);
    expect(first?.parts[2]).toBe("\n  [cause]: Error: why");
    expect(first?.parts[3]).toMatch(/^\n {6}at entry\.js:2:\d+/);
    expect(first?.parts[4]).toBe("\n} after");
    expect(second?.parts[0]).toBe("Error: alone");
    expect(second?.parts[1]).toMatch(/^\n {4}at /);
    expect(third?.parts[0]).toBe("Error: formatted");
    expect(third?.parts[2]).toBe("!");
    expect(fourth?.parts).toHaveLength(1);
  });

  it("B13: so do those of errors inside of objects, while a stack as text stays text", async () => {
    await using room = await createRoom();
    await room.run(`console.log("found", { failure: new Error("nested") }, [1]); console.log({ stack: new Error("x").stack, text: "a\\n    at b.ts:1:1" });`);
    const [first, second] = room.lines;
    expect(first?.parts[0]).toBe("found {\n  failure: Error: nested");
    expect(first?.parts[1]).toMatch(/^\n {6}at entry\.js:2:\d+$/);
    expect(first?.parts[2]).toBe("\n} [ 1 ]");
    expect(second?.parts).toHaveLength(1);
  });

  it("ctx.log passes message and data, and never fails on what JSON cannot hold", async () => {
    await using room = await createRoom();
    await room.run(`const ring = {}; ring.self = ring;
      ctx.log.info("looking", { days: 3 }); ctx.log.warn("odd", { big: 5n, f() {}, map: new Map([[1, 2]]), error: new Error("x") }); ctx.log.error("ring", ring); ctx.log.debug("failed", new TypeError("why")); ctx.log.info({ not: "text" }); ctx.log.info("100% %s", "data"); ctx.log.info("u", undefined);`);
    expect(room.lines.map(({ level, parts, data }) => [level, parts[0], data])).toEqual([
      ["info", "looking", { days: 3 }],
      ["warn", "odd", { big: "5n", f: "[Function: f]", map: "Map(1) { 1 => 2 }", error: "Error: x" }],
      ["error", "ring", "<ref *1> { self: [Circular *1] }"],
      ["debug", "failed TypeError: why", "TypeError: why"],
      ["info", "{ not: 'text' }", undefined],
      ["info", "100% %s", "data"],
      ["info", "u", undefined],
    ]);
  });

  it("console methods work without their object", async () => {
    await using room = await createRoom();
    await room.run(`const { log } = console; [1, 2].forEach((x) => log(x)); return 0;`);
    expect(room.text()).toBe("1\n2");
  });
});
