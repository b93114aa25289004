// Attacks on the clock by code of the author's own that does not end: whatever it is, the run ends at its limit.
import { workflow } from "../../support/engine.ts";
import { attacks, type HostileCase } from "../case.ts";
import { throws, timesOut } from "../endings.ts";

/** Before the workflow, which is never reached. */
function atTop(statement: string): Readonly<Record<string, string>> {
  return { "wf.ts": workflow("return 1;", statement) };
}

const LOOPS = attacks(
  {
    "an endless loop in a workflow": "while (true) {}",
    "an endless loop at a module's top level": atTop("for (;;);"),
    "an endless loop at the top level of an imported module": {
      "wf.ts": workflow("return x;", `import { x } from "./dep";`),
      "dep.ts": "export const x = 1; for (;;);",
    },
    "an endless loop in a module that is imported dynamically": { "wf.ts": workflow(`await import("./late");`), "late.ts": "for (;;);" },
    "an endless loop in a promise job": "Promise.resolve().then(() => { for (;;); }); await null; await null; return 1;",
    "an endless loop in a continuation after an awaited host call": "await crypto.subtle.digest('SHA-256', new Uint8Array(3)); while (true) {}",
    "an endless loop in a continuation after a dynamic import": {
      "wf.ts": workflow(`await import("./dep"); while (true) {}`),
      "dep.ts": "export const x = 1;",
    },
    "an endless loop in a timer's callback": "setTimeout(() => { for (;;); }, 1); await new Promise(() => {});",
    "an endless loop in a class's static block": atTop("class A { static { for (;;); } } void A;"),
    "an endless loop in a decorator": atTop("function spin(..._: any[]): any { for (;;); } @spin class A {} void A;"),
    "an endless loop in a default value of the workflow's parameter": {
      "wf.ts": `import { workflow } from "bifrost"; export default workflow(async (p: any, { log = (() => { for (;;); })(), missing = (() => { for (;;); })() }: any) => [p, log, missing]);`,
    },
    "a finally block that refuses to end": "try { return 1; } finally { for (;;); }",
    "a catch-all that begins again whenever it is ended": "for (;;) { try { for (;;); } catch { continue; } finally { continue; } }",
    "recursion that catches its own overflow, twice as often at each level": "const f = (): void => { try { f(); } finally { f(); } }; f();",
    "a chain of promise jobs without end": "const again = (): Promise<void> => Promise.resolve().then(again); await again();",
    "a flood of microtasks that start each other":
      "const again = (): void => { queueMicrotask(again); queueMicrotask(() => {}); }; again(); await new Promise(() => {});",
    "an async function that awaits nothing for ever": "for (;;) await null;",
    "timers that start one another": "const again = (): void => { setTimeout(again, 0); }; again(); await new Promise(() => {});",
    "an interval that is never cleared": "setInterval(() => {}, 0); await new Promise(() => {});",
    "immediates that start one another": "const again = (): void => { setImmediate(again); }; again(); await new Promise(() => {});",
    "host calls one after the other without end": "for (;;) await crypto.subtle.digest('SHA-256', new Uint8Array(1));",
    "host functions that answer at once, called without end":
      "const bytes = new Uint8Array(65_536); for (;;) { crypto.getRandomValues(bytes); crypto.randomUUID(); performance.now(); clearTimeout(setTimeout(() => {}, 1)); }",
    "dynamic imports of one module without end": { "wf.ts": workflow(`for (;;) await import("./dep");`), "dep.ts": "export const x = 1;" },
    "a generator without end": "function* all(): Generator<number> { for (;;) yield 1; } for (const _ of all()); return 1;",
    "delegation to an iterator that never returns":
      "function* all(): Generator { yield* { [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }) }) } as never; } for (const _ of all());",
    "an async generator without end": "async function* all(): AsyncGenerator<number> { for (;;) yield 1; } for await (const _ of all()); return 1;",
    "an async generator whose return never settles":
      "const all = { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }), return: () => new Promise(() => {}) }) }; for await (const _ of all as any) break; return 1;",
    "an async dispose that never settles": "await using held = { [Symbol.asyncDispose]: () => new Promise<void>(() => {}) }; return held === undefined;",
    "waiting for a moment by reading the clock": "const until = Date.now() + 1e9; while (Date.now() < until); return performance.now();",
  },
  { promise: "ends within the limit", expect: timesOut },
);

