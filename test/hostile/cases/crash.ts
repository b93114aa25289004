// Attacks on the process that runs the room: V8's own stack and assertions, results that cannot be copied, rejections
// in bad moments, and the end of a run.
import { expect } from "vitest";
import { MB } from "../../../src/limits.ts";
import { workflow } from "../../support/engine.ts";
import { attacks, type HostileCase } from "../case.ts";
import { ends, execution, returns, runsOutOfMemory, throws, timesOut } from "../endings.ts";

const OVERFLOW = throws("RangeError", /^Maximum call stack size exceeded/);

const STACK = attacks(
  {
    "a stack that overflows in V8's own sort": "const f = (): unknown => [2, 1].sort(f as never); return f();",
    "a stack that overflows in a replaced text": "const f = (): string => 'a'.replace(/a/, f); return f();",
    "a stack that overflows in a proxy of proxies": "let o: any = {}; for (let i = 0; i < 200_000; i++) o = new Proxy(o, {}); return o.x;",
    "a stack that overflows where JSON is written": "const f = (): unknown => JSON.stringify({ get a() { return f(); } }); return f();",
    "a stack that overflows where an array is flattened into itself": "const a: unknown[] = []; a.push(a, a); return (a as any).flat(Infinity).length;",
    "a stack that overflows in getters of a prototype": "const o = { get a(): unknown { return this.a; } }; return o.a;",
    "a stack that overflows in a class that extends without end": "const f = (): unknown => new (class extends (f() as never) {} as any)(); return f();",
    "a stack that overflows in an iterator of itself": "const o: any = { *[Symbol.iterator]() { yield* o; } }; return [...o];",
    "a stack that overflows in a species of itself":
      "class A extends Array { constructor(n: number) { super(n); this.map((x) => x); } } return new A(2).length;",
  },
  { promise: "cannot leave this execution", limits: { wallMs: 20_000, memoryBytes: 256 * MB }, expect: OVERFLOW },
);

const NO_OVERFLOW = attacks(
  {
    "JSON of 100,000 levels that is written and read":
      "let v: unknown = 1; for (let i = 0; i < 100_000; i++) v = [v]; const text = JSON.stringify(v); JSON.parse(text); return text.length;",
  },
  { promise: "cannot leave this execution", limits: { wallMs: 20_000 }, expect: returns(200_001) },
);

const TOO_COMPLEX = attacks(
  {
    "a regular expression of 100,000 parentheses": "return new RegExp('('.repeat(100_000) + ')'.repeat(100_000)).test('');",
    "a regular expression whose parts refer to what is not there": "return new RegExp('(?<a>'.repeat(5000) + ')'.repeat(5000)).test('');",
  },
  { promise: "cannot leave this execution", limits: { wallMs: 20_000 }, expect: throws("SyntaxError", /^Invalid regular expression/) },
);

const DEEP_SOURCES = attacks(
  {
    "parentheses 20,000 deep": { "wf.ts": workflow(`return ${"(".repeat(20_000)}1${")".repeat(20_000)};`) },
    "blocks 20,000 deep": { "wf.ts": workflow(`${"{".repeat(20_000)}${"}".repeat(20_000)} return 1;`) },
    "a type 20,000 deep": { "wf.ts": workflow(`return 1;`, `type Deep = ${"[".repeat(20_000)}${"]".repeat(20_000)};`) },
    "JSON 20,000 deep that is imported": {
      "wf.ts": workflow("return deep;", `import deep from "./deep.json";`),
      "deep.json": "[".repeat(20_000) + "]".repeat(20_000),
    },
  },
  { promise: "ends within the limit", limits: { wallMs: 20_000 }, expect: ends("Failed", "ERR_NESTING_LIMIT") },
);

const GENERATED = attacks(
  {
    "code made of text that is 200,000 parentheses deep, where that is granted": "return (0, eval)('('.repeat(200_000) + '1' + ')'.repeat(200_000));",
    "a function made of text that is 200,000 arrays deep, where that is granted":
      "return new Function('return ' + '['.repeat(200_000) + ']'.repeat(200_000))();",
  },
  {
    promise: "cannot leave this execution",
    limits: { wallMs: 20_000 },
    grants: { codeGeneration: true },
    expect: OVERFLOW,
  },
);

const GENERATED_LOOPS = attacks(
  { "code made of text that loops, where that is granted": "(0, eval)('for (;;);');" },
  { promise: "ends within the limit", grants: { codeGeneration: true }, expect: timesOut },
);

