// What a workspace may be given beyond a room's default, and what it never is.
/* oxlint-disable typescript/no-explicit-any -- what comes out of a room is JSON of any shape, judged by the test */
import { describe, expect, it } from "vitest";
import { createRoom, type TestRoomOptions } from "../../support/room.ts";

async function run(body: string, grants: TestRoomOptions["grants"] = {}): Promise<any> {
  await using room = await createRoom({ grants });
  return await room.run(body);
}

/** `(a, b) => a + b`, as WebAssembly. */
const ADD = `new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11])`;

describe("a workspace that was granted WebAssembly", () => {
  it("can compile and run it", async () => {
    expect(await run(`const bytes = ${ADD}; return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.add(2, 3);`, { webAssembly: true })).toBe(5);
  });

  it("B82: gets no class of shared memory by it, none that grows by itself, and nothing that waits for one", async () => {
    expect(
      await run(
        `const shared = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer; const own = new WebAssembly.Memory({ initial: 1, maximum: 2 });
         const attempts = [() => new shared.constructor(8).byteLength, () => shared.grow(1), () => shared.slice(0).byteLength, () => own.toResizableBuffer(), () => own.buffer.resize(1), () => own.toFixedLengthBuffer(), () => new own.buffer.constructor(8, { maxByteLength: 16 })];
         return [attempts.map((attempt) => { try { return attempt() === undefined ? "an object" : "had"; } catch (error) { return error.name; } }), shared.constructor === Object, ["SharedArrayBuffer", "Atomics", "Float16Array"].filter((name) => name in globalThis), own.buffer.constructor === ArrayBuffer];`,
        { webAssembly: true },
      ),
    ).toEqual([["an object", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError"], true, [], true]);
  });

  it("B84: gets no code from text by it", async () => {
    expect(await run(`try { return new Function("return 1")(); } catch (error) { return error.name; }`, { webAssembly: true })).toBe("EvalError");
  });
});

describe("a workspace that was granted code generation", () => {
  it("can make code from text, by eval and every Function constructor", async () => {
    expect(
      await run(
        `const local = 5; return [eval("local + 1"), (0, eval)("typeof local"), new Function("a", "return a + 1")(1), await (async () => {}).constructor("return 2")(), [...(function* () {}).constructor("yield 3")()], (await (async function* () {}).constructor("yield 4")().next()).value];`,
        { codeGeneration: true },
      ),
    ).toEqual([6, "undefined", 2, 2, [3], 4]);
  });

  it("B84: meets in it the same globals, and none of the room's", async () => {
    const names = `["process", "require", "module", "Buffer", "WebAssembly", "SharedArrayBuffer", "Atomics", "Float16Array", "__bifrost__", "room", "ivm", "host", "fetch"]`;
    expect(
      await run(
        `return [new Function("return this === globalThis")(), new Function("return ${names.replaceAll('"', "'")}.filter((name) => { try { return eval('typeof ' + name) !== 'undefined'; } catch { return false; } })")(), (0, eval)("typeof exports")];`,
        { codeGeneration: true },
      ),
    ).toEqual([true, [], "undefined"]);
  });

  it("B13: its frames name no place of the room's", async () => {
    expect(await run(`return new Function("return new Error('made').stack")().includes("bifrost:");`, { codeGeneration: true })).toBe(false);
  });
});

describe("recent parts of V8", () => {
  it("B82: what copies or moves a buffer counts as memory", async () => {
    for (const grow of [
      "buffer = buffer.transfer(buffer.byteLength * 2)",
      "buffer = buffer.transferToFixedLength(buffer.byteLength * 2)",
      "const size = buffer.byteLength * 2; buffer = structuredClone(buffer, { transfer: [buffer] }).transfer(size)",
    ])
      expect(
        await run(
          `let buffer = new ArrayBuffer(2 ** 20); let times = 0; try { for (; times < 12; times++) { ${grow}; } } catch (error) { return error.name; } return buffer.byteLength;`,
        ),
      ).toBe("RangeError");
  });

  it("have no other realm, thread or memory that is shared", async () => {
    expect(
      await run(
        `return ["ShadowRealm", "Worker", "Atomics", "SharedArrayBuffer", "gc", "d8", "v8", "Bun", "Deno", "version", "load", "print"].filter((name) => name in globalThis);`,
      ),
    ).toEqual([]);
  });

  it("B84: every global is known: a new one of V8's is to be looked at before author code has it", async () => {
    const known =
      `Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error AggregateError EvalError RangeError ReferenceError
      SyntaxError TypeError URIError globalThis JSON Math Intl ArrayBuffer Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array Uint8ClampedArray Float32Array
      Float64Array DataView Map BigInt Set Iterator WeakMap WeakSet Proxy Reflect FinalizationRegistry WeakRef decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval isFinite
      isNaN console Temporal SuppressedError DisposableStack AsyncDisposableStack
      setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask URL URLSearchParams TextEncoder TextDecoder atob btoa structuredClone DOMException Event CustomEvent
      EventTarget AbortController AbortSignal performance Performance crypto Crypto SubtleCrypto`.split(/\s+/);
    const names = (await run(`return Reflect.ownKeys(globalThis).map(String);`)) as string[];
    // Temporal and others come and go with V8: what is here must be known, what is known need not be here.
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });
});
