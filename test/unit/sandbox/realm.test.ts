/* oxlint-disable typescript/no-explicit-any -- what comes out of a room is JSON of any shape, judged by the test */
import { describe, expect, it } from "vitest";
import { createRoom } from "../../support/room.ts";

async function run(body: string): Promise<any> {
  await using room = await createRoom();
  return await room.run(body);
}

describe("what a room does not have", () => {
  it("B84: no process, require, Buffer, module or internal of the room is global", async () => {
    expect(
      await run(`
      const absent = ["process", "require", "module", "exports", "Buffer", "global", "WebAssembly", "SharedArrayBuffer", "Atomics", "Float16Array", "__bifrost__", "ivm", "fetch"];
      return absent.filter((name) => name in globalThis);`),
    ).toEqual([]);
  });

  it("B82: memory that is not counted cannot be had: SharedArrayBuffer, WebAssembly, resizable buffers, Float16Array", async () => {
    const outcomes = await run(`
      const tries = [() => new ArrayBuffer(8, { maxByteLength: 16 }), () => Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }], class extends ArrayBuffer {}), () => new Uint8Array(1).buffer.constructor(8), () => new ArrayBuffer.prototype.constructor(8, { maxByteLength: 9 }),
        () => new (new Uint8Array(1).slice().buffer.constructor)(1, { maxByteLength: 9 }), () => new ArrayBuffer(8).resize(4), () => structuredClone(new ArrayBuffer(8)).resize(4)];
      return tries.map((attempt) => { try { attempt(); return "had"; } catch (error) { return error.name; } });`);
    expect(outcomes).toEqual(["TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]);
  });

  it("ArrayBuffer is otherwise itself", async () => {
    expect(
      await run(`
      class Mine extends ArrayBuffer {}
      return [new ArrayBuffer(3).byteLength, new Mine(2) instanceof Mine, new Mine(2) instanceof ArrayBuffer, ArrayBuffer.isView(new Uint8Array(1)), ArrayBuffer.name, ArrayBuffer.length, new ArrayBuffer(8).slice(2, 4).byteLength, new ArrayBuffer(4).transfer(8).byteLength,
        new Uint8Array([1]).buffer.constructor === ArrayBuffer, ArrayBuffer[Symbol.species] === ArrayBuffer, Object.keys(ArrayBuffer), Object.getOwnPropertyNames(globalThis).includes("ArrayBuffer"), Object.keys(globalThis)];`),
    ).toEqual([3, true, true, true, "ArrayBuffer", 1, 2, 8, true, true, [], true, []]);
  });

  it("B84: code cannot be made from text, by eval or by any Function constructor", async () => {
    const outcomes = await run(`
      const fns = [function () {}, async function () {}, function* () {}, async function* () {}, () => {}, class {}, (() => {}).bind(), Math.max, setTimeout, console.log, Error.prepareStackTrace, URL, Proxy, structuredClone, Symbol.prototype[Symbol.toPrimitive]];
      const tries = [() => eval("1"), () => (0, eval)("1"), () => globalThis.eval("1"), () => new Function("return 1"), () => Function("1"), () => Reflect.construct(Function, ["1"], class {}), () => new (class extends Function {})("1"),
        ...fns.map((fn) => () => fn.constructor("return 1")), ...fns.map((fn) => () => Object.getPrototypeOf(fn).constructor("return 1")), ...fns.map((fn) => () => Object.getPrototypeOf(fn.constructor)("return 1"))];
      return [...new Set(tries.map((attempt) => { try { return typeof attempt(); } catch (error) { return error.name + ": " + error.message.slice(0, 40); } }))];`);
    // Function.prototype may be called, by the language, and gives undefined.
    expect(outcomes.filter((outcome: string) => outcome !== "undefined" && !outcome.startsWith("EvalError: Code generation from strings is off"))).toEqual([]);
  });

  it("functions still know their classes", async () => {
    expect(
      await run(
        `return [(() => {}) instanceof Function, (async () => {}).constructor.name, (function* () {}).constructor.name, Function.prototype.constructor === Function, Object.getPrototypeOf((async () => {}).constructor) === Function, Function.name, Function.length, eval.name];`,
      ),
    ).toEqual([true, "AsyncFunction", "GeneratorFunction", true, true, "Function", 1, "eval"]);
  });
});

describe("author code that replaces built-ins", () => {
  const SABOTAGE = `
    const hostile = () => { throw new Error("sabotage"); };
    const { defineProperty } = Object; const { ownKeys } = Reflect; const names = Object.getOwnPropertyNames(Object);
    const prototypes = [String.prototype, Map.prototype, WeakMap.prototype, Promise.prototype, RegExp.prototype, Function.prototype, Error.prototype, Number.prototype, Set.prototype, Array.prototype];
    for (let i = 0; i < prototypes.length; i++) {
      const keys = ownKeys(prototypes[i]);
      for (let k = 0; k < keys.length; k++) if (keys[k] !== "constructor" && keys[k] !== "length") try { defineProperty(prototypes[i], keys[k], { value: hostile, configurable: true, writable: true }); } catch {}
    }
    Object.prototype.toJSON = () => "sabotage"; 
    JSON.stringify = JSON.parse = hostile; Reflect.apply = hostile; for (let i = 0; i < names.length; i++) try { Object[names[i]] = hostile; } catch {}
    Object.prototype.get = hostile; globalThis.Map = globalThis.Promise = globalThis.Error = globalThis.String = hostile;`;

  it("B84: cannot reach or break what works the room: results, errors, timers, imports and logs still arrive", async () => {
    await using room = await createRoom();
    await room.evaluate(
      {
        "entry.js": `import { workflow, UserError } from "bifrost"; const plain = Object.create(null); plain.ok = 1;
          ${SABOTAGE}
          export const result = workflow(async () => { await null; console.log("text", 1); setTimeout(() => { console.log("timer"); }, 1); return 5; });
          export const failing = workflow(async () => { throw new UserError("told"); });
          export const refusing = workflow(async () => () => {});
          export const none = 1;`,
      },
      "entry.js",
    );
    expect(await room.invoke("result")).toEqual({ outcome: "R", value: 5 });
    expect(await room.invoke("failing")).toMatchObject({ outcome: "E", value: { message: "told", userFacing: true } });
    expect(await room.invoke("refusing")).toMatchObject({ outcome: "S", value: { path: "$" } });
    expect(await room.invoke("none")).toEqual({ outcome: "X", value: { exports: ["failing", "none", "refusing", "result"], found: "number" } });
    expect(await room.describe("result")).toMatchObject({ outcome: "D", value: { kind: "workflow" } });
    await expect.poll(() => room.text()).toBe("text 1\ntimer");
    expect(room.uncaught).toEqual([]);
  });

  it("B85: a rejection nobody handles surfaces as an error of the next call, and the room lives on", async () => {
    await using room = await createRoom();
    await room.run(`setTimeout(() => { Promise.reject(new TypeError("nobody")); }, 1); await new Promise((done) => setTimeout(done, 20)); return 1;`);
    expect(room.uncaught.map(({ name, message }) => [name, message])).toEqual([["TypeError", "nobody"]]);
    expect((await room.invoke("absent")).outcome).toBe("X");
  });
});

it("B83: nothing of one room is seen in the next", async () => {
  await run(`globalThis.left = 1; Array.prototype.left = 2; Error.stackTraceLimit = 0; return 0;`);
  expect(await run(`return [typeof left, [].left === undefined, Error.stackTraceLimit];`)).toEqual(["undefined", true, 30]);
});
