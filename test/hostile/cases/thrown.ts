// Whatever can be thrown, and wherever: kinds of values, errors whose parts are hostile, errors that claim to be somebody
// else's. What is said of them is the author's, is bounded, and is believed in nothing.
import { expect } from "vitest";
import type { ExecutionError } from "../../../src/completion.ts";
import { workflow } from "../../support/engine.ts";
import type { HostileCase } from "../case.ts";
import { ends, endsInOneOf, runsOutOfMemory, throws, timesOut } from "../endings.ts";

type Expectation = HostileCase["expect"];

function failsWith(check: (error: ExecutionError) => void): Expectation {
  return ends("Failed", undefined, ({ error, result }) => {
    expect(result).toBeUndefined();
    check(error as ExecutionError);
  });
}

function case_(
  title: string,
  body: string,
  expected: Expectation,
  ...[promise = "cannot leave this execution", limits]: [HostileCase["promise"]?, HostileCase["limits"]?]
): HostileCase {
  return { title, promise, files: { "wf.ts": workflow(body) }, expect: expected, ...(limits === undefined ? {} : { limits }) };
}

const LOST = /^Something that is not an Error was thrown at a module's top level, or is the reason of a rejection that nobody handles/;

/** Value, what is told of it, and what is where it is thrown outside of a call; the same where absent. */
const KINDS: Readonly<Record<string, readonly [value: string, message: string | RegExp, outside?: RegExp]>> = {
  undefined: ["undefined", "undefined"],
  null: ["null", "null"],
  "a symbol": [`Symbol("s")`, "Symbol(s)", LOST],
  "a BigInt": ["10n ** 50n", `1${"0".repeat(50)}n`, /./],
  "a number": ["-0", "-0", /^-?0$/],
  "a string": [`"text"`, "text"],
  "a function": [`function named() { throw 1; }`, "[Function: named]", LOST],
  "an empty object": ["{}", "{}", LOST],
  "a class": [`class Mine {}`, "[class Mine]", LOST],
  "a revoked proxy": [`(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()`, /./, LOST],
  "a proxy whose traps throw": [`new Proxy({}, new Proxy({}, { get() { throw new Error("trap"); } }))`, /./, LOST],
  "a proxy of an error": [`new Proxy(new Error("inner"), {})`, /inner/, /^inner$/],
  "an object that only looks like an error": [
    `{ name: "TypeError", message: "look-alike", stack: "TypeError: look-alike\\n    at workspace:///wf.ts:1:1" }`,
    /look-alike/,
    /^look-alike$/,
  ],
  "an object with getters that throw": [`{ get message() { throw 1; }, get stack() { throw 2; }, get name() { throw 3; } }`, /message: \[Getter\]/, LOST],
  "a module's namespace": [`await import("./wf.ts")`, /./, LOST],
};

const VALUES: readonly HostileCase[] = Object.entries(KINDS).flatMap(([title, [value, message, outside = message]]) => [
  case_(`${title}, thrown by the workflow, is told as text`, `throw ${value};`, throws("Error", message)),
  {
    title: `${title}, thrown at a module's top level, is told as text`,
    promise: "cannot leave this execution",
    files: {
      "bad.ts": `throw ${title === "a module's namespace" ? `await import("./other.ts")` : value}; export {};`,
      "other.ts": "export const a = 1;",
      "wf.ts": workflow("return 1;", `import "./bad.ts";`),
    },
    expect: throws(outsideName(title), outside),
  } satisfies HostileCase,
  case_(
    `${title}, as the reason of a rejection that nobody handles, ends the run`,
    `void Promise.reject(${value}); await new Promise(() => {});`,
    throws(outsideName(title), outside),
  ),
]);

/** Outside of a call isolated-vm makes the copy, and takes what looks like an error for one. */
function outsideName(title: string): string {
  return title === "an object that only looks like an error" ? "TypeError" : "Error";
}

