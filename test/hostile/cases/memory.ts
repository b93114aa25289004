// Attacks on memory. Whatever holds it, the run that asked for it ends, with an error that says so, or what it asks for
// does not exist.
import { expect } from "vitest";
import { MB } from "../../../src/limits.ts";
import { attacks, type HostileCase } from "../case.ts";
import { ends, exceeds, refused, returns, runsOutOfMemory, throws } from "../endings.ts";

const LIMITS = { memoryBytes: 16 * MB, wallMs: 60_000 };

const GROWING = attacks(
  {
    objects: "const all: unknown[] = []; for (;;) all.push({ a: new Array(100).fill(all.length) });",
    "objects after an awaited host call":
      "await crypto.subtle.digest('SHA-256', new Uint8Array(1)); const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(all.length));",
    "objects, a little in each turn of the event loop":
      "const all: unknown[] = []; for (;;) { for (let i = 0; i < 100; i++) all.push(new Array(1000).fill(i)); await new Promise((r) => setTimeout(r, 0)); }",
    "objects, every attempt to end it caught":
      "const all: unknown[] = []; for (;;) { try { for (;;) all.push(new Array(1000).fill(all.length)); } catch { continue; } }",
    "text that is new each time": "const all: string[] = []; for (let i = 0; ; i++) all.push(String(i).padStart(1_000_000, 'ab') + i);",
    "ropes of text that are flattened":
      "const all: string[] = []; for (let i = 0; ; i++) { let text = 'x' + i; for (let n = 0; n < 20; n++) text += text; all.push(text); text.charCodeAt(7); }",
    "template literals":
      "const all: string[] = []; let text = 'ab'; for (let i = 0; ; i++) { text = `${text}${i}`.slice(-500_000).padStart(500_000, 'é'); all.push(text.toUpperCase()); }",
    "pieces of split text": "const all: unknown[] = []; for (;;) all.push('ab,'.repeat(100_000).split(',').map((each) => each + all.length));",
    "joined arrays": "const all: string[] = []; for (let i = 0; ; i++) all.push(Array.from({ length: 10_000 }, (_, n) => n + i).join(', '));",
    "listeners of AbortSignals":
      "const all: unknown[] = []; for (let i = 0; ; i++) { const { signal } = new AbortController(); signal.addEventListener('abort', () => i); all.push(signal); }",
    clones: "const all: unknown[] = [new Array(1000).fill('x')]; for (;;) all.push(structuredClone(all[0]));",
    ArrayBuffers: "const all: unknown[] = []; for (;;) all.push(new Uint8Array(4_000_000).fill(1));",
    "typed arrays that share nothing": "const all: unknown[] = []; for (;;) all.push(new Float64Array(100_000).map(Math.random));",
    "many tiny ArrayBuffers": "const all: unknown[] = []; for (;;) all.push(new ArrayBuffer(64));",
    "an array of 2^32 - 2 places that is filled": "new Array(2 ** 32 - 2).fill(0);",
    "an array made of 2^32 - 1 places": "Array.from({ length: 2 ** 32 - 1 });",
    "arrays that are concatenated with themselves": "let all: unknown[] = [1]; for (;;) all = all.concat(all);",
    "arrays that are flattened": "const part = new Array(10_000).fill([1, 2, 3, 4, 5, 6, 7, 8]); const all: unknown[] = []; for (;;) all.push(part.flat());",
    "sparse arrays":
      "const all: unknown[] = []; for (let i = 0; ; i++) { const a: unknown[] = []; for (let n = 0; n < 100; n++) a[n * 10_000_019] = n; all.push(a); }",
    "a Map": "const all = new Map<number, unknown>(); for (let i = 0; ; i++) all.set(i, { i });",
    "a Set": "const all = new Set<unknown>(); for (let i = 0; ; i++) all.add({ i });",
    "a WeakMap whose keys are held":
      "const all: object[] = []; const weak = new WeakMap<object, unknown>(); for (;;) { const key = {}; weak.set(key, new Array(100).fill(0)); all.push(key); }",
    "properties of one object": "const all: Record<string, number> = {}; for (let i = 0; ; i++) all['key' + i] = i;",
    symbols: "const all: symbol[] = []; for (let i = 0; ; i++) all.push(Symbol('hostile' + i));",
    "symbols in the registry": "for (let i = 0; ; i++) Symbol.for('hostile'.repeat(100) + i);",
    closures: "const all: unknown[] = []; for (;;) { const held = new Array(100).fill(all.length); all.push(() => held); }",
    "generators that are held":
      "function* g(n: number): Generator { const held = new Array(100).fill(n); yield held; } const all: unknown[] = []; for (;;) { const each = g(all.length); each.next(); all.push(each); }",
    "promises that are chained":
      "let last: Promise<unknown> = new Promise(() => {}); const all: unknown[] = []; for (;;) { last = last.then(() => all); all.push(last); }",
    "promises that wait for each other": "const all: Promise<unknown>[] = []; for (;;) all.push(Promise.all(all.slice(-100)));",
    "microtasks faster than they run":
      "const again = (): void => { queueMicrotask(again); queueMicrotask(again); }; again(); await null; await new Promise(() => {});",
    "errors with stacks":
      "const all: unknown[] = []; Error.stackTraceLimit = 200; const f = (n: number): void => { if (n > 0) f(n - 1); else { const e = new Error('hostile'); void e.stack; all.push(e); } }; for (;;) f(150);",
    "errors as causes of each other": "let last: unknown; for (;;) last = new Error('hostile'.repeat(10), { cause: last });",
    "regular expressions":
      "const all: unknown[] = []; for (let i = 0; ; i++) { const each = new RegExp('(a|b' + i + '){1,100}c', 'u'); each.test('abc' + i); all.push(each); }",
    "matches of regular expressions": "const all: unknown[] = []; for (;;) all.push([...'ab'.repeat(10_000).matchAll(/(a)(b)/g)]);",
    "enormous integers": "const all: bigint[] = []; for (let i = 1n; ; i++) all.push(2n ** 4_000_000n + i);",
    "objects read from JSON":
      "const text = JSON.stringify(Array.from({ length: 10_000 }, (_, i) => ({ ['k' + i]: [i] }))); const all: unknown[] = []; for (;;) all.push(JSON.parse(text));",
    "an object written as JSON that is a million times itself":
      "let o: unknown = ['0123456789'.repeat(10)]; for (let i = 0; i < 26; i++) o = [o, o]; return JSON.stringify(o).length;",
    "base64 text": "const all: string[] = []; const text = 'x'.repeat(1_000_000); for (let i = 0; ; i++) all.push(btoa(text + i));",
    "encoded text": "const all: unknown[] = []; const text = 'é'.repeat(500_000); for (;;) all.push(new TextEncoder().encode(text));",
    "parameters of addresses": "const all = new URLSearchParams(); for (let i = 0; ; i++) all.append('key' + i, 'x'.repeat(1000) + i);",
    "formats of languages":
      "const all: unknown[] = []; for (;;) all.push(new Intl.DateTimeFormat('de', { dateStyle: 'full' }), new Intl.NumberFormat('ar'), new Intl.Collator('sv'));",
    "proxies of proxies": "let last: object = {}; const all: unknown[] = []; for (;;) { last = new Proxy(last, { get: () => last }); all.push(last); }",
    "cleanups that are registered":
      "const all: object[] = []; const r = new FinalizationRegistry(() => {}); for (;;) { const o = {}; all.push(o); r.register(o, new Array(50).fill(0)); }",
    "groups of an array":
      "const all: unknown[] = []; const many = Array.from({ length: 50_000 }, (_, i) => i); for (;;) all.push(Object.groupBy(many, (n) => n % 5000));",
    "dates and their text": "const all: unknown[] = []; for (let i = 0; ; i++) all.push(new Date(i).toISOString() + new Date(i * 1000).toUTCString());",
    "random bytes from the host": "const all: unknown[] = []; for (;;) all.push(crypto.getRandomValues(new Uint8Array(65_536)));",
    "identifiers from the host": "const all: unknown[] = []; for (;;) all.push(crypto.randomUUID());",
    "digests that are all awaited at once":
      "const all: unknown[] = []; const bytes = new Uint8Array(1_000_000); for (;;) { const some = Array.from({ length: 20 }, () => crypto.subtle.digest('SHA-256', bytes.slice())); all.push(some, bytes.slice()); await some[0]; }",
  },
  { promise: "ends within the limit", limits: LIMITS, expect: runsOutOfMemory },
);

