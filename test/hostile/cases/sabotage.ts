// Built-ins replaced, poisoned, frozen and wrapped by author code, which then lets its run go on through logs, a timer, an
// import and a result: the run still gives its one right answer, and the next run in the same workspace sees none of it.
import { expect } from "vitest";
import { workflow } from "../../support/engine.ts";
import type { HostileCase } from "../case.ts";
import { ends, throws } from "../endings.ts";

/** What the author's own lines need is taken before the sabotage. */
const HEAD = `const RealPromise = Promise; const { setTimeout: wait } = globalThis; const log = console.log;`;

const GO_ON = `
await null;
log("line", 1, true);
ctx.log.info("data", { a: 1, b: [2] });
await new RealPromise((done) => { wait(done, 1); });
const lib = await import("./lib.ts");
return { ok: true, list: [1, lib.value] };`;

const goesOn = ends("Success", undefined, ({ result, logs }) => {
  expect(result).toEqual({ ok: true, list: [1, "lib"] });
  expect(logs.map(({ message, data }) => [message, data])).toEqual([
    ["line 1 true", undefined],
    ["data", { a: 1, b: [2] }],
  ]);
});

const failing = `(() => { throw new TypeError("sabotage"); })`;

/** Replaces every method of an object, its length and constructor left. */
function replaceAll(home: string, by = failing): string {
  return `{ const by = ${by}; const home: any = ${home}; const keys = Reflect.ownKeys(home); const { defineProperty } = Reflect; for (let i = 0; i < keys.length; i++) { const key = keys[i]; if (key !== "length" && key !== "constructor" && key !== "prototype" && key !== "name") defineProperty(home, key!, { value: by, writable: true, configurable: true }); } }`;
}

const REPLACED: Readonly<Record<string, string>> = {
  "Promise.prototype.then that never calls": `Promise.prototype.then = function () { return this as never; };`,
  "Promise.prototype.then, catch and finally that throw": replaceAll("Promise.prototype"),
  "Promise's static functions": replaceAll("Promise"),
  "Promise.prototype.constructor that is somebody else": `class Mine { constructor(executor: any) { executor(() => {}, () => {}); } } (Promise.prototype as any).constructor = Mine;`,
  "Symbol.species of promises, arrays, regular expressions and buffers": `for (const each of [Promise, Array, RegExp, Map, Set, ArrayBuffer, Object.getPrototypeOf(Uint8Array)] as any[]) Object.defineProperty(each, Symbol.species, { get() { throw new TypeError("sabotage"); }, configurable: true });`,
  "Array.prototype's methods": replaceAll("Array.prototype"),
  "Array.prototype[Symbol.iterator] that never ends": `(Array.prototype as any)[Symbol.iterator] = function () { return { next: () => ({ done: false, value: 0 }) }; };`,
  "iterators of arrays, maps, sets and strings": `for (const each of [[].values(), new Map().values(), new Set().values(), ""[Symbol.iterator](), "a".matchAll(/a/g)] as any[]) Object.getPrototypeOf(each).next = ${failing};`,
  "Object's static functions": replaceAll("Object"),
  "Reflect's functions": replaceAll("Reflect"),
  "JSON's functions": replaceAll("JSON"),
  "Math's functions": replaceAll("Math"),
  "Number and its prototype": `${replaceAll("Number")} ${replaceAll("Number.prototype")}`,
  "String.prototype's methods": replaceAll("String.prototype"),
  "RegExp.prototype's methods": replaceAll("RegExp.prototype"),
  "Map.prototype's methods": replaceAll("Map.prototype"),
  "Set, WeakMap, WeakSet and WeakRef prototypes' methods": `${replaceAll("Set.prototype")} ${replaceAll("WeakMap.prototype")} ${replaceAll("WeakSet.prototype")} ${replaceAll("WeakRef.prototype")}`,
  "Function.prototype's call, apply and bind": `Function.prototype.call = Function.prototype.apply = Function.prototype.bind = ${failing} as never;`,
  "Function.prototype.toString": `Function.prototype.toString = ${failing};`,
  "Symbol's well-known names on Object.prototype": `for (const key of [Symbol.toPrimitive, Symbol.iterator, Symbol.asyncIterator, Symbol.toStringTag, Symbol.isConcatSpreadable, Symbol.match, Symbol.replace, Symbol.split, Symbol.search, Symbol.unscopables, Symbol.hasInstance]) (Object.prototype as any)[key] = ${failing};`,
  "Error and its kin": `globalThis.Error = globalThis.TypeError = globalThis.RangeError = globalThis.SyntaxError = class { constructor() { throw 1; } } as never;`,
  "Error.prototype's toString, name and message": `Object.defineProperties(Error.prototype, { toString: { value: ${failing} }, name: { get: ${failing} }, message: { get: ${failing} } });`,
  "Date.now and the clock": `Date.now = ${failing}; (globalThis as any).performance = undefined; globalThis.Date = ${failing} as never;`,
  "every global but its own line's": `for (const name of Object.getOwnPropertyNames(globalThis)) if (name !== "Object" && name !== "globalThis") try { (globalThis as any)[name] = undefined; } catch {}`,
  "the globals, deleted": `for (const name of Object.getOwnPropertyNames(globalThis)) if (name !== "Object") try { delete (globalThis as any)[name]; } catch {}`,
  timers: `globalThis.setTimeout = globalThis.clearTimeout = globalThis.queueMicrotask = globalThis.setImmediate = ${failing} as never;`,
  "WeakRef and FinalizationRegistry": `globalThis.WeakRef = globalThis.FinalizationRegistry = ${failing} as never;`,
  "Symbol.hasInstance of its classes": `for (const each of [Array, Map, Set, Promise, Error, Date, RegExp] as any[]) Object.defineProperty(each, Symbol.hasInstance, { value: ${failing} });`,
};