const ASSEMBLED_LOOPS = attacks(
  {
    // (module (func (loop br 0)) (start 0))
    "WebAssembly that loops, where it is granted":
      "new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11])));",
  },
  { promise: "ends within the limit", grants: { webAssembly: true }, expect: timesOut },
);

const ASSEMBLED_OVERFLOW = attacks(
  {
    // (module (func call 0) (start 0))
    "WebAssembly that calls itself without end, where it is granted":
      "new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 6, 1, 4, 0, 16, 0, 11])));",
  },
  { promise: "cannot leave this execution", grants: { webAssembly: true }, expect: OVERFLOW },
);

const NOT_PLAIN = attacks(
  {
    "a function": "return { f() {} };",
    "a symbol": "return { s: Symbol('hostile') };",
    "an integer without bounds": "return { n: 10n };",
    "an object that contains itself": "const o: any = {}; o.o = o; return o;",
    "a typed array": "return new Float32Array(3);",
    "a view of half-precision numbers, copied by every way there is": "return structuredClone(new ((globalThis as any).Float16Array ?? Uint16Array)(4));",
    "an ArrayBuffer": "return new ArrayBuffer(8);",
    "a Map": "return new Map([[1, 2]]);",
    "an instance of a class": "return new (class A { a = 1; })();",
    "a promise in a property": "return { p: new Promise(() => {}) };",
    "a proxy of a function": "return { p: new Proxy(() => {}, {}) };",
    "a generator": "return (function* () { yield 1; })();",
    "the room's own context": "return { ctx };",
    "the global object": "return { globalThis };",
    "an error": "return new Error('x');",
    "levels beyond a thousand": "let v: unknown = 1; for (let i = 0; i < 5000; i++) v = { v }; return v;",
    "an array of 2^32 - 1 holes": "const a: unknown[] = []; a.length = 2 ** 32 - 1; return a;",
  },
  {
    promise: "cannot leave this execution",
    limits: { wallMs: 20_000 },
    expect: ends("Failed", "ERR_RESULT_NOT_SERIALIZABLE", ({ error }) =>
      expect(error?.details).toMatchObject({ path: expect.stringMatching(/^\$/) as string }),
    ),
  },
);

const REVOKED = attacks(
  { "a revoked proxy": "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy;" },
  { promise: "cannot leave this execution", expect: throws("TypeError", /revoked/) },
);

const REJECTIONS: readonly HostileCase[] = [
  ...attacks(
    {
      "a host function that rejects before anybody awaits":
        "const failed = crypto.subtle.digest('no such' as never, new Uint8Array(1)); await new Promise((r) => setTimeout(r, 20)); return failed;",
      "host functions that reject by the hundred and nobody awaits":
        "for (let i = 0; i < 200; i++) void crypto.subtle.digest('no such' as never, new Uint8Array(1)); await new Promise((r) => setTimeout(r, 50)); return 1;",
    },
    {
      promise: "cannot leave this execution",
      limits: { wallMs: 5000 },
      expect: (outcome) => expect(execution(outcome)).toMatchObject({ status: "Failed", error: { name: "NotSupportedError" } }),
    },
  ),
  ...attacks(
    {
      "host functions that reject and are caught":
        "let caught = 0; for (let i = 0; i < 200; i++) await crypto.subtle.digest('no such' as never, new Uint8Array(1)).catch(() => caught++); return caught;",
    },
    { promise: "cannot leave this execution", limits: { wallMs: 5000 }, expect: returns(200) },
  ),
  ...attacks(
    {
      "a rejection that nobody handles": "void Promise.reject(new TypeError('mine')); await new Promise((r) => setTimeout(r, 20)); return 1;",
      "an error thrown by a timer": "setTimeout(() => { throw new TypeError('mine'); }, 1); await new Promise((r) => setTimeout(r, 100)); return 1;",
      "an error thrown by a microtask": "queueMicrotask(() => { throw new TypeError('mine'); }); await new Promise((r) => setTimeout(r, 100)); return 1;",
      "a thenable that throws after it has called back":
        "return { then(done: (v: unknown) => void, fail: (e: unknown) => void) { fail(new TypeError('mine')); throw new Error('late'); } };",
    },
    { promise: "cannot leave this execution", limits: { wallMs: 5000 }, expect: throws("TypeError", "mine") },
  ),
  ...attacks(
    {
      "an import that is rejected before anybody awaits, and is handled later":
        "const late = import('./nowhere' + ''); await new Promise((r) => setTimeout(r, 50)); return await late.catch(() => 'handled');",
    },
    {
      promise: "cannot leave this execution",
      limits: { wallMs: 5000 },
      expect: (outcome) => expect(execution(outcome)).toMatchObject({ status: "Failed", error: { code: "ERR_MODULE_NOT_FOUND" } }),
    },
  ),
];

