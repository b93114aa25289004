// What crosses between author and host as data: inputs, results, and the schemas and declarations that stand between.
// Thrown values are thrown.ts's.
import { expect } from "vitest";
import { workflow } from "../../support/engine.ts";
import type { HostileCase } from "../case.ts";
import { ends, endsInOneOf, refused, returns, runsOutOfMemory, throws, timesOut } from "../endings.ts";

type Expectation = HostileCase["expect"];

function within(title: string, body: string, expected: Expectation, more: Partial<HostileCase> & { readonly head?: string } = {}): HostileCase {
  const { head, ...rest } = more;
  return { title, promise: "cannot leave this execution", files: { "wf.ts": workflow(body, head) }, expect: expected, ...rest };
}

function cannot(title: string, body: string, expected: Expectation, more: Partial<HostileCase> & { readonly head?: string } = {}): HostileCase {
  return { ...within(title, body, expected, more), promise: "cannot happen" };
}

function bounded(title: string, body: string, expected: Expectation, more: Partial<HostileCase> & { readonly head?: string } = {}): HostileCase {
  return { ...within(title, body, expected, more), promise: "ends within the limit" };
}

/** Of the supervisor that asserts. */
function hostIsUnpolluted(): void {
  const probe = {} as Record<string, unknown>;
  expect([probe["polluted"], (probe.constructor as unknown as Record<string, unknown>)["polluted"], Object.keys(Object.prototype)]).toEqual([
    undefined,
    undefined,
    [],
  ]);
}

function unpolluted(expected: unknown): Expectation {
  return ends("Success", undefined, ({ result }) => {
    hostIsUnpolluted();
    expect(JSON.stringify(result)).toBe(JSON.stringify(expected));
  });
}

function refusesResult(path: string, found: string | RegExp): Expectation {
  return ends("Failed", "ERR_RESULT_NOT_SERIALIZABLE", ({ error, result }) => {
    expect(result).toBeUndefined();
    expect(error?.details).toMatchObject({ path, found: typeof found === "string" ? found : (expect.stringMatching(found) as unknown) });
  });
}

const POLLUTION = JSON.parse(
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"prototype":{"polluted":3},"toString":4,"then":5,"toJSON":6,"deep":[{"__proto__":{"polluted":7}}]}',
) as unknown;

