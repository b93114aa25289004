// Attempts to reach the host, another realm, another module's powers, or code that is not there: by walking, by asking
// errors and call sites, by names, by imports, and by half-made states. Replacing built-ins is sabotage.ts's.
import { expect } from "vitest";
import { workflow } from "../../support/engine.ts";
import type { HostileCase } from "../case.ts";
import { ends, returns, throws } from "../endings.ts";
import { REACH } from "./reach.ts";

type Files = HostileCase["files"];

function cannot(title: string, files: Files, expected: HostileCase["expect"], more: Partial<HostileCase> = {}): HostileCase {
  return { title, promise: "cannot happen", files, expect: expected, ...more };
}

const reachesNothing = ends("Success", undefined, ({ result }) => {
  const { found, seen } = result as { found: string[]; seen: number };
  expect(found).toEqual([]);
  expect(seen).toBeGreaterThan(1000);
});

/** A workflow that gathers objects and walks from them; `reach` and `syntaxObjects` are reach.ts's. */
function reaching(body: string, others: Files = {}): Files {
  return { "reach.ts": REACH, "wf.ts": workflow(body, `import { reach, syntaxObjects } from "./reach.ts";\nimport * as sdk from "bifrost";`), ...others };
}

/** Makes each of many attempts, and returns those that gave something, with what they gave. */
function attempts(ways: Readonly<Record<string, string>>, head = ""): Files {
  const list = Object.entries(ways).map(([name, way]) => `  [${JSON.stringify(name)}, async () => { ${way} }],`);
  return {
    "wf.ts": workflow(
      `const found: string[] = [];
for (const [name, attempt] of [
${list.join("\n")}
] as [string, () => Promise<unknown>][]) {
  try { const got = await attempt(); if (got !== undefined && got !== null) found.push(name + " gave " + typeof got); } catch {}
}
return found;`,
      head,
    ),
  };
}

const failsNowhere: HostileCase["expect"] = returns([]);

/** Of Node 26 in a room: an upgrade that adds one has to be looked at. */
const GLOBAL_NAMES =
  "atob btoa clearImmediate clearInterval clearTimeout console crypto decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt performance queueMicrotask setImmediate setInterval setTimeout structuredClone undefined unescape".split(
    " ",
  );
const GLOBAL_CLASSES =
  "AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array BigUint64Array Boolean Crypto CustomEvent DOMException DataView Date DisposableStack Error EvalError Event EventTarget FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Performance Promise Proxy RangeError ReferenceError Reflect RegExp Set String SubtleCrypto SuppressedError Symbol SyntaxError Temporal TextDecoder TextEncoder TypeError URIError URL URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet".split(
    " ",
  );