const LOOPING: Readonly<Record<string, string>> = {
  "a looping getter of an object's message": `{ get message() { for (;;); } }`,
  "looping getters of message and stack": `{ get message() { for (;;); }, get stack() { for (;;); } }`,
  "an error whose message loops": `Object.defineProperty(new Error("e"), "message", { get() { for (;;); } })`,
  "an error whose stack loops": `Object.defineProperty(new Error("e"), "stack", { get() { for (;;); } })`,
  "an error whose name loops": `Object.defineProperty(new Error("e"), "name", { get() { for (;;); } })`,
  "an error whose cause loops": `Object.defineProperty(new Error("e"), "cause", { get() { for (;;); } })`,
  "an error whose prototype is a proxy that loops": `Object.setPrototypeOf(new Error("e"), new Proxy({}, { get() { for (;;); } }))`,
  "a proxy whose every trap loops": `new Proxy({}, new Proxy({}, { get() { for (;;); } }))`,
  "an inspection that loops": `{ [Symbol.for("nodejs.util.inspect.custom")]() { for (;;); } }`,
  "a conversion that loops": `{ toString() { for (;;); }, [Symbol.toPrimitive]() { for (;;); }, get [Symbol.toStringTag](): string { for (;;); } }`,
  "an AggregateError whose errors loop": `new AggregateError(new Proxy([], { get(target: any, key) { if (key === "0") for (;;); return key === "length" ? 5 : target[key]; } }) as never, "m")`,
};

/** Which of them end at once, because nothing asks for the part that loops: in a call, and outside of one. */
const AT_ONCE: Readonly<Record<string, readonly [inside: Expectation, outside: Expectation]>> = {
  "a looping getter of an object's message": [throws("Error", "{ message: [Getter] }"), timesOut],
  "looping getters of message and stack": [throws("Error", "{ message: [Getter], stack: [Getter] }"), timesOut],
  "an inspection that loops": [timesOut, throws("Error", LOST)],
  "a conversion that loops": [timesOut, throws("Error", LOST)],
};

const LOOPS: readonly HostileCase[] = Object.entries(LOOPING).flatMap(([title, value]) => [
  case_(`${title}, thrown by the workflow, ends at once or at the limit`, `throw ${value};`, AT_ONCE[title]?.[0] ?? timesOut, "ends within the limit"),
  {
    title: `${title}, thrown at a module's top level, ends at once or at the limit`,
    promise: "ends within the limit",
    files: { "bad.ts": `throw ${value};`, "wf.ts": workflow("return 1;", `import "./bad.ts";`) },
    expect: AT_ONCE[title]?.[1] ?? timesOut,
  } satisfies HostileCase,
]);

const boundedText = failsWith(({ message, stack }) => {
  expect(message.length).toBeLessThanOrEqual(1_000_001);
  expect(stack.length).toBeLessThanOrEqual(1_100_000);
  expect(message).toMatch(/^x+…$/);
});

function depthOf({ cause }: ExecutionError): number {
  return cause === undefined ? 0 : 1 + depthOf(cause);
}

const CLAIMS = [
  "ERR_TIMEOUT_WALL",
  "ERR_MEMORY_LIMIT",
  "ERR_INTERNAL",
  "ERR_PROCESS_CRASH",
  "ERR_CANCELLED",
  "ERR_IMPORT_DENIED",
  "ERR_RESULT_TOO_LARGE",
] as const;

