// Attacks by way of imports: what a specifier, a file's name, a module's exports and its source may be, and how often and
// when import() may be called.
import { expect } from "vitest";
import type { FaultCode } from "../../../src/errors.ts";
import { workflow } from "../../support/engine.ts";
import type { HostileCase } from "../case.ts";
import { ends, exceeds, refused, returns, throws, timesOut } from "../endings.ts";

type Expectation = HostileCase["expect"];
type Files = HostileCase["files"];
type Promised = HostileCase["promise"];

function case_(title: string, files: Files, expected: Expectation, more: Partial<HostileCase> = {}): HostileCase {
  return { title, promise: "cannot leave this execution", files, expect: expected, ...more };
}

const never: Promised = "cannot happen";
const bounded: Promised = "ends within the limit";

/** Static specifiers that are refused, by code. Each is tried as import, as re-export and as import(). */
const REFUSED: Readonly<Record<string, FaultCode>> = {
  "node:fs": "ERR_IMPORT_DENIED",
  "node:no-such": "ERR_IMPORT_DENIED",
  fs: "ERR_IMPORT_DENIED",
  child_process: "ERR_IMPORT_DENIED",
  "isolated-vm": "ERR_IMPORT_DENIED",
  "bifrost-executor": "ERR_IMPORT_DENIED",
  "bifrost/sdk": "ERR_IMPORT_DENIED",
  "bifrost:anything": "ERR_IMPORT_DENIED",
  "https://example.com/a.js": "ERR_SPECIFIER_INVALID",
  "data:text/javascript,export default 1": "ERR_SPECIFIER_INVALID",
  "npm:zod": "ERR_SPECIFIER_INVALID",
  "workspace:evil": "ERR_SPECIFIER_INVALID",
  "WORKSPACE:///wf.ts": "ERR_SPECIFIER_INVALID",
  "/wf.ts": "ERR_SPECIFIER_INVALID",
  "../wf.ts": "ERR_SPECIFIER_INVALID",
  "./a\\b": "ERR_SPECIFIER_INVALID",
  "./a\0b": "ERR_SPECIFIER_INVALID",
  "./a\nb": "ERR_SPECIFIER_INVALID",
  "./\ud800": "ERR_SPECIFIER_INVALID",
  "": "ERR_SPECIFIER_INVALID",
  " ": "ERR_MODULE_NOT_FOUND",
  "./wf%2ets": "ERR_MODULE_NOT_FOUND",
  "./%2e%2e/wf.ts": "ERR_MODULE_NOT_FOUND",
  "./WF.ts": "ERR_MODULE_NOT_FOUND",
  "./wf.ts?query": "ERR_MODULE_NOT_FOUND",
  "./wf.ts#hash": "ERR_MODULE_NOT_FOUND",
  "./wf.ts ": "ERR_MODULE_NOT_FOUND",
  "./w\u200bf.ts": "ERR_MODULE_NOT_FOUND",
  "./ｗｆ.ts": "ERR_MODULE_NOT_FOUND",
  "./wf․ts": "ERR_MODULE_NOT_FOUND",
  "#internal": "ERR_MODULE_NOT_FOUND",
  "./toString": "ERR_MODULE_NOT_FOUND",
  "zod/v4": "ERR_MODULE_NOT_FOUND",
  entry: "ERR_MODULE_NOT_FOUND",
};