const WALKS: readonly HostileCase[] = [
  cannot(
    "a chain of properties, symbols, getters and prototypes from globals, SDK, context, input or syntax leads to another realm, a handle or the host",
    reaching(
      `const own = await import("./reach.ts");
const given = [setTimeout(() => {}, 0), setImmediate(() => {}), AbortSignal.abort(), AbortSignal.timeout(5), new URL("https://a.b/c?d"), new TextDecoder(), new Event("a"), structuredClone(new Map([[1, new Error("a")]]))];
return reach({ globalThis, sdk, z: sdk.z, ctx, params: p, meta: import.meta, own, self: this, ...syntaxObjects(), given, pending: [import("./reach.ts"), crypto.subtle.digest("SHA-256", new Uint8Array(1))] });`,
    ),
    reachesNothing,
    { input: { deep: { er: [1] } }, limits: { wallMs: 20_000 } },
  ),
  cannot(
    "an error that the host answers with leads to the host",
    reaching(
      `const errors: unknown[] = [];
const failing = [() => crypto.subtle.digest("none", new Uint8Array(1)), () => import("./nowhere" + ""), () => import("fs" + ""), () => import("/etc/passwd" + ""), () => import("./broken" + ""), () => import("./unlinked" + ""), () => import("\\u0000" + ""),
  async () => JSON.parse("{"), async () => new URL(":"), async () => atob("*"), async () => structuredClone(() => {}), async () => crypto.getRandomValues(new Uint8Array(70_000)), async () => (setTimeout as any)("text"), async () => eval("1"), async () => new (ArrayBuffer as any)(1, { maxByteLength: 2 })];
for (const fail of failing) { try { await fail(); } catch (error) { errors.push(error); } }
if (errors.length !== failing.length) return { found: ["only " + errors.length + " errors"], seen: 0 };
return reach({ globalThis, errors });`,
      { "broken.ts": "export default ((;", "unlinked.ts": `import { absent } from "./reach.ts"; export default absent;` },
    ),
    reachesNothing,
    { limits: { wallMs: 20_000 } },
  ),
  cannot(
    "what the room hands to an inspection, a schema, toJSON, a conversion, an event listener or a getter leads out of the room",
    reaching(
      `const given: unknown[] = [];
const take = function (this: unknown, ...values: unknown[]) { given.push(this, ...values); return ""; };
console.log({ [Symbol.for("nodejs.util.inspect.custom")]: take });
console.log("%s %d %i %f %j %o %O", ...Array.from({ length: 7 }, () => ({ toString: take, valueOf: take, toJSON: take, [Symbol.toPrimitive]: take, get [Symbol.toStringTag]() { given.push(this); return "a"; } })));
ctx.log.info({ toString: take } as never, { toJSON: take, get a() { given.push(this); return 1; } });
const target = new EventTarget(); target.addEventListener("a", take); target.addEventListener("a", { handleEvent: take }); target.dispatchEvent(new Event("a"));
structuredClone({ get a() { given.push(this); return 1; } });
await sdk.workflow({ params: { "~standard": { version: 1, vendor: "v", validate: (...values: unknown[]) => { given.push(...values); return { value: 1 }; } } } as never }, take as never)(1 as never);
const controller = new AbortController(); controller.signal.onabort = take as never; controller.abort();
await new Promise<void>((done) => setTimeout(function (this: unknown, ...values: unknown[]) { given.push(this, ...values); done(); }, 1, 7));
return reach({ globalThis, given });`,
    ),
    reachesNothing,
    { limits: { wallMs: 20_000 } },
  ),
  cannot(
    "a replaced built-in is handed an object that leads out of the room",
    reaching(
      `const given: unknown[] = [];
const { apply } = Reflect; const { push } = Array.prototype; let listening = true;
const take = (value: unknown) => { if (listening && (typeof value === "object" || typeof value === "function") && given.length < 100_000) { listening = false; apply(push, given, [value]); listening = true; } };
for (const home of [Array.prototype, Promise.prototype, Map.prototype, Set.prototype, WeakMap.prototype, RegExp.prototype, Function.prototype, String.prototype, Error.prototype, Object, Reflect, JSON, Promise, Symbol.prototype, Number.prototype, Date.prototype] as any[]) {
  for (const key of Reflect.ownKeys(home)) {
    const property = Reflect.getOwnPropertyDescriptor(home, key)!;
    if (typeof property.value !== "function" || key === "constructor" || !property.configurable) continue;
    const original = property.value;
    Reflect.defineProperty(home, key, { ...property, value: function (this: unknown) { take(this); for (let index = 0; index < arguments.length; index++) take(arguments[index]); const got = new.target ? Reflect.construct(original, arguments) : apply(original, this, arguments as never); take(got); return got; } });
  }
}
const steps = [() => console.log("%o", { a: [new Error("a")] }), () => console.table([{ a: 1 }]), () => ctx.log.info("a", { b: new Map([[1, 2]]) }), () => import("./lib.ts"), () => import("./absent" + ""), () => crypto.subtle.digest("SHA-256", new Uint8Array(1)), () => new Promise((done) => setTimeout(done, 1)), () => structuredClone(new Set([1])), () => new URL("https://a.b"), () => new TextDecoder().decode(new TextEncoder().encode("ä")), () => AbortSignal.abort(), () => new Error("stack").stack];
for (let index = 0; index < steps.length; index++) { try { await steps[index]!(); } catch {} }
listening = false;
if (given.length < 100) return { found: ["only " + given.length + " calls were seen"], seen: 0 };
return reach({ globalThis, given });`,
      { "lib.ts": "export const value = 1;" },
    ),
    reachesNothing,
    { limits: { wallMs: 20_000 } },
  ),
  cannot(
    "a room has a global that is neither ECMAScript's nor documented",
    {
      "wf.ts": workflow(
        `return { names: Object.getOwnPropertyNames(globalThis).filter((name) => !/^[A-Z]/.test(name)).sort(), symbols: Object.getOwnPropertySymbols(globalThis).map(String), classes: Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]/.test(name)).sort(), up: Reflect.ownKeys(Object.getPrototypeOf(globalThis)).map(String) };`,
      ),
    },
    ends("Success", undefined, ({ result }) => {
      const { names, symbols, classes, up } = result as { names: string[]; symbols: string[]; classes: string[]; up: string[] };
      expect({ symbols, up }).toEqual({ symbols: [], up: ["constructor"] });
      expect(names).toEqual(GLOBAL_NAMES);
      expect(classes).toEqual(GLOBAL_CLASSES);
    }),
  ),
];

