// Attacks by what is said: floods, lines that imitate others, values that are hostile to whoever formats them, the
// console's own state, errors on the way, and lines that come when nobody should speak any more.
import { expect } from "vitest";
import type { LogLine } from "../../../src/completion.ts";
import { workflow } from "../../support/engine.ts";
import type { HostileCase } from "../case.ts";
import { ends, endsInOneOf, exceeds, execution, runsOutOfMemory, throws, timesOut } from "../endings.ts";

type Expectation = HostileCase["expect"];

function case_(title: string, body: string, expected: Expectation, more: Partial<HostileCase> & { readonly head?: string } = {}): HostileCase {
  const { head, ...rest } = more;
  return { title, promise: "cannot leave this execution", files: { "wf.ts": workflow(body, head) }, expect: expected, ...rest };
}

const never = "cannot happen";
const bounded = "ends within the limit";

/** Succeeds with "done", and logs so. */
function logs(check: (lines: readonly LogLine[]) => void): Expectation {
  return ends("Success", undefined, ({ result, logs: lines }) => {
    expect(result).toBe("done");
    expect(lines.map(({ sequence }) => sequence)).toEqual(lines.map((_, index) => index + 1));
    check(lines);
  });
}

function says(...messages: readonly (string | RegExp)[]): Expectation {
  return logs((lines) =>
    expect(lines.map(({ message }) => message)).toEqual(messages.map((each) => (typeof each === "string" ? each : (expect.stringMatching(each) as unknown)))),
  );
}

