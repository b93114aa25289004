// Attacks on what the host lends: executing other workflows, asking for values, digests and random bytes. Every argument is
// data that the host checks, and every answer is data.
import { expect } from "vitest";
import { workflow } from "../../support/engine.ts";
import type { HostileCase } from "../case.ts";
import { ends, exceeds, returns, throws, timesOut } from "../endings.ts";

type Expectation = HostileCase["expect"];

const HEAD = `import { workflows, config } from "bifrost";`;

function case_(title: string, body: string, expected: Expectation, more: Partial<HostileCase> & { readonly others?: HostileCase["files"] } = {}): HostileCase {
  const { others, ...rest } = more;
  return {
    title,
    promise: "cannot leave this execution",
    files: { "wf.ts": workflow(body, HEAD), ...others },
    limits: { wallMs: 10_000 },
    expect: expected,
    ...rest,
  };
}

/** Tries each, and gives the names of what it was refused with, or what it gave. */
const TRY = `const outcomes: unknown[] = []; const attempt = async (act: () => unknown) => { try { outcomes.push(await act() ?? null); } catch (error: any) { outcomes.push(error.code ?? error.name); } };`;

const CHILD = { "child.ts": workflow(`return p;`) };

export const HOST_CALLS: readonly HostileCase[] = [
  case_(
    "a reference that is no text, is empty, too long, climbs, is absolute or names what is inherited executes nothing",
    `${TRY} for (const reference of [Symbol("s"), { toString: () => "child.ts" }, ["child.ts"], null, undefined, 7, () => {}, "", "x".repeat(2000), "../child.ts", "/etc/passwd", "file:///etc/passwd", "__proto__", "constructor", "toString", "child.ts::__proto__", "child.ts::constructor", "a\\u0000b", "\\ud800", "00000000-0000-7000-8000-000000000000"]) await attempt(() => workflows.execute(reference as never)); return outcomes;`,
    ends("Success", undefined, ({ result }) => {
      const outcomes = result as string[];
      expect(outcomes.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => "TypeError"));
      for (const outcome of outcomes.slice(9))
        expect(outcome).toMatch(/^ERR_(?:PATH_INVALID|PATH_NOT_FOUND|WORKFLOW_NOT_FOUND|EXECUTABLE_NOT_FOUND|EXECUTION_NOT_FOUND)$/);
    }),
    { others: CHILD },
  ),
  case_(
    "an input that is no data is refused where it is given, and one with keys such as __proto__ arrives as data",
    `${TRY} const ring: any = {}; ring.ring = ring; for (const input of [ring, 1n, Symbol("s"), () => {}, new Map(), { get a() { throw new RangeError("mine"); } }, Object.assign([], { length: 2 ** 32 - 1 })]) await attempt(() => workflows.execute("child.ts", input));
const back = await workflows.execute("child.ts", JSON.parse('{"__proto__":{"polluted":1},"a":[null]}')); return [outcomes, Object.hasOwn(back, "__proto__"), ({} as any).polluted ?? null, JSON.stringify(back)];`,
    returns([
      ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "RangeError", "TypeError"],
      true,
      null,
      '{"__proto__":{"polluted":1},"a":[null]}',
    ]),
    { others: CHILD },
  ),
  case_("an input whose getter never returns ends at the limit", `await workflows.execute("child.ts", { get a() { for (;;); } });`, timesOut, {
    others: CHILD,
    promise: "ends within the limit",
    limits: { wallMs: 500 },
  }),
  case_("a workflow executes itself without end", `return await workflows.execute("wf.ts");`, ends("Failed", "ERR_CALL_DEPTH"), {
    promise: "cannot happen",
    limits: { wallMs: 30_000 },
  }),
  case_("two workflows execute one another without end", `return await workflows.execute("child.ts");`, ends("Failed", "ERR_CALL_DEPTH"), {
    promise: "cannot happen",
    limits: { wallMs: 30_000 },
    others: { "child.ts": workflow(`return await workflows.execute("wf.ts");`, HEAD) },
  }),
  case_(
    "more executions are asked for at once than may be pending",
    `await Promise.all(Array.from({ length: 500 }, () => workflows.execute("child.ts"))); return 1;`,
    exceeds("ERR_HOST_CALL_LIMIT", "pendingCalls"),
    { promise: "cannot happen", limits: { pendingCalls: 100, wallMs: 20_000 }, others: CHILD },
  ),
  case_(
    "more host calls are made than the total, whatever their kind",
    `for (;;) { await crypto.subtle.digest("SHA-1", new Uint8Array(1)); await config.get("key"); await import("./none" + "").catch(() => {}); }`,
    exceeds("ERR_HOST_CALL_LIMIT", "totalCalls"),
    { promise: "cannot happen", limits: { totalCalls: 100, wallMs: 20_000 } },
  ),
  case_("executed workflows that loop end with the one that executed them, at its limit", `await workflows.execute("child.ts");`, timesOut, {
    promise: "ends within the limit",
    limits: { wallMs: 1000 },
    others: { "child.ts": workflow("for (;;);") },
  }),
  case_(
    "an executed workflow that ends by its memory, its throw or a code it claims is an error to the one that executed it, which goes on",
    `${TRY} await attempt(() => workflows.execute("greedy.ts")); await attempt(() => workflows.execute("throws.ts")); await attempt(() => workflows.execute("claims.ts")); await attempt(() => workflows.execute("hangs.ts::default", null)); return outcomes;`,
    returns(["ERR_MEMORY_LIMIT", "RangeError", "Error", JSON.parse('{"then":1}')]),
    {
      limits: { wallMs: 30_000, memoryBytes: 64 * 1024 * 1024 },
      others: {
        "greedy.ts": workflow("const all: unknown[] = []; for (;;) all.push(new Array(100_000).fill({}));"),
        "throws.ts": workflow(`throw new RangeError("mine");`),
        "claims.ts": workflow(`throw Object.assign(new Error("mine"), { code: "ERR_INTERNAL", executionId: "forged" });`),
        "hangs.ts": workflow(`return { then: 1 };`),
      },
    },
  ),
  case_(
    "an execution that nobody awaits is over when the one that asked for it has returned",
    `void workflows.execute("child.ts").catch(() => {}); return "over";`,
    returns("over"),
    { others: { "child.ts": workflow("await new Promise(() => {});") } },
  ),
  case_(
    "keys named as Object's own, symbols or long texts give a value that was not granted",
    `${TRY} for (const key of ["__proto__", "constructor", "toString", "HOSTILE_CANARY", "PATH", "DATABASE_URL", "x".repeat(256), "x".repeat(257), "", Symbol("s"), null, { toString: () => "PATH" }, 7]) await attempt(() => config.get(key as never)); return outcomes;`,
    returns([null, null, null, null, null, null, null, "TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]),
    { promise: "cannot happen" },
  ),
  case_(
    "with JSON, Object.prototype and Promise replaced, answers of the host are still the host's",
    `const { execute } = workflows; const { get } = config;
JSON.parse = JSON.stringify = (() => "forged") as never; for (const key of ["result", "error", "code", "name", "message", "ok", "text", "value"]) Object.defineProperty(Object.prototype, key, { get() { return "forged"; }, set() {}, configurable: true }); Promise.prototype.then = function () { return this as never; };
const told = [await execute("child.ts", { a: 1 }), await get("none")]; for (const key of ["result", "error", "code", "name", "message", "ok", "text", "value"]) delete (Object.prototype as any)[key]; return told;`,
    returns([{ a: 1 }, null]),
    { others: CHILD },
  ),
  case_(
    "digests and random bytes of hostile arguments are refused or right, and cost no more than they say",
    `${TRY} for (const act of [() => crypto.subtle.digest("SHA-999", new Uint8Array(1)), () => crypto.subtle.digest({ get name() { throw new RangeError("mine"); } } as never, new Uint8Array(1)), () => crypto.subtle.digest("SHA-1", "text" as never), () => crypto.subtle.digest("SHA-1", new Proxy(new Uint8Array(1), {}) as never), () => crypto.subtle.digest("__proto__", new Uint8Array(1)), async () => (await crypto.subtle.digest("SHA-512", new ArrayBuffer(0))).byteLength, async () => (await crypto.subtle.digest("SHA-1", new Uint8Array(5_000_000))).byteLength,
  () => crypto.getRandomValues(new Uint8Array(65_537)), () => crypto.getRandomValues(new Float64Array(1) as never), () => crypto.getRandomValues({ byteLength: 1 } as never), () => crypto.getRandomValues(new Uint8Array(65_536)).length]) await attempt(act); return outcomes;`,
    ends("Success", undefined, ({ result }) => {
      const outcomes = result as unknown[];
      expect(outcomes[1]).toBe("RangeError");
      expect([outcomes[5], outcomes[6], outcomes[10]]).toEqual([64, 20, 65_536]);
      for (const refused of [0, 2, 3, 4, 7, 8, 9]) expect(outcomes[refused], String(refused)).not.toBeTypeOf("object");
    }),
  ),
  case_(
    "5,000 digests at once are all answered",
    `await Promise.all(Array.from({ length: 5000 }, () => crypto.subtle.digest("SHA-256", new Uint8Array(1000)))); return "done";`,
    returns("done"),
    { limits: { wallMs: 20_000 } },
  ),
  case_(
    "ctx.signal cannot be aborted by who has no controller, and what its listeners throw is the author's",
    `ctx.signal.addEventListener("abort", () => { throw new RangeError("mine"); }); ctx.signal.dispatchEvent(new Event("abort")); await new Promise(() => {});`,
    throws("RangeError", "mine"),
  ),
  case_(
    "a listener of ctx.signal that never returns ends a cancelled run all the same",
    `ctx.signal.addEventListener("abort", () => { for (;;); }); console.log("begun"); await new Promise(() => {});`,
    (outcome) => expect(outcome).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" } }),
    { promise: "ends within the limit", cancelled: true, notByCli: "no signal" },
  ),
];