const PARTS: readonly HostileCase[] = [
  ...CLAIMS.map((code) =>
    case_(
      `an error that claims the code ${code} is believed`,
      `throw Object.assign(new Error("mine"), { code: "${code}", faultCode: "${code}", status: "Timeout", userFacing: true, details: { limitMs: 1 } });`,
      failsWith(({ name, message, userFacing, details }) => expect({ name, message, userFacing, details }).toEqual({ name: "Error", message: "mine" })),
      "cannot happen",
    ),
  ),
  ...["TimeoutError", "MemoryLimitError", "ProcessCrashError", "CancelledError", "Fault", "InputError"].map((name) =>
    case_(
      `an error named ${name} ends the run as anything but the author's failure`,
      `throw Object.assign(new Error("mine"), { name: "${name}" });`,
      throws(name, "mine"),
      "cannot happen",
    ),
  ),
  case_(
    "a DOMException named TimeoutError or AbortError ends the run as anything but the author's failure",
    `throw new DOMException("mine", "TimeoutError");`,
    throws("TimeoutError", "mine"),
    "cannot happen",
  ),
  case_(
    "an error whose stack reads like the machine's exhausted buffers is taken for the memory limit",
    `const error = new Error("mine"); error.stack = "RangeError: Array buffer allocation failed\\n    at new ArrayBuffer (<anonymous>)\\n    at workspace:///wf.ts:1:1"; throw error;`,
    throws("Error", "mine"),
    "cannot happen",
  ),
  case_(
    "an error that says in every word what the machine says of exhausted buffers is told as the author's own",
    `const error = new RangeError("Array buffer allocation failed"); error.stack = "RangeError: Array buffer allocation failed\\n    at new ArrayBuffer (<anonymous>)"; throw error;`,
    ends("Failed", "ERR_MEMORY_LIMIT"),
    "not promised",
  ),
  case_("a message of 20 MB is cut", `throw new Error("x".repeat(20_000_000));`, boundedText, "cannot leave this execution", { wallMs: 10_000 }),
  case_(
    "a message of 100 MB is cut, or is more than the memory",
    `throw new Error("x".repeat(100_000_000));`,
    endsInOneOf(boundedText, runsOutOfMemory),
    "cannot leave this execution",
    { wallMs: 10_000 },
  ),
  case_(
    "a string of 100 MB that is thrown is cut",
    `throw "x".repeat(100_000_000);`,
    endsInOneOf(boundedText, runsOutOfMemory),
    "cannot leave this execution",
    { wallMs: 10_000 },
  ),
  case_(
    "a name of 10 MB is cut",
    `throw Object.assign(new Error("mine"), { name: "N".repeat(10_000_000) });`,
    failsWith(({ name, message }) => {
      expect(message).toBe("mine");
      expect(name.length).toBeLessThanOrEqual(1_000_001);
    }),
  ),
  case_(
    "a stack of 10 MB is cut",
    `const error = new Error("mine"); error.stack = "    at f (workspace:///wf.ts:1:1)\\n".repeat(300_000); throw error;`,
    failsWith(({ message, stack, frames }) => {
      expect(message).toBe("mine");
      expect(stack.length).toBeLessThanOrEqual(1_100_000);
      expect(frames.length).toBeLessThanOrEqual(40_000);
    }),
  ),
  ...Object.entries({
    "one line of 70,000 beginnings of a place": `"workspace:///".repeat(70_000)`,
    "lines of places without an end": `("    at f (" + "workspace:///a".repeat(5000) + ":1:\\n").repeat(14)`,
    "places whose numbers do not end": `"    at f (workspace:///wf.ts:" + "1:".repeat(450_000)`,
    "spaces and parentheses": `"    at " + " (".repeat(450_000) + "workspace:///wf.ts:1:1)"`,
    "dots and colons": `"    at (workspace:///" + "..:".repeat(300_000)`,
  }).map(([title, stack]) =>
    case_(
      `a stack of ${title} is read in time that grows with its length only`,
      `const error = new Error("mine"); error.stack = ${stack}; throw error;`,
      throws("Error", "mine"),
      "ends within the limit",
    ),
  ),
  case_(
    "a chain of causes in a ring is cut at eight",
    `const a: any = new Error("a"); const b: any = new Error("b", { cause: a }); a.cause = b; throw a;`,
    failsWith((error) => expect([error.message, error.cause?.message, depthOf(error)]).toEqual(["a", "b", 8])),
  ),
  case_(
    "a chain of 10,000 causes is cut at eight",
    `let error: any = new Error("last"); for (let i = 0; i < 10_000; i++) error = new Error("cause " + i, { cause: error }); throw error;`,
    failsWith((error) => expect([error.message, depthOf(error)]).toEqual(["cause 9999", 8])),
  ),
  case_(
    "a getter of cause that makes ever another is asked eight times",
    `let made = 0; const make = (): any => Object.defineProperty(new Error("e" + made++), "cause", { get: make }); throw make();`,
    failsWith((error) => expect([error.message, depthOf(error)]).toEqual(["e0", 8])),
  ),
  case_(
    "an AggregateError of 10,000 hostile errors is told by its first ten",
    `throw new AggregateError(Array.from({ length: 10_000 }, (_, i) => (i % 2 ? Object.defineProperty(new Error("x"), "message", { get() { throw new Error("inner"); } }) : new Proxy({}, { get() { throw 1; } }))), "many");`,
    failsWith(({ name, message }) => {
      expect(name).toBe("AggregateError");
      expect(message.split("\n").length).toBeLessThan(40);
      expect(message).toMatch(/^many\n[^]*… and 9990 more$/);
    }),
    "cannot leave this execution",
    { wallMs: 10_000 },
  ),
  ...Object.entries({
    numbers: "7",
    objects: `{ toString: () => "hidden" }`,
    "getters that throw": `undefined; for (const key of ["name", "message", "stack", "cause", "code", "errors"]) Object.defineProperty(error, key, { get() { throw new Error("inner"); } })`,
    symbols: `Symbol("s")`,
  }).map(([title, value]) =>
    case_(
      `an error whose name, message, stack, cause and code are ${title} is told as an error`,
      `const error: any = new RangeError("mine"); error.name = error.message = error.stack = error.code = ${value}; throw error;`,
      failsWith(({ name, message, stack }) => expect([name, message, typeof stack]).toEqual(["Error", "", "string"])),
    ),
  ),
  case_(
    "an error whose toJSON, toString and conversions are hostile is asked for none of them",
    `const hostile = () => { for (;;); }; throw Object.assign(new RangeError("mine"), { toJSON: hostile, toString: hostile, valueOf: hostile, [Symbol.toPrimitive]: hostile, [Symbol.for("nodejs.util.inspect.custom")]: hostile, inspect: hostile });`,
    throws("RangeError", "mine"),
  ),
  case_(
    "a stack that names files of the host or of modules that the run does not have gives frames",
    `const error = new Error("mine"); error.stack = ["Error: mine", "    at secret (/etc/passwd:1:1)", "    at x (node:internal/process:1:1)", "    at y (file:///etc/shadow:2:2)", "    at z (workspace:///other/tenant.ts:3:3)", "    at w (workspace:///../../etc/passwd:4:4)", "    at v (workspace:///__proto__:5:5)", "    at u (bifrost:bootstrap:6:6)"].join("\\n"); throw error;`,
    failsWith(({ message, frames }) => expect({ message, frames }).toEqual({ message: "mine", frames: [] })),
    "cannot happen",
  ),
  case_(
    "a stack that names lines of the run's own module that do not exist gives a place, and no crash",
    `const error = new Error("mine"); error.stack = ["Error: mine", "    at a (workspace:///wf.ts:0:0)", "    at b (workspace:///wf.ts:999999999:1)", "    at c (workspace:///wf.ts:1:99999999999999999999)", "    at d (workspace:///wf.ts:1e9:1)"].join("\\n"); throw error;`,
    failsWith(({ message, frames }) => {
      expect(message).toBe("mine");
      for (const { path, line, column } of frames) expect([path, Number.isSafeInteger(line), Number.isFinite(column)]).toEqual(["wf.ts", true, true]);
    }),
  ),
  {
    ...case_(
      "a stack is the author's own text: one that names a real line of another module of the same workspace is shown there",
      `const error = new Error("mine"); error.stack = "Error: mine\\n    at innocent (workspace:///other.ts:1:1)"; throw error;`,
      failsWith(({ frames }) => expect(frames.map(({ path, functionName }) => [path, functionName])).toEqual([["other.ts", "innocent"]])),
      "not promised",
    ),
    files: {
      "other.ts": "export const innocent = 1;",
      "wf.ts": workflow(
        `const error = new Error("mine"); error.stack = "Error: mine\\n    at innocent (workspace:///other.ts:1:1)"; throw error;`,
        `import { innocent } from "./other.ts"; void innocent;`,
      ),
    },
  },
  case_(
    "setting a stack through a setter of the author's on Error.prototype changes nothing of what is told",
    `Object.defineProperty(Error.prototype, "stack", { set() { throw new Error("setter"); }, get() { for (;;); } }); throw new RangeError("mine");`,
    throws("RangeError", "mine"),
  ),
  case_(
    "a thenable that rejects with a thenable is told as an object, not awaited for ever",
    `return { then(_: any, fail: any) { fail({ then(done: any) { done(1); } }); } };`,
    throws("Error", /then: \[Function: then\]/),
  ),
  case_(
    "a promise that rejects with a rejected promise is told as a promise",
    `const inner = Promise.reject(new Error("inner")); inner.catch(() => {}); throw inner;`,
    throws("Error", /^Promise/),
  ),
  case_(
    "an error thrown in a timer, with a hostile stack, ends the run",
    `setTimeout(() => { throw Object.defineProperty(new RangeError("late"), "stack", { get() { throw 1; } }); }, 1); await new Promise(() => {});`,
    ends("Failed", undefined),
  ),
];

export const THROWN: readonly HostileCase[] = [...VALUES, ...LOOPS, ...PARTS];