/** Facts of every call site that a hook of the author's sees. */
const SITES = `const seen: unknown[] = [];
Error.prepareStackTrace = (error, sites) => {
  for (const site of sites as any[]) seen.push({ file: site.getFileName(), script: site.getScriptNameOrSourceURL?.() ?? null, origin: site.getEvalOrigin() ?? null, self: typeof site.getThis(), fn: typeof site.getFunction(), top: site.isToplevel(), text: String(site) });
  return "formatted";
};`;

const sitesAreTheAuthors = ends("Success", undefined, ({ result }) => {
  const sites = result as { file: string | null; script: string | null; origin: string | null; self: string; fn: string; text: string }[];
  expect(sites.length).toBeGreaterThan(3);
  for (const { file, script, origin, self, fn, text } of sites) {
    for (const name of [file, script, origin]) if (name !== null) expect(name).toMatch(/^workspace:\/\/\/(?:wf|lib)\.ts$/);
    expect({ self, fn, text }).toEqual({ self: "undefined", fn: "undefined", text: expect.not.stringMatching(/bifrost:|node:|file:/) as unknown });
  }
});

const STACKS: readonly HostileCase[] = [
  cannot(
    "Error.prepareStackTrace sees a frame of the room or the host, a function or a receiver, wherever the error was made",
    {
      "lib.ts": `import { workflow } from "bifrost"; export const deep = (f: () => void) => f();`,
      "wf.ts": workflow(
        `${SITES}
const look = () => { void new Error("here").stack; return ""; };
deep(look); [1].map(look); JSON.stringify({ toJSON: look }); console.log({ [Symbol.for("nodejs.util.inspect.custom")]: look }); ctx.log.info("a", { toJSON: look }); structuredClone({ get a() { return look(); } });
const target = new EventTarget(); target.addEventListener("a", look); target.dispatchEvent(new Event("a"));
"a".replace(/a/, look); new Proxy({}, { get: look as never })["a" as never]; [2, 1].sort(() => { look(); return 0; }); await { then(done: (value: unknown) => void) { look(); done(1); } };
await new Promise<void>((done) => setTimeout(() => { look(); done(); }, 1)); await new Promise<void>((done) => queueMicrotask(() => { look(); done(); }));
for (const fail of [() => import("./nowhere" + ""), () => crypto.subtle.digest("none", new Uint8Array(1)), async () => JSON.parse("{"), async () => atob("*"), async () => new URL(":")]) await fail().catch((error) => void error.stack);
return seen;`,
        `import { deep } from "./lib.ts";`,
      ),
    },
    sitesAreTheAuthors,
  ),
  cannot(
    "Error.captureStackTrace gives a frame that is not the author's, on any object and with any limit",
    {
      "wf.ts": workflow(
        `const texts: string[] = [];
for (const limit of [1, 10, 1000, Infinity, 1e9]) { Error.stackTraceLimit = limit; const holder: any = {}; Error.captureStackTrace(holder); texts.push(String(holder.stack)); Error.captureStackTrace(holder, () => {}); texts.push(String(holder.stack)); console.log({ [Symbol.for("nodejs.util.inspect.custom")]() { const inner: any = {}; Error.captureStackTrace(inner); texts.push(inner.stack); return ""; } }); }
return texts.join("\\n").split("\\n").filter((line) => line.startsWith("    at ") && !line.includes("workspace:///wf.ts") && !/<anonymous>/.test(line));`,
      ),
    },
    returns([]),
  ),
  ...Object.entries({
    "a getter that throws": `Object.defineProperty(Error, "stackTraceLimit", { get() { throw new Error("limit"); } })`,
    "not a number": `(Error as any).stackTraceLimit = { valueOf() { throw 1; } }`,
    "NaN, and frozen": `Error.stackTraceLimit = NaN; Object.freeze(Error)`,
    gone: `delete (Error as any).stackTraceLimit`,
    "-1": `Error.stackTraceLimit = -1`,
  }).map(([title, spoil]): HostileCase => ({
    title: `Error.stackTraceLimit that is ${title}: the author's error still arrives by name and message`,
    promise: "cannot leave this execution",
    files: { "wf.ts": workflow(`${spoil}; await null; throw new RangeError("told");`) },
    expect: throws("RangeError", "told"),
  })),
  ...Object.entries({
    throws: "throw new Error('hook')",
    "gives a number": "return 7",
    "gives an object that converts to a host path": "return { toString: () => '/etc/passwd' }",
    "throws itself into a recursion": "return new Error('again').stack",
    "gives a proxy": "return new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } })",
  }).map(([title, body]): HostileCase => ({
    title: `Error.prepareStackTrace that ${title}: the author's error still arrives by name and message`,
    promise: "cannot leave this execution",
    files: { "wf.ts": workflow(`Error.prepareStackTrace = () => { ${body}; }; await null; throw new RangeError("told");`) },
    expect: throws("RangeError", "told"),
  })),
  cannot(
    "a function tells its caller or its caller's arguments: the author's, or the room's",
    attempts({
      callee: "return (function () { return (arguments as any).callee; })();",
      caller: "return (function f(): unknown { return (f as any).caller; })();",
      "caller of a callback": "let got: unknown; [1].forEach(function each() { got = (each as any).caller; }); return got;",
      "caller in a listener": `let got: unknown; const target = new EventTarget(); target.addEventListener("a", function listener() { got = (listener as any).caller ?? (listener as any).arguments; }); target.dispatchEvent(new Event("a")); return got;`,
      "caller of toJSON": "let got: unknown; ctx.log.info('a', { toJSON: function toJSON() { got = (toJSON as any).caller; return 1; } }); return got;",
      "getter of Function.prototype, on functions of the room": `const { get } = Object.getOwnPropertyDescriptor(Function.prototype, "caller")!; for (const fn of [console.log, ctx.log.info, setTimeout, structuredClone, atob, URL, workflow, TextDecoder.prototype.decode]) { try { const got = get!.call(fn); if (got) return got; } catch {} } return undefined;`,
      "own names of functions of the room": `return [console.log, ctx.log.info, setTimeout, clearTimeout, structuredClone, atob, btoa, URL, URLSearchParams, TextEncoder, TextDecoder, Event, EventTarget, AbortSignal, workflow, crypto.randomUUID].find((fn) => Object.hasOwn(fn, "caller") || Object.hasOwn(fn, "arguments"));`,
    }),
    failsNowhere,
  ),
];