const AT_ONCE = attacks(
  {
    "one ArrayBuffer larger than the machine": "return new ArrayBuffer(2 ** 40).byteLength;",
    "half a gigabyte of text, made flat": "const text = 'x'.repeat(2 ** 29 - 100); return /y$/.test(text + 'z');",
    "half a gigabyte of text, split into its letters": "return 'x'.repeat(2 ** 28).split('').length;",
    "an input of the author's own that is written, read and written again": "let v: unknown = 'x'.repeat(100_000); for (;;) v = JSON.stringify([v, v]);",
  },
  { promise: "ends within the limit", limits: LIMITS, expect: runsOutOfMemory },
);

const BEYOND_V8 = [
  ...attacks(
    { "text longer than V8 has": "return 'x'.repeat(2 ** 29).length;" },
    { promise: "cannot leave this execution", expect: throws("RangeError", "Invalid string length") },
  ),
  ...attacks(
    { "text padded beyond what V8 has": "return ''.padEnd(2 ** 30, 'ab').length;" },
    { promise: "cannot leave this execution", expect: throws("RangeError", "Invalid string length") },
  ),
  ...attacks(
    { "a typed array of more places than there are": "return new Uint8Array(2 ** 53).length;" },
    { promise: "cannot leave this execution", expect: throws("RangeError", /^Invalid typed array length/) },
  ),
  ...attacks(
    { "an integer of more digits than V8 has": "return String(2n ** (2n ** 31n)).length;" },
    { promise: "cannot leave this execution", expect: throws("RangeError", "Maximum BigInt size exceeded") },
  ),
  ...attacks(
    { "recursion without end": "const f = (n: number): number => f(n + 1) + 1; return f(0);" },
    { promise: "cannot leave this execution", expect: throws("RangeError", "Maximum call stack size exceeded") },
  ),
];