/** Poison on Object.prototype: what room code reads or writes on an object without looking. */
const POISONED: Readonly<Record<string, string>> = {
  "setters for every index": `for (let i = 0; i < 50; i++) Object.defineProperty(Object.prototype, i, { set() { throw new TypeError("sabotage"); }, get() { return "stolen"; }, configurable: true });`,
  "setters for every index on Array.prototype": `for (let i = 0; i < 50; i++) Object.defineProperty(Array.prototype, i, { set() {}, get() { return "stolen"; }, configurable: true });`,
  "the fields of a property descriptor": `for (const key of ["get", "set", "value", "writable", "enumerable", "configurable"]) Object.prototype[key as never] = (() => { throw new TypeError("sabotage"); }) as never;`,
  toJSON: `(Object.prototype as any).toJSON = function () { return "stolen"; }; delete (Object.prototype as any).toJSON; (String.prototype as any).toJSON = (Number.prototype as any).toJSON = (Boolean.prototype as any).toJSON = () => "stolen"; `,
  "name, message, code, cause, stack": `for (const key of ["name", "message", "code", "cause", "stack", "errors", "userFacing"]) Object.defineProperty(Object.prototype, key, { get() { throw new TypeError("sabotage"); }, set() {}, configurable: true });`,
  "length, index, next, done, holder, keys": `for (const key of ["length", "index", "next", "done", "holder", "keys", "resolve", "reject", "promise", "namespace", "error", "weak", "held", "event", "callback", "repeats"]) Object.defineProperty(Object.prototype, key, { get() { return undefined; }, set() { throw new TypeError("sabotage"); }, configurable: true });`,
  "options of every function": `for (const key of ["with", "type", "depth", "colors", "compact", "signal", "once", "capture", "passive", "transfer", "fatal", "ignoreBOM", "stream", "maxByteLength", "validateOnly", "mode", "level"]) (Object.prototype as any)[key] = { hostile: 1 };`,
  "valueOf, toString, hasOwnProperty, constructor": `for (const key of ["valueOf", "toString", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "constructor"]) (Object.prototype as any)[key] = ${failing};`,
  "__proto__ and its old accessors": `for (const key of ["__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__"]) Object.defineProperty(Object.prototype, key, { get: ${failing}, set: ${failing}, configurable: true });`,
};

const WRAPPED: Readonly<Record<string, string>> = {
  "everything frozen": `const seen = new Set<unknown>(); const freeze = (value: any): void => { if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return; seen.add(value); for (const key of Reflect.ownKeys(value)) { const property = Reflect.getOwnPropertyDescriptor(value, key)!; freeze(property.value); freeze(property.get); } freeze(Reflect.getPrototypeOf(value)); try { Object.freeze(value); } catch {} }; for (const key of Reflect.ownKeys(globalThis)) freeze((globalThis as any)[key]); freeze(ctx);`,
  "globals that are proxies": `for (const name of ["Promise", "Map", "Error", "Object", "Array", "JSON", "Reflect", "Symbol", "String", "RegExp", "console", "Date", "Number"]) (globalThis as any)[name] = new Proxy((globalThis as any)[name], { get() { throw new TypeError("sabotage"); }, construct() { throw new TypeError("sabotage"); }, apply() { throw new TypeError("sabotage"); }, has() { return false; } });`,
  "a proxy behind the global object": `Object.setPrototypeOf(globalThis, new Proxy({}, { get() { return undefined; }, has() { return false; }, set() { return false; } }));`,
  "a proxy behind Array.prototype": `Object.setPrototypeOf(Array.prototype, new Proxy({}, { get() { return undefined; }, has() { return true; }, set() { return true; }, getOwnPropertyDescriptor() { return undefined; } }));`,
  "a throwing proxy behind Function.prototype, String.prototype, Promise.prototype, Map.prototype and Error.prototype": `for (const home of [String.prototype, Promise.prototype, Map.prototype, Error.prototype, RegExp.prototype, WeakMap.prototype, Function.prototype]) Object.setPrototypeOf(home, new Proxy({}, { get() { throw new TypeError("sabotage"); }, has() { throw new TypeError("sabotage"); }, set() { throw new TypeError("sabotage"); } }));`,
  "prototypes cut off": `for (const home of [Array.prototype, Promise.prototype, Map.prototype, Error.prototype, String.prototype, Function.prototype]) Object.setPrototypeOf(home, null);`,
};

function case_(title: string, sabotage: string, expected = goesOn): HostileCase {
  return {
    title,
    promise: "cannot leave this execution",
    files: { "lib.ts": `export const value = "lib";`, "wf.ts": workflow(`${sabotage}${GO_ON}`, HEAD) },
    limits: { wallMs: 5000 },
    expect: expected,
  };
}

export const SABOTAGE: readonly HostileCase[] = [
  ...Object.entries(REPLACED).map(([title, sabotage]) => case_(`a run that replaces ${title} goes on to its right answer`, sabotage)),
  ...Object.entries(POISONED).map(([title, sabotage]) => case_(`a run that poisons Object.prototype with ${title} goes on to its right answer`, sabotage)),
  case_(
    "a promise's constructor whose getter throws breaks the author's own await, as the language has it",
    `Object.defineProperty(Promise.prototype, "constructor", { get() { throw new TypeError("sabotage"); } });`,
    throws("TypeError", "sabotage"),
  ),
  ...Object.entries(WRAPPED).map(([title, sabotage]) => case_(`a run with ${title} goes on to its right answer`, sabotage)),
];