const NAMES: readonly HostileCase[] = [
  cannot(
    "code is made from text by eval, a constructor of functions, a timer, or a module that is a URL",
    attempts({
      eval: `return eval("1");`,
      "indirect eval": `return (0, eval)("1");`,
      Function: `return new Function("return 1")();`,
      "constructor of a function": `return (() => {}).constructor("return 1")();`,
      "async function": `return await (async () => {}).constructor("return 1")();`,
      generator: `return (function* () {}).constructor("yield 1")().next().value;`,
      "async generator": `return (await (async function* () {}).constructor("yield 1")().next()).value;`,
      "bound, class, method, getter, proxy": `for (const fn of [Math.max.bind(null), class {}, ({ m() {} }).m, Object.getOwnPropertyDescriptor({ get a() { return 1; } }, "a")!.get!, new Proxy(() => {}, {}), console.log, workflow, ctx.log.info, Error.prepareStackTrace]) { try { return (fn as any).constructor("return 1")(); } catch {} } return undefined;`,
      subclass: `return new (class extends Function {})("return 1")();`,
      construct: `return Reflect.construct(Function, ["return 1"], class {})();`,
      "constructor's prototype": `return Object.getPrototypeOf((async () => {}).constructor)("return 1")();`,
      "constructor's constructor": `return (Function as any).constructor.constructor("return 1")();`,
      "text of a timer": `(setTimeout as any)("globalThis.made = 1", 0); await new Promise((r) => setTimeout(r, 5)); return (globalThis as any).made;`,
      "text of an interval": `(setInterval as any)("globalThis.made = 1", 1); await new Promise((r) => setTimeout(r, 5)); return (globalThis as any).made;`,
      "text of a microtask": `(queueMicrotask as any)("globalThis.made = 1"); return (globalThis as any).made;`,
      "data URL": `return await import("data:text/javascript,export default 1" + "");`,
      "blob URL": `return await import("blob:nodedata:1" + "");`,
      "URL.createObjectURL": `return (URL as any).createObjectURL?.({});`,
      ShadowRealm: `return new (globalThis as any).ShadowRealm().evaluate("1");`,
      "a regular expression's flags": `return new RegExp("a", "g" + "e").exec("a");`,
      WebAssembly: `return (globalThis as any).WebAssembly;`,
    }),
    failsNowhere,
  ),
  cannot(
    "V8's own constructors of functions come back, whatever is deleted or redefined",
    attempts({
      "delete on the global": `delete (globalThis as any).Function; delete (globalThis as any).eval; return (globalThis as any).Function ?? (globalThis as any).eval;`,
      "delete on the prototype": `delete (Function.prototype as any).constructor; return (() => {}).constructor === Object ? undefined : (() => {}).constructor("return 1")();`,
      "delete on the async prototype": `delete (Object.getPrototypeOf(async () => {}) as any).constructor; return (async () => {}).constructor("return 1")();`,
      setPrototypeOf: `const f = async () => {}; Object.setPrototypeOf(f, null); return (f as any).constructor;`,
      "the species of what made it": `return (Function as any)[Symbol.species]?.("return 1");`,
      "an error's constructor": `try { null!.x; } catch (error: any) { return error.constructor.constructor("return 1")(); } return undefined;`,
      "a syntax error's": `try { JSON.parse("{"); } catch (error: any) { return error.constructor.constructor("return 1")(); } return undefined;`,
      "a stack overflow's": `const f = (): number => f() + 1; try { f(); } catch (error: any) { return error.constructor.constructor("return 1")(); } return undefined;`,
      "a frozen template's": `return ((strings: any) => strings.raw.constructor.constructor("return 1")())\`\`;`,
    }),
    failsNowhere,
  ),
  cannot(
    "shared memory, WebAssembly, a resizable buffer or a Float16Array is had, by name or through another door",
    attempts({
      globals: `return ["SharedArrayBuffer", "Atomics", "WebAssembly", "Float16Array"].find((name) => name in globalThis || typeof (globalThis as any)[name] !== "undefined");`,
      "maxByteLength of a subclass": `return new (class extends ArrayBuffer { constructor() { super(8, { maxByteLength: 16 } as never); } })();`,
      "constructor of a buffer": `return new (new Uint8Array(1).buffer.constructor as any)(8, { maxByteLength: 16 });`,
      "construct with another target": `return Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }], Object);`,
      "options whose getter changes its mind": `let reads = 0; const buffer: any = new (ArrayBuffer as any)(8, { get maxByteLength() { return reads++ === 0 ? undefined : 1e9; } }); return buffer.resizable ? buffer : undefined;`,
      "options that are a proxy": `const buffer: any = new (ArrayBuffer as any)(8, new Proxy({}, { get: (_, key) => (key === "maxByteLength" ? 16 : undefined), has: () => true })); return buffer.resizable ? buffer : undefined;`,
      "transfer to a resizable one": `return (new ArrayBuffer(8) as any).transfer(16).resizable === true ? 1 : undefined;`,
      resize: `return (ArrayBuffer.prototype as any).resize ?? (new ArrayBuffer(8) as any).resize;`,
      grow: `return (ArrayBuffer.prototype as any).grow;`,
      "structuredClone of a look-alike": `return (structuredClone({ [Symbol.toStringTag]: "SharedArrayBuffer" }) as any).grow;`,
      "the library's own": `return [URL, TextDecoder, structuredClone, TextEncoder].map((each: any) => each.SharedArrayBuffer).find(Boolean);`,
      "DataView's getFloat16 array": `return (Uint8Array as any).constructor.Float16Array;`,
      "Intl's": `return (Intl as any).SharedArrayBuffer;`,
    }),
    failsNowhere,
  ),
  cannot(
    "something that is not promised is there: a process, a module system, a network, a thread, storage or an environment",
    {
      "wf.ts": workflow(
        `const names = ["process", "require", "module", "exports", "__dirname", "__filename", "Buffer", "global", "fetch", "Headers", "Request", "Response", "WebSocket", "EventSource", "XMLHttpRequest", "Worker", "SharedWorker", "MessageChannel", "MessagePort", "BroadcastChannel", "navigator", "location", "document", "window", "self", "localStorage", "sessionStorage", "indexedDB", "caches", "Deno", "Bun", "ivm", "isolate", "__bifrost__", "$262", "load", "print", "read", "readline", "quit", "importScripts", "postMessage", "gc", "alert", "d8", "Realm", "ShadowRealm", "argv", "env", "FileSystem", "Storage", "CompressionStream", "ReadableStream", "Blob", "File", "FormData", "setFlagsFromString"];
return [names.filter((name) => name in globalThis), names.filter((name) => (import.meta as any)[name] !== undefined), names.filter((name) => (ctx as any)[name] !== undefined)];`,
      ),
    },
    returns([[], [], []]),
  ),
];

