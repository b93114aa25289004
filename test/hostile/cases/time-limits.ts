// Attacks on the limits of time themselves: processor time apart from the wall clock, the workflow's own timeout, the
// check of the input, and being cancelled.
import { workflow } from "../../support/engine.ts";
import { attacks, type HostileCase } from "../case.ts";
import { ends, runsOutOfProcessorTime, throws, timesOut } from "../endings.ts";
import { expect } from "vitest";

const PROCESSOR_TIME = attacks(
  {
    "a loop uses up its processor time long before the wall clock": "while (true) {}",
    "a native loop that no interrupt reaches uses up its processor time": "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);",
    "backtracking uses up its processor time": "/^(a+)+$/.test('a'.repeat(60) + 'b');",
    "processor time is counted over many short turns":
      "for (;;) { const until = Date.now() + 10; while (Date.now() < until); await new Promise((r) => setTimeout(r, 1)); }",
    "processor time of a module's top level counts": { "wf.ts": workflow("return 1;", "for (;;);") },
    "a workflow that gives itself more time gets no more": {
      "wf.ts": `import { workflow } from "bifrost"; export default workflow({ timeout: "1h" }, async () => { for (;;); });`,
    },
  },
  { promise: "ends within the limit", limits: { wallMs: 60_000, cpuMs: 200 }, expect: runsOutOfProcessorTime },
);

const WAITING = attacks(
  { "waiting uses up the wall clock and no processor time": "await new Promise(() => {});" },
  { promise: "ends within the limit", limits: { wallMs: 500, cpuMs: 200 }, expect: timesOut },
);

/** An own limit of 200 ms under an execution's limit of a minute. */
const OWN_TIMEOUT = attacks(
  {
    "a loop ends at the workflow's own timeout": ownTimeout(`"200ms"`, "for (;;);"),
    "a promise that never settles ends at the workflow's own timeout": ownTimeout("200", "await new Promise(() => {});"),
    "a native loop ends at the workflow's own timeout": ownTimeout("200", "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);"),
  },
  {
    promise: "ends within the limit",
    limits: { wallMs: 60_000 },
    expect: ends("Timeout", "ERR_TIMEOUT_WALL", ({ error }) => expect(error?.details).toMatchObject({ limit: 200 })),
  },
);

const OWN_TIMEOUT_ODD: readonly HostileCase[] = [
  ...attacks(
    {
      "a timeout of the workflow's own that is an object which loops is asked nothing": ownTimeout(
        "{ valueOf() { for (;;); }, toString() { for (;;); } } as never",
        "for (;;);",
      ),
    },
    { promise: "cannot leave this execution", expect: throws("TypeError", /timeout is/) },
  ),
  ...attacks(
    { "a timeout of the workflow's own that is longer than any": ownTimeout("Number.MAX_SAFE_INTEGER", "for (;;);") },
    { promise: "ends within the limit", expect: timesOut },
  ),
];

const CHECKED_INPUT = attacks(
  {
    "a refinement that loops": checked("z.any().refine(() => { for (;;); })"),
    "a refinement that never settles": checked("z.any().refine(() => new Promise<boolean>(() => {}))"),
    "a transformation that loops": checked("z.any().transform(() => { for (;;); })"),
    "a pattern that backtracks over the caller's input": checked("z.object({ text: z.string().regex(/^(a+)+$/) })"),
    "a Standard Schema that loops": checked(`{ "~standard": { version: 1, vendor: "x", validate() { for (;;); } } } as never`),
    "a Standard Schema that never settles": checked(`{ "~standard": { version: 1, vendor: "x", validate: () => new Promise(() => {}) } } as never`),
    "a schema whose issues are a proxy that loops": checked(
      `{ safeParse: () => ({ success: false, error: { issues: new Proxy([{}], { get() { for (;;); } }) } }) } as never`,
    ),
    "a schema whose issue has a path without end": checked(
      `{ safeParse: () => ({ success: false, error: { issues: [{ message: "m", path: new Proxy([], { get: (_, key) => (key === "length" ? 2 ** 53 - 1 : { get key() { for (;;); } }) }) }] } }) } as never`,
    ),
  },
  { promise: "ends within the limit", input: { text: `${"a".repeat(60)}b` }, expect: timesOut },
);