const ABSENT = attacks(
  {
    "memory that V8 does not count: the constructors are absent":
      "return [typeof WebAssembly, typeof SharedArrayBuffer, typeof (globalThis as any).Atomics, typeof (globalThis as any).Float16Array];",
  },
  { promise: "cannot happen", expect: returns(["undefined", "undefined", "undefined", "undefined"]) },
);

const NOT_RESIZABLE = attacks(
  {
    "buffers that grow after they were made":
      "const made = [() => new ArrayBuffer(8, { maxByteLength: 2 ** 30 } as never), () => Reflect.construct(ArrayBuffer, [8, { maxByteLength: 2 ** 30 }], class X extends ArrayBuffer {} as never), () => new (new Uint8Array(1).buffer.constructor as any)(8, { maxByteLength: 2 ** 30 }), () => (structuredClone(new ArrayBuffer(8)).constructor as any)[Symbol.species] && new ((structuredClone(new ArrayBuffer(8)).constructor as any)[Symbol.species])(8, { maxByteLength: 2 ** 30 })]; return made.map((make) => { try { return make().resizable === true; } catch { return false; } });",
  },
  { promise: "cannot happen", expect: returns([false, false, false, false]) },
);

const GRANTED = attacks(
  {
    "memory of WebAssembly, where it is granted":
      "const all: unknown[] = []; for (;;) { const memory = new WebAssembly.Memory({ initial: 512, maximum: 512 }); new Uint8Array(memory.buffer).fill(1); all.push(memory); }",
    "memory of WebAssembly that grows, where it is granted":
      "const memory = new WebAssembly.Memory({ initial: 1, maximum: 60_000 }); for (;;) { memory.grow(100); new Uint8Array(memory.buffer).fill(1, -6_000_000); }",
    "tables of WebAssembly, where it is granted":
      "const all: unknown[] = []; for (;;) all.push(new WebAssembly.Table({ initial: 1_000_000, element: 'externref' } as never, {} as never));",
  },
  { promise: "ends within the limit", limits: LIMITS, grants: { webAssembly: true }, expect: runsOutOfMemory },
);

const JITLESS = attacks(
  {
    "objects, where nothing is compiled to machine code": "const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(all.length));",
    "ArrayBuffers, where nothing is compiled to machine code": "const all: unknown[] = []; for (;;) all.push(new Uint8Array(4_000_000).fill(1));",
    "an array of 2^32 - 2 places, where nothing is compiled to machine code": "new Array(2 ** 32 - 2).fill(0);",
  },
  { promise: "ends within the limit", limits: LIMITS, tier: "jitless", expect: runsOutOfMemory },
);