/** Cut short, with the mark as last line and no other. */
function isCut(lines: readonly LogLine[], most: { readonly lines?: number; readonly bytes?: number }): void {
  const kept = lines.slice(0, -1);
  expect(lines.at(-1)).toMatchObject({ level: "warn", message: expect.stringMatching(/^\[truncated: /) as unknown });
  expect(kept.filter(({ message }) => message.startsWith("[truncated"))).toEqual([]);
  if (most.lines !== undefined) expect(kept).toHaveLength(most.lines);
  const bytes = kept.reduce(
    (sum, { message, data }) => sum + Buffer.byteLength(message) + (data === undefined ? 0 : Buffer.byteLength(JSON.stringify(data))),
    0,
  );
  // The mark of a line that is cut is not counted.
  if (most.bytes !== undefined) expect(bytes).toBeLessThanOrEqual(most.bytes + Buffer.byteLength("…"));
}

const FLOODS: readonly HostileCase[] = [
  case_(
    "300,000 lines of console.log are cut at the limit with a mark, and the run succeeds",
    `for (let i = 0; i < 300_000; i++) console.log("line", i); return "done";`,
    logs((lines) => isCut(lines, { lines: 10_000 })),
    { limits: { wallMs: 20_000 } },
  ),
  case_(
    "lines of ctx.log one more than the limit are cut with a mark; as many as the limit are not",
    `for (let i = 0; i < 101; i++) ctx.log.warn("line " + i, { i }); return "done";`,
    logs((lines) => isCut(lines, { lines: 100 })),
    { limits: { logLines: 100 } },
  ),
  case_(
    "as many lines as the limit are kept without a mark",
    `for (let i = 0; i < 100; i++) ctx.log.warn("line " + i, { i }); return "done";`,
    logs((lines) => expect(lines.map(({ message }) => message)).toEqual(Array.from({ length: 100 }, (_, index) => `line ${index}`))),
    { limits: { logLines: 100 } },
  ),
  case_(
    "one line of 10 MB is cut with a mark",
    `console.log("x".repeat(10_000_000)); console.log("after"); return "done";`,
    logs((lines) => isCut(lines, { bytes: 4 * 1024 * 1024 })),
    { limits: { wallMs: 10_000 } },
  ),
  case_(
    "100 lines of 10 MB are cut with one mark, and fill nobody's memory",
    `for (let i = 0; i < 100; i++) console.log("x".repeat(10_000_000)); return "done";`,
    logs((lines) => isCut(lines, { bytes: 4 * 1024 * 1024 })),
    { limits: { wallMs: 20_000 } },
  ),
  case_(
    "data of 10 MB is cut with a mark",
    `ctx.log.info("data", { text: "ä".repeat(5_000_000) }); return "done";`,
    logs((lines) => isCut(lines, { bytes: 4 * 1024 * 1024 })),
    { limits: { wallMs: 10_000 } },
  ),
  case_(
    "lines are counted in bytes, not in characters",
    `for (let i = 0; i < 10; i++) console.log("€".repeat(100)); return "done";`,
    logs((lines) => isCut(lines, { bytes: 1000 })),
    { limits: { logBytes: 1000 } },
  ),
  case_(
    "a flood of lines in a loop that does not end is cut, and the run ends at the limit with what it said",
    `for (let i = 0; ; i++) console.log("line", i);`,
    (outcome) => {
      timesOut(outcome);
      isCut(execution(outcome).logs, { lines: 1000 });
    },
    { promise: bounded, limits: { logLines: 1000, wallMs: 1000 } },
  ),
  case_(
    "a flood of empty lines is cut by its lines",
    `for (let i = 0; i < 50_000; i++) console.log(""); return "done";`,
    logs((lines) => isCut(lines, { lines: 10_000 })),
    { limits: { wallMs: 10_000 } },
  ),
  case_(
    "a flood of stacks is cut by its bytes",
    `const error = new Error("x"); error.stack = "Error: x\\n" + Array.from({ length: 30_000 }, (_, i) => "    at f" + i + " (workspace:///wf.ts:1:1)").join("\\n"); for (let i = 0; i < 200; i++) console.error(error); return "done";`,
    logs((lines) => isCut(lines, { bytes: 200_000 })),
    { limits: { wallMs: 20_000, logBytes: 200_000 } },
  ),
];

const ESCAPES = "\\u001b[2J\\u001b]0;title\\u0007\\u009b31m\\u0008\\u007f\\r\\u0000";

const IMITATIONS: readonly HostileCase[] = [
  case_(
    "control characters, escapes and line breaks in a line are kept in the record as they are, in one line of it",
    `console.log("${ESCAPES}\\nerror forged"); return "done";`,
    says("\u001b[2J\u001b]0;title\u0007\u009b31m\u0008\u007f\r\u0000\nerror forged"),
  ),
  case_(
    "a line that reads like another's, or like the mark of truncation, has its own level, number and time and is followed by others",
    `console.log("[truncated: an execution keeps at most 1 log lines]"); console.log('{"type":"finished","execution":{}}'); console.debug("error forged"); return "done";`,
    logs((lines) =>
      expect(lines.map(({ level, message }) => [level, message])).toEqual([
        ["info", "[truncated: an execution keeps at most 1 log lines]"],
        ["info", '{"type":"finished","execution":{}}'],
        ["debug", "error forged"],
      ]),
    ),
  ),
  case_(
    "half of a surrogate pair, noncharacters and U+2028 in a line are kept or replaced, and break nothing",
    `console.log("a\\ud800b\\uffff\\u2028\\ufdd0"); console.log("%s", "\\udfff"); return "done";`,
    says(/^a(?:\ud800|\ufffd)b\uffff\u2028\ufdd0$/, /^(?:\udfff|\ufffd)$/),
  ),
  case_(
    "the marks that stand for objects while a line is formatted, written by the author, show no object twice over a million times",
    `const big = { text: "x".repeat(1000) }; console.log("\\ufdd00\\ufdd1".repeat(1_000_000), big); return "done";`,
    endsInOneOf(
      logs((lines) => isCut(lines, { bytes: 4 * 1024 * 1024 })),
      timesOut,
      runsOutOfMemory,
    ),
    { promise: bounded, limits: { wallMs: 5000 } },
  ),
  case_(
    "a log line whose stack names line 0, or a line that does not exist, is told and breaks nobody",
    `const error = new Error("mine"); error.stack = ["Error: mine", "    at a (workspace:///wf.ts:0:0)", "    at b (workspace:///wf.ts:1:0)", "    at c (workspace:///wf.ts:999999999:999999999)", "    at d (workspace:///wf.ts:-1:-1)", "    at e (workspace:///wf.ts:99999999999999999999:1)"].join("\\n"); console.error(error); console.log("after"); return "done";`,
    says(/^Error: mine/, "after"),
  ),
  case_(
    "a log line whose stack names files of the host, of the room or of another workspace shows no source of them",
    `const error = new Error("mine"); error.stack = ["Error: mine", "    at x (bifrost:bootstrap:1:1)", "    at y (workspace:///../../etc/passwd:1:1)", "    at z (workspace:///__proto__:1:1)"].join("\\n"); console.error(error); return "done";`,
    logs(([line]) => expect(line?.message).not.toMatch(/bifrost:|root:x/)),
  ),
  case_(
    "a line of a million beginnings of places is read in time that grows with its length",
    `const error = new Error("mine"); error.stack = "Error: mine\\n    at f (" + "workspace:///".repeat(290_000); for (let i = 0; i < 20; i++) { console.error(error); console.error(error.stack); } return "done";`,
    logs((lines) => expect(lines.length).toBeGreaterThan(0)),
    { promise: bounded, limits: { wallMs: 20_000 } },
  ),
];

/** What is logged, and what is said of it. */
const VALUES: Readonly<Record<string, readonly [value: string, said: string | RegExp]>> = {
  "a proxy whose traps throw": [`new Proxy({}, new Proxy({}, { get() { throw new Error("trap"); } }))`, /./],
  "a revoked proxy": [`(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()`, /./],
  "an object whose getters throw": [`{ get a() { throw new Error("getter"); } }`, "{ a: [Getter] }"],
  "an object whose toStringTag throws": [`{ get [Symbol.toStringTag](): string { throw new Error("tag"); } }`, /./],
  "an object whose constructor is hostile": [`Object.create({ get constructor() { throw new Error("constructor"); } })`, /./],
  "a ring": [`(() => { const ring: any = {}; ring.ring = ring; return ring; })()`, "<ref *1> { ring: [Circular *1] }"],
  "an object nested 10,000 deep": [
    `(() => { let deep: any = {}; for (let i = 0; i < 10_000; i++) deep = { deep }; return deep; })()`,
    "{ deep: { deep: { deep: [Object] } } }",
  ],
  "an inspection that throws": [`{ [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("custom"); } }`, /./],
  "an inspection that gives itself": [`(() => { const self: any = { [Symbol.for("nodejs.util.inspect.custom")]() { return self; } }; return self; })()`, /./],
  "an error whose parts throw": [
    `Object.defineProperties(new Error("e"), { stack: { get() { throw new Error("stack"); } }, name: { get() { throw new Error("name"); } }, message: { get() { throw new Error("message"); } } })`,
    /./,
  ],
  "an error that is its own cause": [`(() => { const error: any = new Error("ring"); error.cause = error; return error; })()`, /^.*Error: ring/],
  "a Map and a Set that hold themselves": [
    `(() => { const map = new Map(); map.set(map, map); const set = new Set(); set.add(set); return [map, set]; })()`,
    /Circular/,
  ],
  "a class of a hostile name": [`new (class { static get name(): string { throw new Error("name"); } })()`, /./],
  "an invalid date, a detached buffer and a huge number": [
    `[new Date(NaN), (() => { const buffer = new ArrayBuffer(8); buffer.transfer(); return buffer; })(), 10n ** 100n]`,
    /Invalid Date/,
  ],
};

const LOOPING: Readonly<Record<string, string>> = {
  "a proxy whose trap never returns": `new Proxy({}, { ownKeys() { for (;;); } })`,
  "an inspection that never returns": `{ [Symbol.for("nodejs.util.inspect.custom")]() { for (;;); } }`,
  "an error whose stack never returns": `Object.defineProperty(new Error("e"), "stack", { get() { for (;;); } })`,
};

const VALUE_CASES: readonly HostileCase[] = [
  ...Object.entries(VALUES).map(([title, [value, said]]) =>
    case_(
      `${title}, logged in every way, is told or refused, and the run goes on`,
      `const value: any = ${value}; const failed: string[] = [];
for (const [name, act] of Object.entries<() => void>({ log: () => console.log(value), format: () => console.log("%o %O %j %s %d", value, value, 1, 2, 3), nested: () => console.log([{ value }]), error: () => console.error(value), dir: () => console.dir(value, { depth: 50 }), table: () => console.table(value), context: () => ctx.log.info(value), data: () => ctx.log.info("data", { value }), assert: () => console.assert(false, value), group: () => { console.group(value); console.groupEnd(); } })) { try { act(); } catch (error: any) { failed.push(name); } }
console.log("after", failed.length < 10); return "done";`,
      logs((lines) => {
        expect(lines.at(-1)?.message).toBe("after true");
        if (typeof said === "string") expect(lines[0]?.message).toBe(said);
        else expect(lines[0]?.message).toMatch(said);
      }),
      { limits: { wallMs: 5000 } },
    ),
  ),
  ...Object.entries(LOOPING).map(([title, value]) =>
    case_(
      `${title}, logged, ends at the limit, and what was logged before is kept`,
      `console.log("before"); console.log(${value}); return "done";`,
      (outcome) => {
        timesOut(outcome);
        expect(outcome).toMatchObject({ logs: [{ message: "before" }] });
      },
      { promise: bounded },
    ),
  ),
  case_(
    "a list of 1,000,000 items, a Map of 100,000 and a text of 5 MB are told briefly",
    `console.log(new Array(1_000_000).fill(7)); console.log(new Map(Array.from({ length: 100_000 }, (_, i) => [i, i]))); console.log({ text: "x".repeat(5_000_000) }); return "done";`,
    logs((lines) => {
      expect(lines[0]?.message).toMatch(/more items/);
      expect(lines[1]?.message).toMatch(/^Map\(100000\)/);
      for (const { message } of lines) expect(message.length).toBeLessThan(50_000);
    }),
    { limits: { wallMs: 20_000, memoryBytes: 256 * 1024 * 1024 } },
  ),
  case_(
    "options that ask console.dir for everything, or are hostile, are answered or refused",
    `const all = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity, showHidden: true, showProxy: true, getters: true, colors: true, compact: false, sorted: () => { throw new Error("sorted"); } };
for (const options of [all, { get depth() { throw new Error("depth"); } }, new Proxy({}, { ownKeys() { throw new Error("keys"); } }), { depth: -1 }, { depth: NaN }, { breakLength: -5 }, { stylize: () => { throw new Error("style"); } }, null, 7]) { try { console.dir({ a: [1, { b: 2 }] }, options as never); } catch {} } console.log("after"); return "done";`,
    logs((lines) => expect(lines.at(-1)?.message).toBe("after")),
  ),
  case_(
    "data whose toJSON throws, never agrees or gives what is no data is kept as text or as what it gives",
    `let reads = 0;
ctx.log.info("throws", { toJSON() { throw new Error("no"); } }); ctx.log.info("changes", { toJSON() { return reads++ ? "second" : "first"; } }); ctx.log.info("function", { toJSON() { return () => {}; } }); ctx.log.info("ring", (() => { const ring: any = {}; ring.ring = ring; return ring; })()); ctx.log.info("big", 10n); ctx.log.info("symbol", Symbol("s")); ctx.log.info("deep", (() => { let deep: any = 1; for (let i = 0; i < 100_000; i++) deep = [deep]; return deep; })()); ctx.log.info("proto", JSON.parse('{"__proto__":{"polluted":1}}')); return "done";`,
    logs((lines) => {
      expect(lines.map(({ message }) => message)).toEqual(["throws", "changes", "function", "ring", "big", "symbol", "deep", "proto"]);
      expect(lines.every((line) => "data" in line)).toBe(true);
      expect(lines[1]?.data).toBe("first");
      expect(JSON.stringify(lines[7]?.data)).toBe('{"__proto__":{"polluted":1}}');
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    }),
    { limits: { wallMs: 10_000 } },
  ),
  case_("data whose toJSON never returns ends at the limit", `ctx.log.info("loops", { toJSON() { for (;;); } }); return "done";`, timesOut, {
    promise: bounded,
  }),
  case_(
    "data that doubles 100 times by shared parts ends at a limit",
    `let value: unknown = "x"; for (let i = 0; i < 100; i++) value = [value, value]; ctx.log.info("bomb", value); return "done";`,
    endsInOneOf(timesOut, runsOutOfMemory),
    { promise: bounded, limits: { wallMs: 1500 } },
  ),
];

const CONSOLE: readonly HostileCase[] = [
  case_(
    "formats with more or fewer values, hostile values and a million signs are told",
    `console.log("%"); console.log("%s %s", 1); console.log("%d %i %f", Symbol("s"), 1n, {}); console.log("%c%c", "color: red", "x"); console.log("%%%s%%", 1); console.log("%x %_ %1$s", 1);
try { console.log("%s", { toString() { throw new Error("mine"); }, [Symbol.toPrimitive]() { throw new Error("mine"); } }); } catch {} console.log("%j", (() => { const ring: any = {}; ring.r = ring; return ring; })()); console.log("%".repeat(1_000_000), 1); console.log("after"); return "done";`,
    logs((lines) => {
      expect(lines.slice(0, 2).map(({ message }) => message)).toEqual(["%", "1 %s"]);
      expect(lines.at(-1)?.message).toBe("after");
    }),
    { limits: { wallMs: 10_000 } },
  ),
  case_(
    "a million groups indent no line beyond what is kept, and are left again",
    `for (let i = 0; i < 1_000_000; i++) console.group(); console.log("deep"); for (let i = 0; i < 1_000_000; i++) console.groupEnd(); console.log("after"); return "done";`,
    logs((lines) => {
      expect(lines.reduce((sum, { message }) => sum + message.length, 0)).toBeLessThanOrEqual(4 * 1024 * 1024 + 200);
      expect(lines[0]?.message).toMatch(/^ +(?:deep|…)$/);
    }),
    { limits: { wallMs: 20_000 } },
  ),
  case_(
    "200,000 labels of time and count fill the author's own memory only",
    `for (let i = 0; i < 200_000; i++) { console.time("label " + i); console.countReset("label " + i); } return "done";`,
    endsInOneOf(
      logs((lines) => isCut(lines, { lines: 10_000 })),
      runsOutOfMemory,
    ),
    { limits: { wallMs: 20_000 } },
  ),
  case_(
    "labels named as Object's own, and no texts, are labels",
    `for (const label of ["__proto__", "constructor", "toString", "", undefined, null, 7, {}]) { console.count(label as never); console.count(label as never); } return "done";`,
    says(
      "__proto__: 1",
      "__proto__: 2",
      "constructor: 1",
      "constructor: 2",
      "toString: 1",
      "toString: 2",
      ": 1",
      ": 2",
      "default: 1",
      "default: 2",
      "null: 1",
      "null: 2",
      "7: 1",
      "7: 2",
      "[object Object]: 1",
      "[object Object]: 2",
    ),
  ),
  case_(
    "tables of hostile rows and columns are told, or refused to the author",
    `for (const [rows, columns] of [[[{ __proto__: null, a: 1 }], ["__proto__", "constructor"]], [new Map([[{}, []]])], [new Set([new Set()])], [[[[]]]], [{ get a() { throw new Error("a"); } }], [new Proxy([], { get() { throw new Error("p"); } })], [[1, 2], 7], [[{ a: 1 }], [Symbol("s")]], [7], [null]] as any[]) { try { console.table(rows, columns); } catch {} } console.log("after"); return "done";`,
    logs((lines) => expect(lines.at(-1)?.message).toBe("after")),
  ),
  case_(
    "a table of 100,000 rows of distinct columns ends at a limit or is cut",
    `console.table(Array.from({ length: 100_000 }, (_, i) => ({ ["c" + i]: i }))); return "done";`,
    endsInOneOf(
      timesOut,
      runsOutOfMemory,
      logs((lines) => isCut(lines, {})),
      throws("RangeError", /./),
    ),
    { promise: bounded, limits: { wallMs: 3000 } },
  ),
  case_(
    "console and its functions replaced, wrapped or deleted are the author's own affair: ctx.log goes on",
    `(console as any).log = () => { throw new Error("mine"); }; delete (console as any).error; (globalThis as any).console = new Proxy(console, { get() { throw new Error("mine"); } }); try { console.log("x"); } catch {} ctx.log.info("still"); (globalThis as any).console = undefined; ctx.log.warn("here"); return "done";`,
    says("still", "here"),
  ),
  case_(
    "console's functions called on nothing, and as constructors, do what they do or refuse",
    `const { log } = console; log("bare"); log.call(null as never, "null"); Reflect.apply(log, new Proxy({}, {}), ["proxy"]); try { new (console.log as any)("new"); } catch {} return "done";`,
    logs((lines) => expect(lines.slice(0, 3).map(({ message }) => message)).toEqual(["bare", "null", "proxy"])),
  ),
];

const ENDS: readonly HostileCase[] = [
  case_(
    "lines of finally blocks, of a failing run's cleanup and of its last microtasks are kept, in order",
    `try { console.log("try"); await null; throw new RangeError("mine"); } finally { console.log("finally"); await null; console.log("after await"); }`,
    (outcome) => {
      throws("RangeError", "mine")(outcome);
      expect(execution(outcome).logs.map(({ message }) => message)).toEqual(["try", "finally", "after await"]);
    },
  ),
  case_(
    "a line is logged after the end: from a timer, a microtask, a promise or an interval that is left over",
    `setTimeout(() => console.log("late timer"), 1); setInterval(() => console.log("late interval"), 1); setImmediate(() => console.log("late immediate")); void (async () => { for (;;) { await new Promise((r) => setTimeout(r, 1)); console.log("late loop"); } })(); return "done";`,
    says(),
    { promise: never },
  ),
  case_(
    "10,000 rejections that nobody handles end the run once, by one of them",
    `for (let i = 0; i < 10_000; i++) void Promise.reject(new RangeError("rejection " + i)); await new Promise(() => {});`,
    throws("RangeError", /^rejection \d+$/),
    { limits: { wallMs: 20_000 } },
  ),
  case_(
    "10,000 timers that throw end the run once, by the first",
    `for (let i = 0; i < 10_000; i++) setTimeout(() => { throw new RangeError("timer " + i); }, 1); await new Promise(() => {});`,
    throws("RangeError", "timer 0"),
    { limits: { wallMs: 20_000 } },
  ),
  case_(
    "more timers than may be pending are started",
    `for (let i = 0; i < 200; i++) setTimeout(() => {}, 1000); return "done";`,
    exceeds("ERR_HOST_CALL_LIMIT", "pendingCalls"),
    { promise: never, limits: { pendingCalls: 100 } },
  ),
  case_(
    "10,000 rejections that are handled in time end nothing",
    `const all = Array.from({ length: 10_000 }, (_, i) => Promise.reject(new Error("e" + i))); for (const each of all) each.catch(() => {}); console.log("handled"); return "done";`,
    says("handled"),
    { limits: { wallMs: 20_000 } },
  ),
  case_(
    "an error thrown while an error is formatted, in Error.prepareStackTrace, name or message, is not the run's",
    `Error.prepareStackTrace = () => { throw new Error("hook"); }; console.error(new Error("first")); Error.prepareStackTrace = undefined; Object.defineProperty(Error.prototype, "name", { get() { throw new Error("name"); } }); try { console.error(new Error("second")); } catch {} console.log("after"); return "done";`,
    logs((lines) => expect(lines.at(-1)?.message).toBe("after")),
  ),
  case_(
    "console.trace shows the author's frames only",
    `const deep = (n: number): void => (n === 0 ? console.trace("here") : deep(n - 1)); deep(3); [1].forEach(() => console.trace()); return "done";`,
    logs((lines) => {
      expect(lines[0]?.message).toMatch(/^Trace: here\n {4}at deep \(wf\.ts:/);
      for (const { message } of lines) for (const frame of message.split("\n").slice(1)) expect(frame).toMatch(/wf\.ts:\d+:\d+\)?$|<anonymous>/);
    }),
  ),
  case_(
    "a line that is logged while another is being formatted is kept, and both are whole",
    `console.log({ [Symbol.for("nodejs.util.inspect.custom")]() { console.log("inner"); return "outer"; } }); ctx.log.info("with", { toJSON() { ctx.log.info("inner too"); return 1; } }); return "done";`,
    says("inner", "outer", "inner too", "with"),
  ),
  case_(
    "a cancelled run that goes on logging is ended, and what it said until then is kept",
    `for (let i = 0; ; i++) { console.log("line", i); if (i % 50 === 0) await new Promise((r) => setTimeout(r, 1)); }`,
    (outcome) => {
      expect(outcome).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" } });
      expect(execution(outcome).logs[0]?.message).toBe("line 0");
    },
    { promise: bounded, cancelled: true, limits: { wallMs: 20_000 }, notByCli: "no signal" },
  ),
  case_(
    "a cancelled run that logs in a loop without a pause is ended",
    `for (let i = 0; ; i++) console.log("line", i);`,
    (outcome) => {
      expect(outcome).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" } });
    },
    { promise: bounded, cancelled: true, limits: { wallMs: 20_000 }, notByCli: "no signal" },
  ),
  case_(
    "the run's own logs can be changed through its result, or the result through its logs",
    `const shared: any = { a: 1 }; ctx.log.info("data", shared); shared.a = 2; console.log(shared); shared.a = 3; return "done";`,
    logs((lines) => expect([lines[0]?.data, lines[1]?.message]).toEqual([{ a: 1 }, "{ a: 2 }"])),
    { promise: never },
  ),
  case_(
    "each level keeps its own, whatever it is called with",
    `for (const level of ["debug", "info", "warn", "error"] as const) { (ctx.log[level] as any)(); (ctx.log[level] as any)(undefined, undefined); (ctx.log[level] as any)(level, level, "more"); } return "done";`,
    logs((lines) => expect(lines.map(({ level }) => level)).toEqual(["debug", "info", "warn", "error"].flatMap((level) => [level, level, level]))),
  ),
];

export const LOGS: readonly HostileCase[] = [...FLOODS, ...IMITATIONS, ...VALUE_CASES, ...CONSOLE, ...ENDS];