const MODULES: readonly HostileCase[] = [
  cannot(
    "import.meta is another module's, or changing one's own changes what is imported",
    {
      "a/meta.ts": `export const meta = import.meta; export const load = (name: string) => import(name); export const value = "a";`,
      "a/near.ts": `export const value = "near a";`,
      "near.ts": `export const value = "near root";`,
      "wf.ts": workflow(
        `const before = { ...import.meta };
try { (import.meta as any).url = "workspace:///a/meta.ts"; (import.meta as any).filename = "/etc/passwd"; (import.meta as any).dirname = "/"; (import.meta as any).resolve = () => "file:///etc/passwd"; Object.setPrototypeOf(import.meta, { hostile: 1 }); } catch {}
const own = await import("./near.ts" + "");
const theirs = await load("./near.ts");
return [own.value, theirs.value, typeof before.url, Object.getPrototypeOf(meta), meta === import.meta];`,
        `import { meta, load } from "./a/meta.ts";`,
      ),
    },
    returns(["near root", "near a", "string", null, false]),
  ),
  cannot(
    "the author says the names under which a module's powers are linked",
    attempts(
      {
        "the local names": `return [typeof (globalThis as any).__bifrost_import__, typeof (globalThis as any).__bifrost_meta__, typeof (globalThis as any).dynamicImport].find((type) => type !== "undefined");`,
        "bifrost:scope": `return await import("bifrost:scope" + "");`,
        "bifrost:module": `return await import("bifrost:module" + "");`,
        "bifrost:root": `return await import("bifrost:root" + "");`,
        "bifrost:scope-of": `return await import("bifrost:scope-of" + "");`,
        "bifrost:probe": `return await import("bifrost:probe" + "");`,
        entry: `return await import("entry" + "");`,
        "bifrost/sdk": `return await import("bifrost/sdk" + "");`,
        "bifrost-executor": `return await import("bifrost-executor" + "");`,
        "isolated-vm": `return await import("isolated-vm" + "");`,
        "a URL of the room": `return await import("workspace:///bifrost:scope" + "");`,
      },
      "",
    ),
    failsNowhere,
  ),
  cannot(
    "an author's own names that look like the compiler's reach the compiler's",
    {
      "lib.ts": `export const value = "lib";`,
      "wf.ts": workflow(
        `const __bifrost_import__ = () => Promise.resolve({ value: "shadowed" }); const __bifrost_meta__ = { url: "shadowed" };
return [(await import("./lib.ts")).value, import.meta.url, __bifrost_meta__.url, (await __bifrost_import__()).value];`,
      ),
    },
    returns(["lib", "workspace:///wf.ts", "shadowed", "shadowed"]),
  ),
  ...["bifrost:scope", "bifrost:module", "bifrost:root", "bifrost:scope-of"].map((name): HostileCase =>
    cannot(
      `${name} is imported by a statement`,
      { "wf.ts": workflow("return Object.keys(internals);", `import * as internals from ${JSON.stringify(name)};`) },
      ends("Failed", "ERR_IMPORT_DENIED"),
    ),
  ),
  ...Object.entries({
    "/etc/passwd": "ERR_SPECIFIER_INVALID",
    "file:///etc/passwd": "ERR_SPECIFIER_INVALID",
    "../../../../../../etc/passwd": "ERR_SPECIFIER_INVALID",
    "workspace:///../../etc/passwd": "ERR_SPECIFIER_INVALID",
    "workspace:////etc/passwd": "ERR_SPECIFIER_INVALID",
    "..%2f..%2f..%2fetc%2fpasswd": "ERR_MODULE_NOT_FOUND",
    "./\\u0000/../../etc/passwd": "ERR_SPECIFIER_INVALID",
    "..\\\\..\\\\etc\\\\passwd": "ERR_SPECIFIER_INVALID",
    "//etc/passwd": "ERR_SPECIFIER_INVALID",
    "etc/passwd": "ERR_MODULE_NOT_FOUND",
    "proc/self/environ": "ERR_MODULE_NOT_FOUND",
    "package.json": "ERR_MODULE_NOT_FOUND",
    "node_modules/zod/package.json": "ERR_MODULE_NOT_FOUND",
  } as const).map(([specifier, code]): HostileCase =>
    cannot(
      `a host file is imported as ${specifier}`,
      { "wf.ts": workflow("return data;", `import data from "${specifier}" with { type: "json" };`) },
      ends("Failed", code),
    ),
  ),
  cannot(
    "a host file is imported by import(), however it is written, or the refusal names a path that is not the author's",
    {
      "wf.ts": workflow(
        `const told: string[] = [];
for (const specifier of ["/etc/passwd", "file:///etc/passwd", "file:/etc/passwd", "FILE:///etc/passwd", "//localhost/etc/passwd", "../../../../etc/passwd", "workspace:///../etc/passwd", "workspace://etc/passwd", "..%2f..%2fetc/passwd", "etc/passwd", "proc/self/environ", "./wf.ts/../../../etc/passwd", "C:\\\\windows", "\\\\server", "package.json", new URL("../../etc/passwd", import.meta.url).href])
  for (const options of [undefined, { with: { type: "json" } }]) await import(specifier, options as never).then(() => told.push(specifier + " was there"), (error) => { if (!error.message.includes(JSON.stringify(specifier))) told.push(error.message); });
return told;`,
      ),
    },
    returns([]),
  ),
];