const SPECIFIERS: readonly HostileCase[] = [
  // In the table they would be its own.
  ...[...Object.entries(REFUSED), ["__proto__", "ERR_MODULE_NOT_FOUND"] as const, ["constructor", "ERR_MODULE_NOT_FOUND"] as const].flatMap(
    ([specifier, code]) => {
      const written = JSON.stringify(specifier);
      return [
        case_(
          `${written} is imported by a statement`,
          { "wf.ts": workflow("return Object.keys(all);", `import * as all from ${written};`) },
          ends("Failed", code),
          { promise: never },
        ),
        case_(
          `${written} is imported through a re-export, or by import()`,
          {
            "between.ts": `export * from ${written};`,
            "wf.ts": workflow(
              `await import(${written} + "").then(() => { throw new Error("was there"); }, () => {}); return Object.keys(await import("./between.ts"));`,
            ),
          },
          ends("Failed", code),
          { promise: never },
        ),
      ];
    },
  ),
  case_(
    "import() converts its argument once, and what the conversion throws or changes to is what is imported",
    {
      "a.ts": `export const name = "a";`,
      "b.ts": `export const name = "b";`,
      "wf.ts": workflow(
        `let asked = 0; const changing = { toString() { asked++; return asked % 2 ? "./a.ts" : "./b.ts"; } };
const told: unknown[] = [(await import(changing as never)).name, (await import(changing as never)).name, asked];
for (const argument of [Symbol("s"), { toString() { throw new RangeError("mine"); } }, { toString: null, valueOf: null }, Object.create(null), { [Symbol.toPrimitive]: () => ({}) }, undefined, null, 7, 7n, [], ["./a.ts"], () => {}]) told.push(await import(argument as never).then(({ name }) => name, (error) => error.name));
return told;`,
      ),
    },
    returns(["a", "b", 2, "TypeError", "RangeError", "TypeError", "TypeError", "TypeError", "Error", "Error", "Error", "Error", "Error", "a", "Error"]),
  ),
  case_("a conversion that never returns ends at the limit", { "wf.ts": workflow(`await import({ toString() { for (;;); } } as never);`) }, timesOut, {
    promise: bounded,
  }),
  ...Object.entries({
    "workspace:///": `"workspace:///" + "x".repeat(8_000_000)`,
    "another scheme": `"http:" + "x".repeat(8_000_000)`,
    "a path": `"./" + "x/".repeat(4_000_000)`,
    dots: `"./".repeat(4_000_000)`,
    climbing: `"../".repeat(2_000_000)`,
    "a backslash at its end": `"x".repeat(8_000_000) + "\\\\"`,
  }).map(([title, specifier]) =>
    case_(
      `a specifier of 8 MB that begins with or is ${title}: the error that tells of it is short`,
      { "wf.ts": workflow(`await import(${specifier});`) },
      (outcome) => {
        const text = JSON.stringify(outcome);
        expect(outcome).toMatchObject({ status: "Failed", error: { code: expect.stringMatching(/^ERR_(?:SPECIFIER_INVALID|MODULE_NOT_FOUND)$/) as unknown } });
        expect(text.length).toBeLessThan(20_000);
      },
      { limits: { wallMs: 10_000 } },
    ),
  ),
  case_(
    "import attributes are read as the language has them: another type, an odd one, a hostile one, one that changes",
    {
      "data.json": `{"a":1}`,
      "wf.ts": workflow(
        `const told: unknown[] = []; let reads = 0;
for (const options of [{ with: { type: "json" } }, { with: {} }, {}, undefined, null, 7, "text", { with: null }, { with: 7 }, { with: { type: "css" } }, { with: { type: 7 } }, { with: { type: Symbol("s") } }, { get with() { throw new RangeError("mine"); } }, { with: { get type() { throw new RangeError("mine"); } } }, new Proxy({}, { get() { throw new RangeError("mine"); } }), { with: { get type() { return reads++ ? "css" : "json"; } } }])
  told.push(await import("./data.json", options as never).then((all) => all.default.a, (error) => error.name));
return told;`,
      ),
    },
    returns([
      1,
      1,
      1,
      1,
      "TypeError",
      "TypeError",
      "TypeError",
      "TypeError",
      "TypeError",
      "TypeError",
      "TypeError",
      "TypeError",
      "RangeError",
      "RangeError",
      "RangeError",
      1,
    ]),
  ),
  case_(
    "import.meta.resolve gives URLs of the workspace or throws, whatever it is asked",
    {
      "wf.ts": workflow(
        `return ["./a", "../a", "/etc/passwd", "file:///etc/passwd", "..%2f..%2fa", "a/../../b", "__proto__", "", ".", "x".repeat(3)].map((specifier) => { try { return import.meta.resolve(specifier); } catch (error: any) { return error.name; } })
  .concat([Symbol("s"), { toString() { throw new RangeError("mine"); } }, null, undefined].map((specifier) => { try { return import.meta.resolve(specifier as never); } catch (error: any) { return error.name; } }));`,
      ),
    },
    ends("Success", undefined, ({ result }) => {
      expect(result).toEqual([
        "workspace:///a",
        "TypeError",
        "workspace:////etc/passwd",
        "file:///etc/passwd",
        "workspace:///..%2f..%2fa",
        "TypeError",
        "workspace:///__proto__",
        "workspace:///",
        "workspace:///",
        "workspace:///xxx",
        "TypeError",
        "RangeError",
        "workspace:///null",
        "workspace:///undefined",
      ]);
    }),
  ),
];