const NOT_CALLED = attacks(
  {
    "modules that loop while nothing but the input is to be checked": { "wf.ts": workflow("return 1;", "for (;;);") },
    "a refinement that loops while nothing but the input is to be checked": checked("z.any().refine(() => { for (;;); })"),
  },
  { promise: "ends within the limit", dryRun: true, expect: timesOut },
);

function cancelledIn(phase: string): Pick<HostileCase, "promise" | "cancelled" | "limits" | "expect" | "notByCli"> {
  return {
    promise: "ends within the limit",
    cancelled: true,
    limits: { wallMs: 30_000 },
    expect: ends("Cancelled", "ERR_CANCELLED", ({ error }) => expect(error?.details).toMatchObject({ phase })),
    notByCli: "It has no AbortSignal.",
  };
}

const BEGUN = "ctx.log.info('begun'); await new Promise((r) => setTimeout(r, 1));";

const CANCELLED = [
  ...attacks(
    {
      "a loop": `${BEGUN} for (;;);`,
      "a native loop that no interrupt reaches": `${BEGUN} Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);`,
      "a promise that never settles": `${BEGUN} await new Promise(() => {});`,
      "host calls under way": `${BEGUN} for (;;) await Promise.all(Array.from({ length: 50 }, () => crypto.subtle.digest('SHA-256', new Uint8Array(100_000))));`,
      "a catch-all that begins again whenever it is ended": `${BEGUN} for (;;) { try { await new Promise((r) => setTimeout(r, 1)); for (;;); } catch { continue; } finally { continue; } }`,
      "a listener to the end that loops": "ctx.signal.addEventListener('abort', () => { for (;;); }); ctx.log.info('begun'); await new Promise(() => {});",
      "a listener to the end that starts timers without end":
        "const again = (): void => { setTimeout(again, 0); }; ctx.signal.addEventListener('abort', again); ctx.log.info('begun'); await new Promise(() => {});",
    },
    cancelledIn("dispose"),
  ),
  ...attacks(
    {
      "a listener to the end that ends the run":
        "await new Promise((_, reject) => { ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)); ctx.log.info('begun'); });",
      "a listener to the end that returns as if nothing had been":
        "return await new Promise((r) => { ctx.signal.addEventListener('abort', () => r('done')); ctx.log.info('begun'); });",
      "a listener to the end that throws":
        "ctx.signal.addEventListener('abort', () => { throw new Error('mine'); }); ctx.log.info('begun'); await new Promise(() => {});",
    },
    cancelledIn("signal"),
  ),
];

const NO_WALL = attacks(
  { "a loop, where there is no wall clock and processor time alone ends it": "for (;;);" },
  { promise: "ends within the limit", limits: { wallMs: 0, cpuMs: 300 }, expect: runsOutOfProcessorTime },
);

const OVERFLOWS = attacks(
  {
    "a schema that contains itself, checked against an input that is as deep as may be": checked(
      "(() => { const s: z.ZodType = z.lazy(() => z.union([z.object({ a: s }), z.string()])); return s; })()",
    ),
  },
  { promise: "cannot leave this execution", input: deep(900), expect: ends("Failed", "ERR_INPUT_INVALID") },
);

const UNBOUNDED_RECURSION = attacks(
  { "a schema that has no bottom": checked("(() => { const s: z.ZodType = z.lazy(() => s.optional()); return s; })()") },
  { promise: "cannot leave this execution", expect: throws("RangeError", /Maximum call stack size exceeded/) },
);

function ownTimeout(value: string, body: string): Readonly<Record<string, string>> {
  return { "wf.ts": `import { workflow } from "bifrost"; export default workflow({ timeout: ${value} }, async () => { ${body} });` };
}

function checked(schema: string): Readonly<Record<string, string>> {
  return { "wf.ts": `import { workflow, z } from "bifrost"; void z; export default workflow({ params: ${schema} }, async (p) => p);` };
}

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

export const TIME_LIMITS: readonly HostileCase[] = [
  ...PROCESSOR_TIME,
  ...NO_WALL,
  ...WAITING,
  ...OWN_TIMEOUT,
  ...OWN_TIMEOUT_ODD,
  ...titled("in the check of the input: ", CHECKED_INPUT),
  ...NOT_CALLED,
  ...titled("cancelled: ", CANCELLED),
  ...OVERFLOWS,
  ...UNBOUNDED_RECURSION,
];

function titled(beginning: string, cases: readonly HostileCase[]): HostileCase[] {
  return cases.map((each) => Object.assign({}, each, { title: beginning + each.title }));
}