const WAITS = attacks(
  {
    "a promise that never settles": "await new Promise(() => {});",
    "a top-level await that never settles": atTop("await new Promise(() => {});"),
    "a top-level await that never settles, in an imported module": {
      "wf.ts": workflow("return 1;", `import "./dep";`),
      "dep.ts": "await new Promise(() => {}); export {};",
    },
    "a top-level await that never settles, in a module imported dynamically": {
      "wf.ts": workflow(`await import("./late");`),
      "late.ts": "await new Promise(() => {}); export {};",
    },
    "two modules whose top-level awaits wait for each other": {
      "wf.ts": workflow("return 1;", `await import("./a");`),
      "a.ts": `await import("./b"); export {};`,
      "b.ts": `await import("./a"); export {};`,
    },
    "a result that is a thenable and never calls back": "return { then() {} };",
    "a module with an export named then, which never calls back": {
      "wf.ts": workflow(`await import("./late");`),
      "late.ts": "export function then(): void {}",
    },
    "a timer of 24 days": "await new Promise((r) => setTimeout(r, 2 ** 31 - 1));",
    "all of an endless row of promises": "await Promise.race([]);",
  },
  { promise: "ends within the limit", expect: timesOut },
);

const HANDED_OVER = attacks(
  {
    "a result with a getter that loops": "return { get a() { for (;;); } };",
    "a result with a toJSON that loops": "return { toJSON() { for (;;); } };",
    "a result that is a proxy whose traps loop":
      "const spin = (): never => { for (;;); }; return new Proxy({}, { get: (_, key) => (key === 'then' ? undefined : spin()), ownKeys: spin, getPrototypeOf: spin });",
    "a result that is a thenable whose then loops": "return { then() { for (;;); } };",
    "a result whose then is a getter that loops": "return { get then() { for (;;); } };",
    "a result that is an array-like proxy longer than any array":
      "return new Proxy([], { get: (target, key, self) => (key === 'length' ? 2 ** 24 : key === '0' ? (() => { for (;;); })() : Reflect.get(target, key, self)) });",
    "a default export that is a proxy whose traps loop": {
      "wf.ts":
        "const spin = (): never => { for (;;); }; export default new Proxy(() => {}, { get: spin, apply: spin, has: spin, ownKeys: spin, getPrototypeOf: spin }) as never; await (async () => { for (;;); })();",
    },
    "options of a workflow whose getters loop": {
      "wf.ts": `import { workflow } from "bifrost"; export default workflow({ get name(): string { for (;;); } } as never, async () => 1);`,
    },
    "a thrown object whose getters loop, at a module's top level": atTop(
      "throw { get message(): string { for (;;); }, get stack(): string { for (;;); }, get name(): string { for (;;); } };",
    ),
    "a thrown error whose message loops": "throw Object.defineProperty(new Error('x'), 'message', { get() { for (;;); } });",
    "a thrown error whose stack loops": "throw Object.defineProperty(new Error('x'), 'stack', { get() { for (;;); } });",
    "a thrown error whose stack loops, at a module's top level": atTop("throw Object.defineProperty(new Error('x'), 'stack', { get() { for (;;); } });"),
    "a thrown error whose name loops": "throw Object.defineProperty(new Error('x'), 'name', { get() { for (;;); } });",
    "a thrown error whose cause loops": "throw Object.defineProperty(new Error('x'), 'cause', { get() { for (;;); } });",
    "an AggregateError whose list is a proxy that loops":
      "throw Object.assign(new AggregateError([], 'many'), { errors: new Proxy([1], { get() { for (;;); } }) });",
    "a stack hook that loops": "Error.prepareStackTrace = () => { for (;;); }; throw new Error('x');",
    "a rejection that nobody handles, with a message that loops":
      "void Promise.reject(Object.defineProperty(new Error('x'), 'message', { get() { for (;;); } })); await new Promise(() => {});",
    "a printed object whose own inspection loops": "console.log({ [Symbol.for('nodejs.util.inspect.custom')]() { for (;;); } });",
    "a printed error whose stack loops": "console.log(Object.defineProperty(new Error('x'), 'stack', { get() { for (;;); } }));",
    "log data with a getter that loops": "ctx.log.info('data', { get a() { for (;;); } });",
    "a log message whose toString loops": "console.log('%s', { toString() { for (;;); } }); console.log(`${{ toString() { for (;;); } }}`);",
    "a timer whose delay is an object that loops": "setTimeout(() => {}, { valueOf() { for (;;); } } as never); await new Promise(() => {});",
    "a specifier of import() whose toString loops": "await import({ toString() { for (;;); } } as never);",
    "a url of the workspace whose toString loops": "new URL({ toString() { for (;;); } } as never);",
    "a clone of an object whose getter loops": "structuredClone({ get a() { for (;;); } });",
    "bytes to digest whose length loops": "await crypto.subtle.digest({ get name() { for (;;); } } as never, new Uint8Array(1));",
    "an event listener that loops": "const c = new AbortController(); c.signal.addEventListener('abort', () => { for (;;); }); c.abort();",
  },
  { promise: "ends within the limit", expect: timesOut },
);

const SHOWN_UNASKED = attacks(
  { "a thrown object whose getters loop is shown, and asked nothing": "throw { get message() { for (;;); }, get stack() { for (;;); } };" },
  { promise: "cannot leave this execution", expect: throws("Error", "{ message: [Getter], stack: [Getter] }") },
);

export const TIME: readonly HostileCase[] = [...LOOPS, ...WAITS, ...HANDED_OVER, ...SHOWN_UNASKED];