const ODD_NAMES = [
  "__proto__.ts",
  "constructor.ts",
  "then.ts",
  "toString/index.ts",
  "hasOwnProperty.ts",
  "prototype/__proto__.ts",
  "null.ts",
  "undefined.ts",
  "\u00e4.ts",
  "a\u0308.ts",
  "名前/値.ts",
  "😀.ts",
  "\u202est.ts",
  "a b (1).ts",
  "a;b.ts",
  "a'b\"c`d.ts",
  "${x}.ts",
  "a%2e%2eb.ts",
  "...ts",
  "a..ts",
  ".hidden.ts",
  "-rf.ts",
  "con.ts",
  `${"d/".repeat(100)}deep.ts`,
  `${"n".repeat(509)}.ts`,
];

const NAMES: readonly HostileCase[] = [
  case_(
    "files of odd names are modules like any other, each itself, with its own place in stacks and in import.meta",
    {
      ...Object.fromEntries(ODD_NAMES.map((name) => [name, `export const own = import.meta.url; export const place = new Error("here").stack;`])),
      "wf.ts": workflow(
        `const names = ${JSON.stringify(ODD_NAMES)}; const seen = new Set<unknown>();
for (const [index, all] of [${ODD_NAMES.map((_, index) => `m${index}`).join(", ")}].entries()) { seen.add(all); const path = names[index]; if (all.own !== "workspace:///" + path) throw new Error(path + " says it is " + all.own); if (!String(all.place).includes(path)) throw new Error(path + " stands at " + all.place); if ((await import("workspace:///" + path)) !== all) throw new Error(path + " is twice"); }
return seen.size;`,
        ODD_NAMES.map((name, index) => `import * as m${index} from ${JSON.stringify(`workspace:///${name}`)};`).join("\n"),
      ),
    },
    returns(ODD_NAMES.length),
    { limits: { wallMs: 5000 }, notByCli: "some names are not what push takes" },
  ),
  case_(
    "names that end in a dot or a space are no modules, and are not confused with those that do not",
    {
      "a.ts ": "export default 1;",
      "a.ts.": "export default 2;",
      "a .ts": "export default 3;",
      "wf.ts": workflow("return found;", `import found from "./a.ts";`),
    },
    ends("Failed", "ERR_MODULE_NOT_FOUND"),
    { notByCli: "some file systems refuse them" },
  ),
  ...Object.entries({
    "that climbs": "../a.ts",
    absolute: "/a.ts",
    "with a NUL": "a\0.ts",
    "with a line break": "a\nb.ts",
    "with a backslash": "a\\b.ts",
    "of dots": "a/./b.ts",
    "with an empty segment": "a//b.ts",
    "of half a pair": "\udc00.ts",
    "of 513 bytes": `${"n".repeat(510)}.ts`,
    empty: "",
  }).map(([title, path]) =>
    case_(`a file is stored under a path ${title}`, { [path]: "export {};", "wf.ts": workflow("return 1;") }, refused("ERR_PATH_INVALID"), {
      promise: never,
      notByCli: "no such file can be made",
    }),
  ),
];

const NAMESPACES: readonly HostileCase[] = [
  case_(
    "an entry that exports `then` is taken for a promise",
    { "wf.ts": `${workflow("return 'called';")}export function then(done: any) { done({ default: "hijacked" }); }\n` },
    returns("called"),
    { promise: never },
  ),
  case_(
    "import() of a module that exports `then` gives what it resolves with, as the language has it, and nobody else's import",
    {
      "thenable.ts": `export function then(done: any) { done("mine"); }`,
      "looping.ts": "export const value = 1;",
      "wf.ts": workflow(
        `return [await import("./thenable.ts"), (await import("./looping.ts")).value, typeof all.then];`,
        `import * as all from "./thenable.ts";`,
      ),
    },
    returns(["mine", 1, "function"]),
  ),
  case_(
    "import() of a module whose `then` never settles ends at the limit",
    { "thenable.ts": `export function then() {}`, "wf.ts": workflow(`await import("./thenable.ts");`) },
    timesOut,
    { promise: bounded },
  ),
  case_(
    "import() of a module whose `then` throws rejects with that",
    { "thenable.ts": `export function then() { throw new RangeError("mine"); }`, "wf.ts": workflow(`await import("./thenable.ts");`) },
    throws("RangeError", "mine"),
  ),
  case_(
    "exports named as Object's own, and of odd text, are exports only",
    {
      "odd.ts": `const value = 1; export { value as __proto__, value as constructor, value as toJSON, value as hasOwnProperty, value as "a b", value as "\\u0000" };`,
      "wf.ts": workflow(
        `const { ["__proto__"]: proto, constructor } = all as any; return [proto, constructor, Object.getPrototypeOf(all), ({} as any).value ?? null, Object.keys(all).length];`,
        `import * as all from "./odd.ts";`,
      ),
    },
    returns([1, 1, null, null, 6]),
  ),
  case_(
    "a namespace that is returned is refused as what it is",
    { "wf.ts": workflow(`return import("./wf.ts");`) },
    ends("Failed", "ERR_RESULT_NOT_SERIALIZABLE"),
  ),
  case_(
    "10,000 exports of one module are linked",
    {
      "many.ts": Array.from({ length: 10_000 }, (_, index) => `export const e${index} = ${index};`).join("\n"),
      "wf.ts": workflow("return Object.keys(all).length;", `import * as all from "./many.ts";`),
    },
    returns(10_000),
    { limits: { wallMs: 10_000 } },
  ),
  case_(
    "1,000 modules that all `export *` from one another end",
    {
      ...Object.fromEntries(
        Array.from({ length: 1000 }, (_, index) => [
          `m${index}.ts`,
          `export * from "./m${(index + 1) % 1000}.ts"; export * from "./m${(index * 7 + 3) % 1000}.ts"; export const e${index} = ${index};`,
        ]),
      ),
      "wf.ts": workflow("return Object.keys(all).length;", `import * as all from "./m0.ts";`),
    },
    returns(1000),
    { limits: { wallMs: 20_000 }, promise: bounded },
  ),
];

const ORDERS: readonly HostileCase[] = [
  case_(
    "a module that awaits its own import() never arrives, and ends at the limit",
    { "self.ts": `export const value = 1; await import("./self.ts");`, "wf.ts": workflow("return 1;", `import "./self.ts";`) },
    timesOut,
    { promise: bounded },
  ),
  case_(
    "two modules that await one another's import() end at the limit",
    { "a.ts": `await import("./b.ts");`, "b.ts": `await import("./a.ts");`, "wf.ts": workflow("return 1;", `import "./a.ts";`) },
    timesOut,
    { promise: bounded },
  ),
  case_("a workflow that imports its own entry gets itself", { "wf.ts": workflow(`return Object.keys(await import("./wf.ts"));`) }, returns(["default"])),
  case_("an entry whose top-level await never settles ends at the limit", { "wf.ts": workflow("return 1;", "await new Promise(() => {});") }, timesOut, {
    promise: bounded,
  }),
  case_(
    "a module that throws something else each time is evaluated once, and throws the same for ever",
    {
      "bad.ts": `(globalThis as any).times = ((globalThis as any).times ?? 0) + 1; throw new Error("time " + (globalThis as any).times);`,
      "wf.ts": workflow(
        `const told = []; for (let i = 0; i < 5; i++) told.push(await import("./bad.ts").catch((error) => error)); return [told.map((error) => error.message), new Set(told).size, (globalThis as any).times];`,
      ),
    },
    returns([["time 1", "time 1", "time 1", "time 1", "time 1"], 1, 1]),
  ),
  case_(
    "5,000 import()s of one missing name at once are each told",
    {
      "wf.ts": workflow(
        `const told = await Promise.all(Array.from({ length: 5000 }, () => import("./missing" + "").then(() => "was there", (error) => error.message))); return [told.length, new Set(told).size];`,
      ),
    },
    returns([5000, 1]),
    { limits: { wallMs: 30_000 } },
  ),
  case_(
    "5,000 import()s of distinct missing names at once are each told",
    {
      "wf.ts": workflow(
        `const told = await Promise.all(Array.from({ length: 5000 }, (_, index) => import("./missing" + index).then(() => "was there", (error) => error.message))); return [told.length, new Set(told).size];`,
      ),
    },
    returns([5000, 5000]),
    { limits: { wallMs: 30_000 } },
  ),
  case_(
    "thousands of missing names in a workspace of thousands of long paths do not hold up the supervisor",
    {
      ...Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`b/${"x".repeat(480)}${index}.ts`, "export {};"])),
      "wf.ts": workflow(
        `await Promise.all(Array.from({ length: 1000 }, (_, index) => import("a/" + "y".repeat(490) + index).catch(() => {}))); return "done";`,
      ),
    },
    // Held up, it would not answer until long after any test is given up.
    returns("done"),
    { promise: bounded, limits: { wallMs: 20_000 }, notByCli: "3,000 files are much to write" },
  ),
  case_(
    "5,000 import()s of one module at once are one module",
    {
      "lib.ts": `(globalThis as any).times = ((globalThis as any).times ?? 0) + 1; export const value = 1;`,
      "wf.ts": workflow(
        `const all = await Promise.all(Array.from({ length: 5000 }, () => import("./lib.ts"))); return [new Set(all).size, (globalThis as any).times];`,
      ),
    },
    returns([1, 1]),
    { limits: { wallMs: 30_000 } },
  ),
  case_(
    "import()s in a loop pass the total of host calls",
    { "wf.ts": workflow(`for (let index = 0; ; index++) await import("./missing" + index).catch(() => {});`) },
    exceeds("ERR_HOST_CALL_LIMIT", "totalCalls"),
    { promise: never, limits: { totalCalls: 200, wallMs: 20_000 } },
  ),
  case_(
    "import()s at once pass what may be pending",
    { "wf.ts": workflow(`await Promise.all(Array.from({ length: 1000 }, (_, index) => import("./missing" + index).catch(() => {}))); return "done";`) },
    exceeds("ERR_HOST_CALL_LIMIT", "pendingCalls"),
    { promise: never, limits: { pendingCalls: 100, wallMs: 20_000 } },
  ),
  case_(
    "import()s that are not awaited, of a workflow that returns, are dropped with it",
    {
      "lib.ts": `console.log("evaluated too late");`,
      "wf.ts": workflow(`for (let index = 0; index < 50; index++) setTimeout(() => void import("./lib.ts"), 20); return "over";`),
    },
    ends("Success", undefined, ({ result, logs }) => expect([result, logs]).toEqual(["over", []])),
  ),
  case_(
    "an import() from a timer, a microtask, a listener, a getter and a toJSON is answered",
    {
      "lib.ts": "export const value = 1;",
      "wf.ts": workflow(`const load = async () => (await import("./lib.ts")).value; const target = new EventTarget();
return Promise.all([new Promise((done) => setTimeout(() => done(load()), 1)), new Promise((done) => queueMicrotask(() => done(load()))), new Promise((done) => { target.addEventListener("a", () => done(load())); target.dispatchEvent(new Event("a")); }), { get a() { return load(); } }.a, load()]);`),
    },
    returns([1, 1, 1, 1, 1]),
  ),
  case_(
    "more modules than the limit are linked by statements",
    { ...chain(20), "wf.ts": workflow("return 1;", `import "./c0.ts";`) },
    exceeds("ERR_CLOSURE_TOO_LARGE", "modules"),
    { promise: never, limits: { modules: 10 } },
  ),
  case_(
    "more modules than the limit are linked by import()",
    {
      ...Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`m${index}.ts`, "export {};"])),
      "wf.ts": workflow(`for (let index = 0; index < 30; index++) await import("./m" + index + ".ts"); return 1;`),
    },
    exceeds("ERR_CLOSURE_TOO_LARGE", "modules"),
    { promise: never, limits: { modules: 10 } },
  ),
  case_("a chain of 3,000 imports is linked without a crash", { ...chain(3000), "wf.ts": workflow("return 1;", `import "./c0.ts";`) }, returns(1), {
    limits: { wallMs: 30_000 },
    notByCli: "3,000 files are much to write",
  }),
];