const INPUTS: readonly HostileCase[] = [
  cannot(
    "keys such as __proto__, constructor and then in an input are more than data, on either side, or come back as something else",
    `if ([({} as any).polluted, (Object as any).polluted, p.polluted, Object.getPrototypeOf(p) === Object.prototype].join() !== ",,,true") throw new Error("polluted"); return p;`,
    unpolluted(POLLUTION),
    { input: POLLUTION },
  ),
  ...["z.looseObject({})", "z.record(z.string(), z.any())", "z.object({}).catchall(z.any())", "z.any()"].map((params): HostileCase => ({
    title: `a key __proto__ of an input that goes through ${params} pollutes a prototype, here or there`,
    promise: "cannot happen",
    files: declared(
      `workflow({ params: ${params} as never }, async (p: any) => [({} as any).polluted ?? null, (Object.prototype as any).polluted ?? null, p.a])`,
    ),
    input: JSON.parse('{"__proto__":{"polluted":1},"a":1}') as unknown,
    expect: unpolluted([null, null, 1]),
  })),
  within(
    "half of a surrogate pair, U+0000 and U+FFFF in an input arrive as they are and come back",
    `return [p, p.text.length, p.text.charCodeAt(0)];`,
    returns([{ text: "\ud800\u0000\uffff", "\udfff": "\u2028" }, 3, 0xd800]),
    {
      input: { text: "\ud800\u0000\uffff", "\udfff": "\u2028" },
    },
  ),
  within("an input nested 5,000 deep arrives", `let depth = 0; for (let at = p.deep; Array.isArray(at); at = at[0]) depth++; return depth;`, returns(5000), {
    input: { deep: nested(5000) },
  }),
  within("an input of exactly the limit is taken", "return p.text.length;", returns(1000 - '{"text":""}'.length), {
    input: { text: "x".repeat(1000 - '{"text":""}'.length) },
    limits: { inputBytes: 1000 },
  }),
  cannot("an input of one byte more than the limit is run", "return 1;", refused("ERR_INPUT_TOO_LARGE"), {
    input: { text: "x".repeat(1001 - '{"text":""}'.length) },
    limits: { inputBytes: 1000 },
  }),
  cannot("an input that is within the limit in characters and over it in bytes is run", "return 1;", refused("ERR_INPUT_TOO_LARGE"), {
    input: { text: "ä".repeat(600) },
    limits: { inputBytes: 1000 },
  }),
  within(
    "an input of 10 MB arrives whole, and comes back",
    "return p;",
    ends("Success", undefined, ({ result }) => expect((result as { text: string }).text.length).toBe(10_000_000)),
    {
      input: { text: "é".repeat(10_000_000) },
      limits: { wallMs: 20_000 },
      notByCli: "longer than an argument may be",
    },
  ),
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

const RESULTS: readonly HostileCase[] = [
  cannot(
    "keys such as __proto__ in a result are more than data on the host",
    `const made = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}'); Object.defineProperty(made, "prototype", { value: { polluted: 3 }, enumerable: true }); return made;`,
    unpolluted(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"prototype":{"polluted":3}}')),
  ),
  cannot(
    "a result that names the fields of an envelope is taken for one",
    `return { version: 1, status: "Failed", error: { code: "ERR_INTERNAL" }, logs: [], id: "forged", success: true };`,
    returns({ version: 1, status: "Failed", error: { code: "ERR_INTERNAL" }, logs: [], id: "forged", success: true }),
  ),
  within(`a result of success: false that a getter gives ends as CompletedWithErrors, once`, `return { get success() { return false; } };`, (outcome) => {
    expect(outcome).toMatchObject({ status: "CompletedWithErrors", result: { success: false } });
    expect(outcome).not.toHaveProperty("error");
  }),
  within("a getter that throws is the author's error", `return { get a() { throw new RangeError("mine"); } };`, throws("RangeError", "mine")),
  bounded("a getter that never returns ends as a timeout", `return { get a() { for (;;); } };`, timesOut),
  bounded("a toJSON that never returns ends as a timeout", `return { toJSON() { for (;;); } };`, timesOut),
  within("a toJSON that throws is the author's error", `return { a: [{ toJSON() { throw new RangeError("mine"); } }] };`, throws("RangeError", "mine")),
  within(
    "a toJSON that gives itself is asked once, and then is a function in the result",
    `const self: any = { a: 1, toJSON() { return self; } }; return self;`,
    refusesResult("$.toJSON", "a function (toJSON)"),
  ),
  bounded(
    "a toJSON that gives ever another object with a toJSON is asked once",
    `const make = (n: number): any => ({ n, toJSON() { return make(n + 1); } }); return make(0);`,
    refusesResult("$.toJSON", "a function (toJSON)"),
  ),
  within(
    "a getter that gives plain data first and a BigInt when read again fails as the author's error",
    `let reads = 0; return { get a() { return reads++ === 0 ? 1 : 1n; } };`,
    throws("TypeError", /BigInt/),
  ),
  {
    ...within(
      "a getter that gives plain data first and a function or a Map when read again: what is read last counts, as JSON has it",
      `let reads = 0; return { get a() { return reads++ === 0 ? 1 : () => {}; }, b: 2 };`,
      returns({ b: 2 }),
    ),
    promise: "not promised",
  },
  within(
    "a proxy whose traps throw is the author's error",
    `return new Proxy({}, { ownKeys() { throw new RangeError("mine"); } });`,
    throws("RangeError", "mine"),
  ),
  within(
    "a revoked proxy is an error, not a crash",
    `const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return { proxy };`,
    throws("TypeError", /revoked/),
  ),
  bounded("a proxy whose traps never return ends as a timeout", `return new Proxy({}, { ownKeys() { for (;;); } });`, timesOut),
  bounded(
    "a proxy that is ever deeper is cut off at the depth a result may have",
    `const deep = (): any => new Proxy({}, { ownKeys: () => ["a"], getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }), get: (_, key) => (key === "a" ? deep() : undefined) }); return deep();`,
    refusesResult(`$${".a".repeat(10)}.…${".a".repeat(10)}`, /nesting deeper than 1000/),
  ),
  bounded(
    "a proxy that claims more keys than there is time for ends at a limit",
    `return new Proxy([], { get: (target, key) => (key === "length" ? 2 ** 24 : key === "toJSON" ? undefined : 1) });`,
    timesOut,
  ),
  bounded(
    "a list that claims 2^32-1 items is refused at once",
    `const list: any[] = []; list.length = 2 ** 32 - 1; return { list };`,
    refusesResult("$.list", "an array of 4294967295 items"),
  ),
  bounded(
    "a list-like proxy that claims 2^53-1 items is refused at once",
    `return new Proxy([], { get: (target: any, key) => (key === "length" ? 2 ** 53 - 1 : target[key]) });`,
    refusesResult("$", "an array of 9007199254740991 items"),
  ),
  within("holes of a sparse list are null", `const list: any[] = [1]; list[5] = 2; return list;`, returns([1, null, null, null, null, 2])),
  within(
    "-0, NaN and the infinities become 0 and null",
    `return [-0, NaN, Infinity, -Infinity, { a: NaN }];`,
    ends("Success", undefined, ({ result }) => expect(result).toEqual([0, null, null, null, { a: null }])),
  ),
  within(
    "half of a surrogate pair and U+0000 in a result come out as they are",
    `return { "\\ud800": "\\udfff\\u0000\\uffff" };`,
    returns({ "\ud800": "\udfff\u0000\uffff" }),
  ),
  ...Object.entries({
    "a cycle": [`const a: any = { b: [] }; a.b.push(a); return a;`, "$.b[0]", "a cycle back to $"],
    "a BigInt": [`return { a: [1n] };`, "$.a[0]", "bigint 1n"],
    "a symbol": [`return { a: Symbol("s") };`, "$.a", "a symbol"],
    "a function": [`return { a() {} };`, "$.a", "a function (a)"],
    "a class instance": [`class Mine { x = 1; } return [new Mine()];`, "$[0]", "an instance of class Mine"],
    "a class of a hostile name": [`class Mine { static get name(): string { throw 1; } } return new Mine();`, "$", "an instance of class unknown"],
    "a Map": [`return { a: new Map() };`, "$.a", "a Map"],
    "a typed array": [`return new Uint8Array(3);`, "$", "binary data (Uint8Array)"],
    "an error": [`return { a: new RangeError("e") };`, "$.a", "an error (RangeError)"],
    "a promise": [`return { a: Promise.resolve(1) };`, "$.a", "a promise"],
    "an async generator": [`return (async function* () { for (;;) yield 1; })();`, "$", /instance of class/],
    "a boxed symbol": [`return { a: Object(Symbol("s")) };`, "$.a", "an instance of class Symbol"],
    "a key that looks like a path": [`return { "a.b[0]": { "\\u0000\\u001b[2J": 1n } };`, `$["a.b[0]"]["\\u0000\\u001b[2J"]`, "bigint 1n"],
  } as const).map(([title, [body, path, found]]) => within(`${title} in a result is refused by its path`, body, refusesResult(path, found as string | RegExp))),
  within(
    "a result nested 999 lists deep is taken",
    `let value: unknown = 1; for (let i = 0; i < 999; i++) value = [value]; return value;`,
    ends("Success", undefined),
  ),
  within(
    "a result nested 1,001 lists deep is refused",
    `let value: unknown = 1; for (let i = 0; i < 1001; i++) value = [value]; return value;`,
    refusesResult(`$${"[0]".repeat(10)}.…${"[0]".repeat(10)}`, "nesting deeper than 1000 levels"),
  ),
  within(
    "a result nested 100,000 objects deep is refused",
    `let value: unknown = 1; for (let i = 0; i < 100_000; i++) value = { a: value }; return value;`,
    refusesResult(`$${".a".repeat(10)}.…${".a".repeat(10)}`, "nesting deeper than 1000 levels"),
  ),
  within(
    "a result of 2^20 keys is taken",
    `const made: Record<string, number> = {}; for (let i = 0; i < 2 ** 20; i++) made["k" + i] = i; return made;`,
    ends("Success", undefined, ({ result }) => expect(Object.keys(result as object).length).toBe(2 ** 20)),
    { limits: { wallMs: 30_000 } },
  ),
  within(
    "numeric keys come in the order that JSON has, whatever the order they were given in",
    `return { b: 1, 2: 2, a: 3, 1: 4 };`,
    ends("Success", undefined, ({ result }) =>
      expect(Object.entries(result as object)).toEqual([
        ["1", 4],
        ["2", 2],
        ["b", 1],
        ["a", 3],
      ]),
    ),
  ),
  within("a result of exactly the limit in bytes is taken", `return "ä".repeat(499);`, returns("ä".repeat(499)), { limits: { resultBytes: 1000 } }),
  cannot("a result of one byte more than the limit is kept", `return "ä".repeat(499) + "x";`, tooLarge(1001, 1000), { limits: { resultBytes: 1000 } }),
  cannot("a result over the limit in bytes, though not in characters, is kept", `return "€".repeat(998);`, tooLarge(2996, 1000), {
    limits: { resultBytes: 1000 },
  }),
  cannot("a result that is far over the limit is kept, or read by the supervisor", `return "x".repeat(50_000_000);`, tooLarge(50_000_002, 1000), {
    limits: { resultBytes: 1000, wallMs: 20_000 },
  }),
  within(
    "a result of 10 MB is taken whole",
    `return "x".repeat(10 * 1024 * 1024 - 2);`,
    ends("Success", undefined, ({ result }) => expect((result as string).length).toBe(10 * 1024 * 1024 - 2)),
    { limits: { wallMs: 20_000 } },
  ),
  bounded(
    "a result that escapes to six times its size is refused at the limit, or ends at the memory's",
    `return "\\u0001".repeat(20_000_000);`,
    endsInOneOf(ends("Failed", "ERR_RESULT_TOO_LARGE"), runsOutOfMemory),
    { limits: { wallMs: 30_000 } },
  ),
  bounded(
    "a result that doubles 100 times by shared parts ends at a limit",
    `let value: unknown = "x"; for (let i = 0; i < 100; i++) value = [value, value]; return value;`,
    endsInOneOf(timesOut, runsOutOfMemory),
    { limits: { wallMs: 1500 } },
  ),
  bounded("a string longer than the memory ends as out of memory", `return "x".repeat(2 ** 29 - 24).split("");`, runsOutOfMemory, {
    limits: { wallMs: 30_000 },
  }),
  within(
    "a result that is a thenable is what it settles with, and one that rejects is the author's error",
    `return { then(done: any, fail: any) { fail(new RangeError("mine")); } };`,
    throws("RangeError", "mine"),
  ),
  bounded(
    "a thenable that gives ever another thenable ends as a timeout",
    `const next = (): any => ({ then(done: any) { done(next()); } }); return next();`,
    timesOut,
  ),
  bounded("a thenable that never settles ends as a timeout", `return { then() {} };`, timesOut),
  within(
    "a thenable that settles twice and throws counts once",
    `return { then(done: any, fail: any) { done("first"); done("second"); fail(new Error("third")); throw new Error("fourth"); } };`,
    returns("first"),
  ),
  within(
    "a promise subclass whose species is no promise fails the await, as the language has it",
    `class Mine<T> extends Promise<T> { static override get [Symbol.species]() { return Array as never; } override then(...values: any[]): any { return super.then(...(values as [])); } } return Mine.resolve("value");`,
    throws("TypeError", "Promise resolve or reject function is not callable"),
  ),
];

function tooLarge(amount: number, limit: number): Expectation {
  return ends("Failed", "ERR_RESULT_TOO_LARGE", ({ error, result }) => {
    expect(result).toBeUndefined();
    expect(error?.details).toEqual({ limit, amount });
  });
}

/** A workflow that is declared by this expression. */
function declared(expression: string, head = ""): HostileCase["files"] {
  return { "wf.ts": `import { workflow, z } from "bifrost";\n${head}\nexport default ${expression};\n` };
}

function schema(title: string, params: string, expected: Expectation, promise: HostileCase["promise"] = "cannot leave this execution"): HostileCase {
  return { title, promise, files: declared(`workflow({ params: ${params} as never }, async (p: any) => ({ p }))`), input: { a: 1 }, expect: expected };
}

const standard = (validate: string): string => `{ "~standard": { version: 1, vendor: "v", validate: ${validate} } }`;

function invalidInput(path: string): Expectation {
  return ends("Failed", "ERR_INPUT_INVALID", ({ error }) => expect(error?.details).toMatchObject({ problems: [{ path }] }));
}

const SCHEMAS: readonly HostileCase[] = [
  schema("a transform that throws is the author's error", `z.any().transform(() => { throw new RangeError("mine"); })`, throws("RangeError", "mine")),
  schema("a transform that never returns ends as a timeout", `z.any().transform(() => { for (;;); })`, timesOut, "ends within the limit"),
  schema(
    "an async transform that never settles ends as a timeout",
    `z.any().transform(async () => { await new Promise(() => {}); })`,
    timesOut,
    "ends within the limit",
  ),
  schema(
    "a transform that gives what is no data gives it to the function, and the result is judged",
    `z.any().transform(() => () => {})`,
    refusesResult("$.p", /a function/),
  ),
  schema("a lazy schema of itself that overflows is an error", `(() => { const self: any = z.lazy(() => self); return self; })()`, ends("Failed", undefined)),
  schema(
    "a schema that refuses with a getter of issues that throws is the author's error",
    standard(`() => ({ get issues() { throw new RangeError("mine"); } })`),
    throws("RangeError", "mine"),
  ),
  schema("a schema that answers nothing is an error", standard(`() => undefined`), throws("TypeError", /undefined/)),
  schema("a schema that answers null is an error", standard(`() => null`), throws("TypeError", /null/)),
  schema("a schema whose issues are no list refuses the input", standard(`() => ({ issues: "no list" })`), invalidInput("$")),
  schema(
    "a schema whose issues are hostile objects refuses the input or fails, and nothing of them is believed",
    standard(
      `() => ({ issues: [{ path: [{ key: { toString() { return "__proto__"; } } }, Symbol("s"), 5], message: { toString() { for (;;); } }, code: "invalid_type", expected: "x" }] })`,
    ),
    invalidInput('$.__proto__["Symbol(s)"][5]'),
  ),
  schema("a schema whose issue is null is an error", standard(`() => ({ issues: [null] })`), throws("TypeError", /null/)),
  schema(
    "a schema with 2^32-1 issues ends at a limit",
    standard(`() => { const issues: any[] = [{ message: "m" }]; issues.length = 2 ** 32 - 1; return { issues }; }`),
    throws("TypeError", /undefined/),
    "ends within the limit",
  ),
  schema(
    "a schema that answers with a thenable is awaited once",
    standard(`() => ({ then(done: any) { done({ value: { then: 1 } }); } })`),
    returns(JSON.parse('{"p":{"then":1}}')),
  ),
  schema("a schema that says neither yes nor no is taken for yes, with the value it has", standard(`() => ({})`), returns({})),
  schema(
    "a schema that is a proxy which changes its mind between two looks is an error",
    `new Proxy({}, { get: (() => { let reads = 0; return (_: unknown, key: string) => (key === "safeParse" && reads++ === 0 ? () => ({ success: true, data: 7 }) : undefined); })() })`,
    throws("TypeError", /is not a function/),
  ),
  ...Object.entries({
    "options that are a proxy which throws": `workflow(new Proxy({}, { get() { throw new RangeError("mine"); } }) as never, async () => 1)`,
    "a name whose getter throws": `workflow({ get name(): string { throw new RangeError("mine"); } }, async () => 1)`,
    "a timeout whose getter throws": `workflow({ get timeout(): number { throw new RangeError("mine"); } }, async () => 1)`,
  }).map(([title, expression]): HostileCase => ({
    title: `${title} fail where the module is evaluated`,
    promise: "cannot leave this execution",
    files: declared(expression),
    expect: throws("RangeError", "mine"),
  })),
  ...Object.entries({
    NaN: "NaN",
    negative: "-1",
    infinite: "Infinity",
    "a text that is no time": `"5 parsecs"`,
    "an object that converts": `{ valueOf: () => 1 } as never`,
    "a BigInt": "5n as never",
  }).map(([title, timeout]): HostileCase => ({
    title: `a workflow's timeout that is ${title} is declared`,
    promise: "cannot happen",
    files: declared(`workflow({ timeout: ${timeout} }, async () => 1)`),
    expect: throws("TypeError", /^workflow\(\{ timeout \}\): timeout is /),
  })),
  ...["2 ** 31", "2 ** 53", "Number.MAX_VALUE", `"99999999999h"`].map((timeout): HostileCase => ({
    title: `a workflow's timeout of ${timeout} ends the run at once`,
    promise: "cannot happen",
    files: declared(`workflow({ timeout: ${timeout} }, async (p: any) => { await new Promise((done) => setTimeout(done, 30)); return "waited"; })`),
    expect: returns("waited"),
  })),
  {
    title: "a workflow's timeout of 2 ** 40 lengthens the limit of the run",
    promise: "cannot happen",
    files: declared(`workflow({ timeout: 2 ** 40 }, async () => { await new Promise(() => {}); })`),
    limits: { wallMs: 300 },
    expect: timesOut,
  },
  ...Object.entries({
    "a class": ["workflow(class {} as never)", throws("TypeError", /Class constructor/)],
    "a proxy whose apply never returns": ["workflow(new Proxy(() => {}, { apply() { for (;;); } }) as never)", timesOut],
    "a proxy whose apply throws": [`workflow(new Proxy(() => {}, { apply() { throw new RangeError("mine"); } }) as never)`, throws("RangeError", "mine")],
    "a generator function": ["workflow(function* () { for (;;) yield 1; } as never)", refusesResult("$", /instance of class/)],
    "a revoked proxy": [
      "workflow((() => { const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); return proxy; })() as never)",
      throws("TypeError", /revoked/),
    ],
  } as const).map(([title, [expression, expected]]): HostileCase => ({
    title: `a workflow whose function is ${title} ends as that has it`,
    promise: "cannot leave this execution",
    files: declared(expression),
    limits: { wallMs: 1000 },
    expect: expected,
  })),
];

export const BOUNDARY: readonly HostileCase[] = [...INPUTS, ...RESULTS, ...SCHEMAS];
