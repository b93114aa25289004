// What author code may try to reach the room's own parts, or to make the room say to its host what it never says.
/* oxlint-disable typescript/no-explicit-any -- what comes out of a room is JSON of any shape, judged by the test */
import { describe, expect, it } from "vitest";
import { createRoom, type TestRoomOptions } from "../../support/room.ts";

async function run(body: string, options: TestRoomOptions = {}): Promise<any> {
  await using room = await createRoom(options);
  const result: unknown = await room.run(body);
  expect(room.misfits).toEqual([]);
  return result;
}

describe("B84: nothing of the room's own comes into author code's hands", () => {
  it("by setters for the items of arrays", async () => {
    expect(
      await run(`
      const seen = [];
      for (let index = 0; index < 40; index++) Object.defineProperty(Array.prototype, index, { configurable: true, set(item) { if (typeof item === "object" && item !== null && !(item instanceof Error)) seen[seen.length] = Object.keys(item).join(); Object.defineProperty(this, index, { __proto__: null, value: item, writable: true, configurable: true, enumerable: true }); } });
      const own = seen.length;
      const timers = [setTimeout(() => {}, 1e6), setInterval(() => {}, 1e6), setImmediate(() => {}), setTimeout(() => {}, 5e5)]; for (const timer of timers) clearTimeout(timer);
      new Error("formatted").stack; console.log("text", 1); ctx.log.info("text", { a: 1 }); console.count();
      const held = seen.length - own; for (let index = 0; index < 40; index++) delete Array.prototype[index]; return [held, seen];`),
    ).toEqual([0, []]);
  });

  it("by setters and getters on Object.prototype for the names of its fields", async () => {
    expect(
      await run(`
      const seen = new Set(); const names = ["id", "callback", "values", "milliseconds", "repeats", "event", "sequence", "turn", "waiting", "first", "weak", "held", "stack", "namespace", "then", "kind", "body", "params", "ok", "problems", "parts", "data", "resolve", "reject", "promise", "pending", "url", "meta"];
      for (const name of names) Object.defineProperty(Object.prototype, name, { configurable: true, get() { if (typeof this === "object" && this !== globalThis && Object.getPrototypeOf(this) !== Promise.prototype && !(this instanceof Error)) seen.add("get " + name + " of " + Reflect.ownKeys(this).map(String)); return undefined; }, set(value) { seen.add("set " + name); Object.defineProperty(this, name, { __proto__: null, value, writable: true, configurable: true, enumerable: true }); } });
      clearTimeout(setTimeout(() => {}, 1e6)); new Error("formatted").stack; console.log("text"); ctx.log.info("text"); await new Promise((done) => setImmediate(done));
      for (const name of names) delete Object.prototype[name]; return [...seen];`),
    ).toEqual([]);
  });

  it("by a constructor or then on Promise.prototype: no answer of the room's can be put in another's place", async () => {
    await using room = await createRoom();
    await room.evaluate(
      {
        "entry.js": `import { workflow } from "bifrost";
          const then = Promise.prototype.then; const seen = [];
          Object.defineProperty(Promise.prototype, "constructor", { configurable: true, get() { return class Other {}; } });
          Promise.prototype.then = function (resolve, reject) { if (typeof resolve === "function") resolve('E{"name":"Error","message":"forged","stack":"","code":"ERR_INTERNAL"}'); return then.call(this, resolve, reject); };
          export default workflow({ params: { safeParse: (value) => ({ success: false, error: { issues: [{ path: [], message: "told" }] } }) } }, () => "never called");
          export const plain = workflow(() => 5);`,
      },
      "entry.js",
    );
    expect(await room.invoke()).toMatchObject({ outcome: "I", value: [{ message: "told" }] });
    expect(await room.invoke("plain")).toEqual({ outcome: "R", value: 5 });
  });

  it("by a then on Object.prototype", async () => {
    await using room = await createRoom();
    await room.evaluate(
      {
        "entry.js": `import { workflow } from "bifrost"; Object.prototype.then = function (resolve) { resolve({ ok: true, value: "forged" }); };
          export default workflow({ params: { "~standard": { validate: () => Object.assign(Object.create(null), { issues: [{ path: [], message: "told" }] }) } } }, (params) => params);`,
      },
      "entry.js",
    );
    expect(await room.invoke()).toMatchObject({ outcome: "I", value: [{ message: "told" }] });
  });

  it("by call sites, whatever frames there are: no function, no this, no place of the room's", async () => {
    const frames: any[][] = await run(
      `Error.prepareStackTrace = (error, sites) => sites.map((site) => [String(site.getFileName()), String(site.getScriptNameOrSourceURL()), String(site.getEvalOrigin()), typeof site.getFunction(), typeof site.getThis()]);
       const lists = []; const look = () => { lists.push(new Error().stack); return "x:"; }; const hostile = { toString: look, [Symbol.toPrimitive]: look, toJSON: look, get x() { return look(); }, [Symbol.for("nodejs.util.inspect.custom")]: look, get then() { look(); } };
       const sloppy = new Function("look", "return (function () { return look(); })()");
       for (const attempt of [() => new URL(hostile), () => sloppy(look), () => eval("look()"), () => [1].map(look), () => "x".replace(/x/, look), () => JSON.stringify(hostile), () => console.log(hostile), () => console.log("%s %d %j", hostile, hostile, hostile), () => console.table([hostile]), () => structuredClone(hostile), () => setTimeout(look, hostile), () => new DOMException(hostile), () => ctx.log.info("x", hostile), () => btoa(hostile), () => new Event(hostile), () => crypto.subtle.digest(hostile, hostile), () => Reflect.construct(class extends Event { constructor() { super(look()); } }, [])]) try { await attempt(); } catch {}
       await new Promise((done) => setTimeout(() => { look(); done(); }, 1)); await null; look(); Error.prepareStackTrace = undefined; return lists.flat();`,
      { grants: { codeGeneration: true } },
    );
    expect(frames.length).toBeGreaterThan(20);
    for (const [file, url, origin, fn, self] of frames) {
      expect(`${file} ${url} ${origin}`).not.toMatch(/bifrost:|node:|file:|\/src\//);
      expect([fn, self]).toEqual(["undefined", "undefined"]);
    }
  });

  it("by caller and arguments of a sloppy function that room code calls", async () => {
    expect(
      await run(
        `const out = []; globalThis.out = out; const sloppy = new Function("out.push(String(globalThis.probe.caller)); try { out.push(String(arguments.callee.caller)); } catch (error) { out.push(error.name); } return 'x:';"); globalThis.probe = sloppy;
         for (const attempt of [() => new URL({ toString: sloppy }), () => console.log({ [Symbol.for("nodejs.util.inspect.custom")]: sloppy }), () => new EventTarget().addEventListener("x", { handleEvent: sloppy })]) attempt();
         const target = new EventTarget(); target.addEventListener("x", sloppy); target.dispatchEvent(new Event("x")); await new Promise((done) => setTimeout(() => done(), 2, setTimeout(sloppy, 1))); await { then(resolve) { sloppy(); resolve(); } }; return [...new Set(out)];`,
        { grants: { codeGeneration: true } },
      ),
    ).toEqual(["null"]);
  });

  it("by names that every object has", async () => {
    expect(
      await run(
        `const names = ["constructor", "__proto__", "toString", "hasOwnProperty"]; return names.map((name) => [typeof new DOMException("", name).code, structuredClone(Object.assign(new Error("x"), { name })) instanceof Error]);`,
      ),
    ).toEqual(Array.from({ length: 4 }, () => ["number", true]));
  });
});

describe("B84: the room never tells its host what does not fit, whatever its parts were replaced by", () => {
  it("a random request takes its length from the array itself", async () => {
    expect(
      await run(
        `const array = new Uint8Array(4); const lengths = [4, 1e9, -1, 1.5, NaN, "x", {}]; let at = 0; for (const key of ["byteLength", "length", "byteOffset", "buffer"]) Object.defineProperty(array, key, { get: () => lengths[at++ % lengths.length] });
         for (let i = 0; i < 20; i++) crypto.getRandomValues(array); const digest = await crypto.subtle.digest("SHA-1", array); return digest.byteLength;`,
      ),
    ).toBe(20);
  });

  it("a log line is text also where what makes it is not", async () => {
    const results = await run(
      `const { join } = Array.prototype; const { split } = String.prototype; const results = [];
       for (const junk of [-1, undefined, {}, [1], Symbol("x"), { toJSON() { return undefined; }, length: 5 }, { toString() { return "text"; } }])
         for (const [prototype, name] of [[Array.prototype, "join"], [String.prototype, "replace"], [String.prototype, "slice"], [String.prototype, "padEnd"], [JSON, "stringify"], [Number.prototype, "toString"]]) {
           const kept = prototype[name]; prototype[name] = () => junk;
           for (const attempt of [() => console.log({ a: [1, "x"] }, new Error("x")), () => console.table([{ a: 1 }]), () => console.log("%s %j", {}, {}), () => ctx.log.info("x", { a: 1 }), () => ctx.log.info({ a: 1 }, new Map())]) try { attempt(); } catch {}
           prototype[name] = kept;
         }
       return "over";`,
    );
    expect(results).toBe("over");
  });

  it("a timeout is a number of milliseconds, whatever its text", async () => {
    await using room = await createRoom();
    await room.evaluate(
      { "entry.js": `import { workflow } from "bifrost"; export default workflow({ timeout: "9".repeat(400) + "h" }, async () => 1);` },
      "entry.js",
    );
    expect((await room.invoke()).outcome).toBe("R");
    expect(room.misfits).toEqual([]);
  });

  it("nor where a part of all there is gives anything at all", async () => {
    for (let seed = 0; seed < 12; seed++) {
      await using room = await createRoom();
      // It may fail as it likes, but not end.
      await room.run(sabotage(seed)).catch(() => undefined);
      expect(room.misfits).toEqual([]);
    }
  });
});

/** Replaces one in twenty of the realm's own functions by one that gives or throws junk, then uses all that a room has. */
function sabotage(seed: number): string {
  return `
    let state = ${seed} * 7919 + 13; const random = (n) => { state = (state * 1103515245 + 12345) & 0x7fffffff; return state % n; };
    const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object; const { ownKeys, apply } = Reflect;
    const junk = () => [undefined, -1, NaN, Infinity, "junk\\0\\ud800", { length: 3, toString() { return "t"; }, 0: 5, toJSON() { return undefined; } }, [1, {}, "x"], () => junk(), Symbol("j")][random(9)];
    const holders = [Array.prototype, Map.prototype, Set.prototype, WeakMap.prototype, Promise.prototype, RegExp.prototype, String.prototype, Function.prototype, Error.prototype, Number.prototype, getPrototypeOf(Uint8Array.prototype), Uint8Array.prototype, Uint8Array, ArrayBuffer.prototype, ArrayBuffer, Object, Reflect, Array, Promise, JSON, Number, String, Math, Date, Symbol, DOMException.prototype, EventTarget.prototype, Event.prototype, AbortSignal.prototype, AbortController.prototype, URL.prototype];
    for (let h = 0; h < holders.length; h++) { const keys = ownKeys(holders[h]); for (let k = 0; k < keys.length; k++) {
      const key = keys[k]; const found = getOwnPropertyDescriptor(holders[h], key); if (!found || !found.configurable || key === "length" || key === Symbol.iterator || random(20) > 0) continue;
      const mode = random(3); const old = found.value ?? found.get;
      const replaced = function () { if (mode === 0 || (mode === 1 && random(2))) return junk(); if (mode === 2 && random(6) === 0) throw junk(); return typeof old === "function" ? apply(old, this, arguments) : old; };
      try { if ("value" in found) defineProperty(holders[h], key, { __proto__: null, value: replaced, configurable: true, writable: true }); else defineProperty(holders[h], key, { __proto__: null, get: replaced, set() {}, configurable: true }); } catch {}
    } }
    const acts = [() => console.log("a", 1), () => console.log({ a: [1, new Error("x")] }), () => console.log("%s %o", {}, 1), () => console.table([{ a: 1 }]), () => console.dir({}), () => ctx.log.info("m", { a: 1 }), () => ctx.log.error(new Error("z"), new Map()), () => setTimeout(() => {}, junk()), () => clearTimeout(setTimeout(() => {}, 1)), () => setInterval(() => {}, 3).refresh(), () => crypto.getRandomValues(new Uint8Array(20)), () => crypto.getRandomValues(new Uint32Array(2000)), () => crypto.randomUUID(), () => crypto.subtle.digest("SHA-1", new Uint8Array(9)), () => AbortSignal.timeout(junk()), () => ctx.signal.addEventListener("abort", junk()), () => structuredClone({ a: junk() }), () => new URL("http://a/b").href, () => performance.now(), () => console.time("x"), () => console.timeEnd("x"), () => console.count(junk()), () => console.group(junk()), () => { Error.prepareStackTrace = junk(); }, () => new Error("q").stack, () => { Error.stackTraceLimit = junk(); }];
    for (let i = 0; i < 120; i++) try { const made = acts[random(acts.length)](); if (typeof made === "object" && made !== null && made instanceof Promise) await made; } catch {}
    return 1;`;
}