function chain(length: number): Files {
  return Object.fromEntries(Array.from({ length }, (_, index) => [`c${index}.ts`, index === length - 1 ? "export {};" : `import "./c${index + 1}.ts";`]));
}

function source(title: string, text: string | Uint8Array, expected: Expectation, more: Partial<HostileCase> = {}): HostileCase {
  return {
    title,
    promise: bounded,
    files: { "bomb.ts": text, "wf.ts": workflow("return 'ran';", `import "./bomb.ts";`) },
    expect: expected,
    limits: { wallMs: 10_000 },
    ...more,
  };
}

const tooDeep: Expectation = (outcome) => {
  expect(outcome).toMatchObject({ status: "Failed", error: { code: "ERR_NESTING_LIMIT" } });
  expect(JSON.stringify(outcome).length).toBeLessThan(20_000);
};

const MB = 1024 * 1024;
const repeat = (text: string, times: number): string => text.repeat(times);

const SOURCES: readonly HostileCase[] = [
  ...Object.entries({
    "a sum of 50,000 terms": `export const a = 1${repeat("+1", 50_000)};`,
    "100,000 parentheses": `export const a = ${repeat("(", 100_000)}1${repeat(")", 100_000)};`,
    "100,000 lists": `export const a = ${repeat("[", 100_000)}${repeat("]", 100_000)};`,
    "50,000 objects": `export const a = ${repeat("{a:", 50_000)}1${repeat("}", 50_000)};`,
    "100,000 blocks": `${repeat("{", 100_000)}${repeat("}", 100_000)}`,
    "20,000 functions": `${repeat("()=>", 20_000)}1`,
    "20,000 templates": `export const a = ${repeat("`${", 20_000)}1${repeat("}`", 20_000)};`,
    "50,000 negations": `export const a = ${repeat("!", 50_000)}1;`,
    "50,000 members": `export const a = ({} as any)${repeat(".a", 50_000)};`,
    "50,000 calls": `export const a = (() => {}) as any; a${repeat("()", 50_000)};`,
    "20,000 else branches": `${repeat("if (a) b; else ", 20_000)} c;`,
    "20,000 conditions": `export const a = ${repeat("1 ? 1 : ", 20_000)}1;`,
    "50,000 types": `export type A = ${repeat("[", 50_000)}${repeat("]", 50_000)};`,
    "50,000 type arguments": `export type A = ${repeat("Array<", 50_000)}1${repeat(">", 50_000)};`,
    "20,000 elements of JSX-like text": `export const a = ${repeat("<a>", 20_000)}1;`,
    "20,000 namespaces": `${repeat("namespace a {", 20_000)}${repeat("}", 20_000)}`,
    "20,000 classes": `${repeat("class A { a = ", 20_000)}1${repeat("}", 20_000)}`,
    "20,000 awaits": `export const a = ${repeat("await ", 20_000)}1;`,
  }).map(([title, text]) => source(`source of ${title} inside of one another is refused by its nesting`, text, tooDeep)),
  source("a module of exactly the limit is run", `//${"x".repeat(MB - 2)}`, returns("ran")),
  source("a module of one byte more than the limit is run", `//${"x".repeat(MB - 1)}`, exceeds("ERR_SOURCE_TOO_LARGE", "sourceBytes"), { promise: never }),
  source("a module within the limit in characters and over it in bytes is run", `//${"ä".repeat(600_000)}`, exceeds("ERR_SOURCE_TOO_LARGE", "sourceBytes"), {
    promise: never,
  }),
  source("a module over a lower limit of the run is run", `//${"x".repeat(2000)}`, exceeds("ERR_SOURCE_TOO_LARGE", "sourceBytes"), {
    promise: never,
    limits: { sourceBytes: 1000, wallMs: 10_000 },
  }),
  source("10,000 syntax errors are told by the first, briefly", repeat("let 1 = ;\n", 10_000), (outcome) => {
    expect(outcome).toMatchObject({ status: "Failed", error: { code: "ERR_MODULE_SYNTAX" } });
    expect(JSON.stringify(outcome).length).toBeLessThan(50_000);
  }),
  source("1 MB on one line with a syntax error at its end is told briefly", `${repeat("1,", 500_000)}(`, (outcome) => {
    expect(outcome).toMatchObject({ status: "Failed", error: { code: expect.stringMatching(/^ERR_(?:MODULE_SYNTAX|NESTING_LIMIT)$/) as unknown } });
    expect(JSON.stringify(outcome).length).toBeLessThan(20_000);
  }),
  source(
    "a text that never ends, a comment that never ends and a template that never ends are syntax errors",
    `export const a = "${"x".repeat(500_000)}`,
    ends("Failed", "ERR_MODULE_SYNTAX"),
  ),
  source("a comment of 1 MB that never ends is a syntax error", `/*${"*".repeat(1_000_000)}`, ends("Failed", "ERR_MODULE_SYNTAX")),
  source(
    "a regular expression of 500,000 groups is refused or run, and crashes nothing",
    `export const a = /${repeat("(a", 250_000)}${repeat(")", 250_000)}/;`,
    (outcome) => {
      expect(outcome).toMatchObject({ status: "Failed", error: { code: expect.stringMatching(/^ERR_(?:MODULE_SYNTAX|NESTING_LIMIT)$/) as unknown } });
    },
  ),
  source("a regular expression that backtracks without end ends at the limit", `/^(a+)+$/.test("${"a".repeat(40)}b");`, timesOut, { limits: { wallMs: 500 } }),
  source("100,000 statements are run", repeat("1;\n", 100_000), returns("ran")),
  source("50,000 local names are run", Array.from({ length: 50_000 }, (_, index) => `let v${index}=${index};`).join(""), returns("ran")),
  source("text that is no UTF-8 is a syntax error", Buffer.from([0x65, 0xff, 0xfe, 0x00, 0xc3]), ends("Failed", "ERR_MODULE_SYNTAX")),
  source("a byte order mark, NUL and line separators in texts are run as they are", `\ufeffexport const a = "\\u0000\u2028\u2029";`, returns("ran")),
  source(
    "a source map comment that names a file of the host is followed",
    `export const a = 1;\n//# sourceMappingURL=file:///etc/passwd\n//# sourceURL=/etc/passwd\nthrow new Error("mine");`,
    (outcome) => {
      expect(outcome).toMatchObject({ status: "Failed", error: { name: "Error", message: "mine", frames: [{ path: "bomb.ts", line: 4 }] } });
    },
    { promise: never },
  ),
  source(
    "directives to the compiler name files or change its options",
    `/// <reference path="/etc/passwd" />\n/// <reference types="node" />\n/** @jsx evil */ // @ts-nocheck\nexport const a: number = "no number";`,
    returns("ran"),
    { promise: never },
  ),
  ...Object.entries({
    "100,000 lists": [`${repeat("[", 100_000)}${repeat("]", 100_000)}`, "ERR_NESTING_LIMIT"],
    "100,000 lists that do not end": [repeat("[", 100_000), "ERR_NESTING_LIMIT"],
    "50,000 objects": [`${repeat('{"a":', 50_000)}1${repeat("}", 50_000)}`, "ERR_NESTING_LIMIT"],
    "no JSON": ["{a: 1}", "ERR_MODULE_SYNTAX"],
    nothing: ["", "ERR_MODULE_SYNTAX"],
    JavaScript: ["process.exit()", "ERR_MODULE_SYNTAX"],
    "two values": ["1 2", "ERR_MODULE_SYNTAX"],
  } as const).map(([title, [text, code]]) =>
    case_(
      `a JSON module of ${title} is refused`,
      { "data.json": text, "wf.ts": workflow("return typeof data;", `import data from "./data.json" with { type: "json" };`) },
      ends("Failed", code as FaultCode),
      { promise: bounded, limits: { wallMs: 10_000 } },
    ),
  ),
  case_(
    "a JSON module of text that could end a script is more than data",
    {
      "data.json": JSON.stringify({ text: "\u2028\u2029</script>`${globalThis.hostile = 1}`*/", __proto__: 1 }),
      "wf.ts": workflow("return [data.text.length, typeof (globalThis as any).hostile];", `import data from "./data.json" with { type: "json" };`),
    },
    returns(["\u2028\u2029</script>`${globalThis.hostile = 1}`*/".length, "undefined"]),
    { promise: never },
  ),
  case_(
    "a tsconfig.json of the workspace reaches for files, plugins or other options",
    {
      "tsconfig.json": `{"extends":"/etc/passwd","compilerOptions":{"plugins":[{"name":"/etc/passwd"}],"outDir":"/tmp/hostile","paths":{"*":["/etc/*"]},"rootDirs":["/"],"target":"ES3","module":"commonjs","experimentalDecorators":true}}`,
      "wf.ts": workflow("return 'ran';"),
    },
    returns("ran"),
    { promise: never },
  ),
  case_(
    "a tsconfig.json that is a bomb fails or is ignored, and the compiler lives on",
    { "tsconfig.json": repeat("[", 100_000), "wf.ts": workflow("return 'ran';") },
    (outcome) => {
      expect(outcome).toMatchObject({ status: expect.stringMatching(/^(?:Success|Failed)$/) as unknown });
      expect(outcome).not.toMatchObject({ error: { code: "ERR_INTERNAL" } });
    },
    { promise: bounded },
  ),
];

export const IMPORTS: readonly HostileCase[] = [...SPECIFIERS, ...NAMES, ...NAMESPACES, ...ORDERS, ...SOURCES];