const LOGGED = attacks(
  {
    "what was logged before memory ran out is kept":
      "ctx.log.info('before'); await new Promise((r) => setTimeout(r, 20)); const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(all.length));",
  },
  {
    promise: "cannot leave this execution",
    limits: LIMITS,
    expect: ends("Failed", "ERR_MEMORY_LIMIT", ({ logs }) => expect(logs.map(({ message }) => message)).toEqual(["before"])),
  },
);

const LOGGED_WHILE = attacks(
  {
    "what is logged while memory runs out comes in order and without gaps":
      "const all: unknown[] = []; for (let i = 1; ; i++) { ctx.log.info(String(i)); all.push(new Array(10_000).fill(i)); }",
  },
  {
    promise: "cannot leave this execution",
    limits: LIMITS,
    expect: ends("Failed", "ERR_MEMORY_LIMIT", ({ logs }) => {
      expect(logs.length).toBeGreaterThan(0);
      expect(logs.map(({ message }) => message)).toEqual(logs.map((_, index) => String(index + 1)));
    }),
  },
);

const CAUGHT = attacks(
  {
    "an author who catches the exhaustion of buffers goes on within the limit":
      "const all: unknown[] = []; try { for (;;) all.push(new ArrayBuffer(4_000_000)); } catch (error: any) { all.length = 0; return error.name; }",
  },
  { promise: "cannot leave this execution", limits: LIMITS, expect: returns("RangeError") },
);

const RESULTS: readonly HostileCase[] = [
  ...attacks(
    { "a result that is larger than the limit": "return 'x'.repeat(2000);" },
    { promise: "ends within the limit", limits: { resultBytes: 1000 }, expect: exceeds("ERR_RESULT_TOO_LARGE", "resultBytes") },
  ),
  ...attacks(
    { "a result of one byte more than the limit": "return 'x'.repeat(999);" },
    { promise: "ends within the limit", limits: { resultBytes: 1000 }, expect: exceeds("ERR_RESULT_TOO_LARGE", "resultBytes") },
  ),
  ...attacks(
    { "a result of as many bytes as the limit": "return 'x'.repeat(998);" },
    { promise: "cannot leave this execution", limits: { resultBytes: 1000 }, expect: returns("x".repeat(998)) },
  ),
  ...attacks(
    { "a result that is larger than the limit in UTF-8 only": "return 'é'.repeat(600);" },
    { promise: "ends within the limit", limits: { resultBytes: 1000 }, expect: exceeds("ERR_RESULT_TOO_LARGE", "resultBytes") },
  ),
  ...attacks(
    { "a result that is larger than the largest": "return Array.from({ length: 34 }, () => 'x'.repeat(2 ** 20));" },
    { promise: "ends within the limit", limits: { memoryBytes: 512 * MB, wallMs: 60_000 }, expect: exceeds("ERR_RESULT_TOO_LARGE", "resultBytes") },
  ),
  ...attacks(
    { "a result of 10 MB": "return 'x'.repeat(10_000_000);" },
    {
      promise: "cannot leave this execution",
      limits: { wallMs: 60_000 },
      expect: ends("Success", undefined, ({ result }) => expect((result as string).length).toBe(10_000_000)),
    },
  ),
  ...attacks(
    { "an input of 10 MB": "return p.text.length;" },
    {
      promise: "cannot leave this execution",
      input: { text: "x".repeat(10_000_000) },
      limits: { wallMs: 60_000 },
      expect: returns(10_000_000),
    },
  ),
  ...attacks(
    { "an input that is larger than the limit": "return 1;" },
    { promise: "cannot happen", input: { text: "x".repeat(1000) }, limits: { inputBytes: 1000 }, expect: refused("ERR_INPUT_TOO_LARGE") },
  ),
];

export const MEMORY: readonly HostileCase[] = [
  ...GROWING,
  ...AT_ONCE,
  ...BEYOND_V8,
  ...ABSENT,
  ...NOT_RESIZABLE,
  ...GRANTED,
  ...JITLESS,
  ...LOGGED,
  ...LOGGED_WHILE,
  ...CAUGHT,
  ...RESULTS,
];