const SDK: readonly HostileCase[] = [
  cannot(
    "the SDK, the context or its log is changed, and another module is given something else",
    {
      "other.ts": `import * as sdk from "bifrost"; export const kinds = () => [typeof sdk.workflow, sdk.workflow.name, sdk.z?.string().parse("z"), new sdk.UserError("u").name];`,
      "wf.ts": workflow(
        `const before = JSON.stringify(kinds()); const refused: string[] = [];
for (const [name, change] of Object.entries<() => void>({ export: () => { (sdk as any).workflow = 1; }, define: () => { Object.defineProperty(sdk, "z", { value: 1 }); }, remove: () => { delete (sdk as any).UserError; }, prototype: () => { Object.setPrototypeOf(sdk, {}); }, ctx: () => { (ctx as any).executionId = "forged"; }, log: () => { (ctx.log as any).info = () => {}; }, addition: () => { (ctx as any).extra = 1; } })) { try { change(); } catch (error: any) { refused.push(name + ": " + error.name); } }
return [refused, before === JSON.stringify(kinds())];`,
        `import * as sdk from "bifrost";\nimport { kinds } from "./other.ts";`,
      ),
    },
    returns([
      ["export: TypeError", "define: TypeError", "remove: TypeError", "prototype: TypeError", "ctx: TypeError", "log: TypeError", "addition: TypeError"],
      true,
    ]),
  ),
  ...Object.entries({
    "its prototype": `throw Object.setPrototypeOf(new Error("forged"), UserError.prototype);`,
    "its name": `throw Object.assign(new Error("forged"), { name: "UserError", userFacing: true });`,
    "another construct": `throw Reflect.construct(Error, ["forged"], UserError);`,
    "a proxy of a real one": `throw Object.assign(new Error("forged", { cause: 1 }), new Proxy(new UserError("real"), {}));`,
  }).map(([title, body]): HostileCase => ({
    title: `an error that only borrows ${title} is taken for a UserError`,
    promise: "cannot happen",
    files: { "wf.ts": workflow(body, `import { UserError } from "bifrost";`) },
    expect: ends("Failed", undefined, ({ error }) =>
      expect({ message: error?.message, userFacing: error?.userFacing }).toEqual({ message: "forged", userFacing: undefined }),
    ),
  })),
  cannot(
    "an executable is forged: a proxy of one is run from outside",
    { "wf.ts": workflow("return 1;", "").replace("export default", "const real =") + `export default new Proxy(real, {});\n` },
    ends("Failed", "ERR_EXECUTABLE_NOT_FOUND"),
  ),
  cannot(
    "an AbortSignal is made or aborted by who does not hold its controller, or an event of the author's is trusted",
    attempts({
      constructor: `return new (AbortSignal as any)();`,
      "symbols of its class": `for (const symbol of [...Object.getOwnPropertySymbols(AbortSignal), ...Object.getOwnPropertySymbols(AbortSignal.prototype), Symbol("AbortSignal"), Symbol.for("AbortSignal")]) { try { return new (AbortSignal as any)(symbol); } catch {} } return undefined;`,
      "reach through the prototype": `const { signal } = new AbortController(); Object.setPrototypeOf(signal, AbortController.prototype); (signal as any).abort(); return signal.aborted;`,
      "dispatching its event": `const { signal } = new AbortController(); signal.dispatchEvent(new Event("abort")); return signal.aborted ? 1 : undefined;`,
      "a trusted event": `const event: any = new Event("a"); try { event.isTrusted = true; } catch {} return event.isTrusted ? 1 : undefined;`,
    }),
    failsNowhere,
  ),
  {
    title: "methods of DOMException, Event, EventTarget, URL, TextDecoder and crypto refuse another's object instead of breaking the room",
    promise: "cannot leave this execution",
    files: {
      "wf.ts": workflow(
        `const outcomes = new Set<string>();
for (const home of [DOMException, Event, CustomEvent, EventTarget, AbortSignal, AbortController, URL, URLSearchParams, TextDecoder, TextEncoder, Performance, Crypto, SubtleCrypto]) for (const key of Reflect.ownKeys(home.prototype)) {
  const property = Object.getOwnPropertyDescriptor(home.prototype, key)!;
  for (const fn of [property.value, property.get, property.set]) if (typeof fn === "function" && key !== "constructor") for (const self of [undefined, {}, new Proxy({}, {}), Object.create(home.prototype), ctx, globalThis]) { try { const got = Reflect.apply(fn, self, [self, self]); if (got instanceof Promise) got.catch(() => {}); outcomes.add("gave " + (typeof got === "object" && got !== null ? "object" : typeof got)); } catch (error: any) { outcomes.add(error instanceof Error ? "refused" : "threw " + typeof error); } }
}
return [...outcomes].filter((each) => each.startsWith("threw"));`,
      ),
    },
    expect: returns([]),
  },
];