const AFTER_THE_END = attacks(
  {
    "a timer that throws after the end": "setTimeout(() => { throw new Error('late'); }, 0); return 'ended';",
    "a timer that loops after the end": "setTimeout(() => { for (;;); }, 0); return 'ended';",
    "an interval that logs after the end": "setInterval(() => console.log('late'), 1); return 'ended';",
    "a host call under way at the end": "void crypto.subtle.digest('SHA-256', new Uint8Array(1_000_000)); return 'ended';",
    "an import under way at the end": { "wf.ts": workflow("void import('./late'); return 'ended';"), "late.ts": "for (;;);" },
    "a rejection after the end": "setTimeout(() => void Promise.reject(new Error('late')), 0); return 'ended';",
    "cleanups that throw or loop once nothing is held":
      "const r = new FinalizationRegistry(() => { for (;;); }); for (let i = 0; i < 1000; i++) r.register({}, i); let waste: unknown; for (let i = 0; i < 1000; i++) waste = new Array(1000).fill(i); return waste === undefined ? 'no' : 'ended';",
    "an async generator that is left open": "const g = (async function* () { try { yield 1; } finally { for (;;); } })(); await g.next(); return 'ended';",
    "a promise that settles after the end": "void new Promise((r) => setTimeout(r, 1)).then(() => { for (;;); }); return 'ended';",
    "10,000 timers that are left": "for (let i = 0; i < 9_990; i++) setTimeout(() => {}, 1e6); return 'ended';",
  },
  { promise: "cannot leave this execution", limits: { wallMs: 5000 }, expect: returns("ended") },
);

const PROCESS = attacks(
  {
    "ending the process by name":
      "const found: string[] = []; for (const name of ['process', 'require', 'module', 'global', 'Buffer', '__dirname', 'Deno', 'Bun', 'quit', 'd8', 'gc', 'Worker', 'SharedWorker', 'importScripts', 'postMessage', 'close', 'exit']) if (typeof (globalThis as any)[name] !== 'undefined') found.push(name); return found;",
  },
  { promise: "cannot happen", expect: returns([]) },
);

const BUSY_END: readonly HostileCase[] = [
  ...attacks(
    {
      "memory runs out while an import is on its way": {
        "wf.ts": workflow(
          "void import('./late'); const all: unknown[] = []; for (;;) { all.push(new Array(1000).fill(1)); if (all.length % 100 === 0) await null; }",
        ),
        "late.ts": "export const x = 1;",
      },
    },
    { promise: "ends within the limit", limits: { wallMs: 60_000, memoryBytes: 16 * MB }, expect: runsOutOfMemory },
  ),
  ...attacks(
    {
      "time runs out while imports are on their way": {
        "wf.ts": workflow("for (let i = 0; i < 500; i++) void import('./late' + i).catch(() => {}); for (;;);"),
      },
    },
    { promise: "ends within the limit", expect: timesOut },
  ),
  ...attacks(
    {
      "time runs out while host calls are under way": "for (let i = 0; i < 500; i++) void crypto.subtle.digest('SHA-512', new Uint8Array(100_000)); for (;;);",
    },
    { promise: "ends within the limit", expect: timesOut },
  ),
  ...attacks(
    { "time runs out while lines are logged without end": "for (let i = 0; ; i++) console.log(i);" },
    {
      promise: "ends within the limit",
      limits: { logLines: 100 },
      expect: ends("Timeout", "ERR_TIMEOUT_WALL", ({ logs }) => {
        expect(logs.length).toBeLessThanOrEqual(101);
        expect(logs.slice(0, 100).map(({ message }) => message)).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
      }),
    },
  ),
];

export const CRASH: readonly HostileCase[] = [
  ...STACK,
  ...NO_OVERFLOW,
  ...TOO_COMPLEX,
  ...DEEP_SOURCES,
  ...GENERATED,
  ...GENERATED_LOOPS,
  ...ASSEMBLED_LOOPS,
  ...ASSEMBLED_OVERFLOW,
  ...NOT_PLAIN,
  ...REVOKED,
  ...REJECTIONS,
  ...AFTER_THE_END,
  ...PROCESS,
  ...BUSY_END,
];