/** Calls `act` with ever less stack left, from where one more call would overflow it. */
const ON_THE_EDGE = `const onTheEdge = (act: () => unknown): void => { let acts = 0; const down = (): void => { try { down(); } catch {} if (acts < 400) { acts++; try { act(); } catch {} } }; down(); };`;

const OVERFLOWS: readonly HostileCase[] = [
  {
    title: "functions of the room that overflow the stack half-way leave it whole: logs, timers, imports, errors, web classes and the result go on",
    promise: "cannot leave this execution",
    files: {
      "lib.ts": "export const value = 'lib';",
      "wf.ts": workflow(
        `${ON_THE_EDGE}
let fired = 0;
const acts: (() => unknown)[] = [() => console.log("edge", { a: [1, new Error("e")] }), () => ctx.log.info("edge", { a: 1 }), () => setTimeout(() => fired++, 0), () => setTimeout(() => fired++, 1).refresh(), () => import("./lib.ts").catch(() => {}), () => structuredClone({ a: new Map([[1, [2]]]) }), () => new URL("https://a.b/c"), () => new TextDecoder().decode(new TextEncoder().encode("ä")), () => crypto.randomUUID(), () => { const c = new AbortController(); c.signal.onabort = () => {}; c.abort(); }, () => new Event("a"), () => import.meta.resolve("./x"), () => new Error("a").stack, () => atob(btoa("a")), () => crypto.subtle.digest("SHA-1", new Uint8Array(1)).catch(() => {}), () => workflow({ name: "a" }, async () => {}), () => performance.now(), () => console.table([{ a: 1 }]), () => queueMicrotask(() => {})];
for (const act of acts) onTheEdge(act);
await new Promise((done) => setTimeout(done, 20));
console.log("after", { a: [1] });
const controller = new AbortController(); let heard = 0; controller.signal.addEventListener("abort", () => heard++); controller.abort();
return [(await import("./lib.ts")).value, structuredClone(new Map([[1, 2]])).get(1), new URL("https://a.b/c").pathname, new TextDecoder().decode(new TextEncoder().encode("ä")), atob(btoa("text")), (await crypto.subtle.digest("SHA-1", new Uint8Array(1))).byteLength, crypto.randomUUID().length, heard, import.meta.resolve("./x"), typeof new Error("a").stack];`,
      ),
    },
    limits: { wallMs: 20_000 },
    expect: ends("Success", undefined, ({ result, logs }) => {
      expect(result).toEqual(["lib", 2, "/c", "ä", "text", 20, 36, 1, "workspace:///x", "string"]);
      expect(logs.at(-1)?.message).toBe("after { a: [ 1 ] }");
    }),
  },
  {
    title: "an overflow in the workflow, in a getter of its result, in a schema and in a toJSON is the author's own RangeError",
    promise: "cannot leave this execution",
    files: {
      "wf.ts": `import { workflow } from "bifrost";
const deep = (): never => deep();
const outcomes = async (ways: (() => unknown)[]) => Promise.all(ways.map(async (way) => { try { await way(); return "nothing"; } catch (error: any) { return error.name; } }));
const failing = workflow({ params: { "~standard": { version: 1, vendor: "v", validate: deep } } as never }, async () => 1);
export default workflow(async () => [...(await outcomes([deep, () => failing({} as never), () => JSON.stringify({ toJSON: deep }), async () => deep()]))]);
export const getter = workflow(async () => ({ get a() { return deep(); } }));`,
    },
    expect: returns(["RangeError", "RangeError", "RangeError", "RangeError"]),
  },
  {
    title: "an overflow in a getter of the result is the author's own RangeError",
    promise: "cannot leave this execution",
    files: { "wf.ts": workflow("const deep = (): never => deep(); return { get a() { return deep(); } };") },
    expect: throws("RangeError", "Maximum call stack size exceeded"),
  },
];

export const ESCAPE: readonly HostileCase[] = [...WALKS, ...STACKS, ...NAMES, ...MODULES, ...SDK, ...OVERFLOWS];
