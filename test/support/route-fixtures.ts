// One workspace that ends in every way there is: what each of its workflows is asked, and what must come of it by any route.
import type { FaultCode } from "../../src/errors.ts";
import type { TerminalStatus } from "../../src/completion.ts";

export interface RouteFixture {
  /** Reads as the end of "… give one envelope for: ". */
  readonly name: string;
  readonly reference: string;
  /** JSON text; `{}` where absent. */
  readonly inputJson?: string;
  readonly limits?: { readonly wallMs?: number; readonly cpuMs?: number; readonly memoryBytes?: number };
  /** Everything but the call. */
  readonly dryRun?: boolean;
  /** False where a test may have what a caller may not. */
  readonly harness?: false;
  /** How it ends; `refused` where no execution begins. */
  readonly ends: TerminalStatus | "refused";
  /** Absent where the author's own code threw, or nothing failed. */
  readonly code?: FaultCode;
  readonly exitCode: number;
}

function workflow(body: string, head = ""): string {
  return `import { UserError, config, workflow, workflows, z } from "bifrost";\n${head}\nexport default workflow(async (p: any, ctx: any) => {\n${body}\n});\n`;
}

/** Path → source, of all of them together. */
export const routeFiles: Readonly<Record<string, string>> = {
  "success.ts": workflow(`return { sum: p.a + p.b, list: [1, null, "x", { y: [] }], ctx: typeof ctx.log.info };`),
  "nothing.ts": workflow(`return undefined;`),
  "input.ts": workflow(`return [p, Object.keys(p), JSON.stringify(p)];`),
  "letters.ts": workflow(
    `const text = "nul \\u0000 escape \\u001b[31m lone \\ud800 pair 😀 nel \\u0085 line \\u2028"; console.log(text, { text }); ctx.log.warn(text, { [text]: text }); return { [text]: text };`,
  ),
  "user-error.ts": workflow(`throw new UserError("Pick another date, please");`),
  "retried.ts": `import { workflow } from "bifrost";\nexport default workflow({ retry: { attempts: 3, backoff: "1ms" }, idempotent: true }, async () => {\n  console.log("an attempt");\n  throw new Error("again");\n});\n`,
  "cause.ts": workflow(`try { JSON.parse("{"); } catch (cause) { throw new RangeError("could not read it", { cause }); }`),
  "not-an-error.ts": workflow(`throw { reason: "text", n: 1 };`),
  "dependency.ts": workflow(`await 0; return deep({ depth: 2 });`, `import { deep } from "./modules/deep";`),
  "modules/deep.ts": `export function deep({ depth }: { depth: number }): never {\n  if (depth > 0) return deep({ depth: depth - 1 });\n  throw new TypeError("no more: " + depth);\n}\n`,
  "top-level.ts": `import { workflow } from "bifrost";\nthrow new Error("at the top");\nexport default workflow(async () => 1);\n`,
  "rejection.ts": workflow(`Promise.reject(new Error("nobody waits for me")); await new Promise((r) => setTimeout(r, 50)); return 1;`),
  "syntax.ts": workflow(`return answer;`, `import { answer } from "./modules/broken";`),
  "modules/broken.ts": `export const answer = ;\n`,
  "missing.ts": workflow(`return deep;`, `import { deep } from "./modules/deeb";`),
  "denied.ts": workflow(`return fs;`, `import fs from "node:fs";`),
  "climbs.ts": workflow(`return x;`, `import { x } from "../../outside";`),
  "missing-export.ts": workflow(`return shallow;`, `import { shallow } from "./modules/deep";`),
  "schema.ts": `import { workflow, z } from "bifrost";\nexport default workflow({ name: "with-schema", params: z.object({ days: z.number().int(), names: z.array(z.string()).default([]) }) }, async (params) => params);\n`,
  "waits.ts": workflow(`console.log("waiting"); await new Promise(() => {}); return 1;`),
  "spins.ts": workflow(`console.log("spinning"); for (;;);`),
  "grows.ts": workflow(`console.log("growing"); const all: any[] = []; for (;;) all.push(new Array(1000).fill(all.length));`),
  "with-errors.ts": workflow(`console.warn("two are left"); return { success: false, left: 2 };`),
  "logs.ts": workflow(
    `console.debug("a"); console.log("b", { c: 1 }, [2], new Map([[1, 2]])); console.warn("d %s %d", "x", 1); console.error(new Error("e"));
ctx.log.debug("f"); ctx.log.info("g", { n: 1, deep: { list: [1, { two: 2 }] } }); ctx.log.warn("h", "text"); ctx.log.error("i", { error: new TypeError("inside") }); ctx.log.info("two\\nlines", null);
return "logged";`,
  ),
  "many-logs.ts": workflow(`for (let n = 0; n < 10_050; n++) ctx.log.info("line " + n, { n }); return "done";`),
  "outer.ts": workflow(
    `console.log("outer begins"); const inner = await workflows.execute("inner.ts", { n: p.n }); console.log("outer has", inner); return { inner };`,
  ),
  "inner.ts": workflow(
    `console.log("inner", p); const twice = await workflows.execute("innermost.ts", p); if (p.n < 0) throw new RangeError("below zero: " + p.n); return twice;`,
  ),
  "innermost.ts": workflow(`ctx.log.debug("innermost"); return p.n * 2;`),
  "deep-calls.ts": workflow(`return await workflows.execute("deep-calls.ts", p);`),
  "big.ts": workflow(`return Array.from({ length: 50_000 }, (_, n) => ({ n, text: "x".repeat(80) }));`),
  "no-data.ts": workflow(`return { a: [1, { b: new Map([[1, 2]]) }] };`),
  "a-function.ts": workflow(`return { call: () => 1 };`),
  "circle.ts": workflow(`const a: any = {}; a.a = a; return a;`),
  "not-runnable.ts": `export const value = 1;\nexport default function plain() { return 1; }\n`,
  "several.ts": `import { workflow } from "bifrost";\nexport const first = workflow({ name: "twice" }, async () => 1);\nexport const named = workflow(async (p: any) => p);\n`,
  "several-more.ts": `import { workflow } from "bifrost";\nexport const second = workflow({ name: "twice" }, async () => 2);\n`,
};

export const routeFixtures: readonly RouteFixture[] = [
  { name: "a result", reference: "success.ts", inputJson: '{"a":1,"b":2}', ends: "Success", exitCode: 0 },
  { name: "a result of undefined", reference: "nothing.ts", ends: "Success", exitCode: 0 },
  { name: "a workflow by its export", reference: "several.ts::named", inputJson: '{"by":"export"}', ends: "Success", exitCode: 0 },
  { name: "a workflow by its name", reference: "with-schema", inputJson: '{"days":3}', ends: "Success", exitCode: 0 },
  {
    name: "an input with names and numbers that are easily lost",
    reference: "input.ts",
    inputJson: '{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}},"n":12345678901234567890,"small":1e-7,"twice":1,"twice":2,"":"empty","zero":-0.0}',
    ends: "Success",
    exitCode: 0,
  },
  { name: "letters that databases and terminals choke on", reference: "letters.ts", ends: "Success", exitCode: 0 },
  { name: "a result that says success: false", reference: "with-errors.ts", ends: "CompletedWithErrors", exitCode: 1 },
  { name: "a result of 5 MB", reference: "big.ts", ends: "Success", exitCode: 0 },
  { name: "log lines of all levels, with data and errors", reference: "logs.ts", ends: "Success", exitCode: 0 },
  { name: "more log lines than are kept", reference: "many-logs.ts", ends: "Success", exitCode: 0 },
  { name: "workflows inside workflows", reference: "outer.ts", inputJson: '{"n":21}', ends: "Success", exitCode: 0 },
  { name: "a failure inside a workflow inside", reference: "outer.ts", inputJson: '{"n":-1}', ends: "Failed", exitCode: 1 },
  { name: "workflows inside workflows without end", reference: "deep-calls.ts", ends: "Failed", code: "ERR_CALL_DEPTH", exitCode: 1 },
  { name: "a UserError", reference: "user-error.ts", ends: "Failed", exitCode: 1 },
  { name: "a failure of what may be tried again", reference: "retried.ts", ends: "Failed", exitCode: 1 },
  { name: "an error with a cause", reference: "cause.ts", ends: "Failed", exitCode: 1 },
  { name: "a throw of what is no error", reference: "not-an-error.ts", ends: "Failed", exitCode: 1 },
  { name: "an error of a dependency, after an await", reference: "dependency.ts", ends: "Failed", exitCode: 1 },
  { name: "an error at the top level of a module", reference: "top-level.ts", ends: "Failed", exitCode: 1 },
  { name: "a rejection that nobody handles", reference: "rejection.ts", ends: "Failed", exitCode: 1 },
  { name: "a syntax error in a dependency", reference: "syntax.ts", ends: "Failed", code: "ERR_MODULE_SYNTAX", exitCode: 4 },
  { name: "an import of nothing", reference: "missing.ts", ends: "Failed", code: "ERR_MODULE_NOT_FOUND", exitCode: 4 },
  { name: "an import that is denied", reference: "denied.ts", ends: "Failed", code: "ERR_IMPORT_DENIED", exitCode: 5 },
  { name: "an import that climbs out", reference: "climbs.ts", ends: "Failed", code: "ERR_SPECIFIER_INVALID", exitCode: 5 },
  { name: "an export that is not there", reference: "missing-export.ts", ends: "Failed", code: "ERR_EXPORT_MISSING", exitCode: 4 },
  {
    name: "an input that does not fit",
    reference: "schema.ts",
    inputJson: '{"days":"three","names":[1]}',
    ends: "Failed",
    code: "ERR_INPUT_INVALID",
    exitCode: 2,
  },
  { name: "a limit of wall-clock time", reference: "waits.ts", limits: { wallMs: 700 }, ends: "Timeout", code: "ERR_TIMEOUT_WALL", exitCode: 124 },
  { name: "a limit of processor time", reference: "spins.ts", limits: { cpuMs: 300 }, ends: "Timeout", code: "ERR_TIMEOUT_CPU", exitCode: 124 },
  { name: "a limit of memory", reference: "grows.ts", limits: { memoryBytes: 16 * 1024 * 1024 }, ends: "Failed", code: "ERR_MEMORY_LIMIT", exitCode: 137 },
  { name: "a result that is no plain data", reference: "no-data.ts", ends: "Failed", code: "ERR_RESULT_NOT_SERIALIZABLE", exitCode: 1 },
  { name: "a result with a function in it", reference: "a-function.ts", ends: "Failed", code: "ERR_RESULT_NOT_SERIALIZABLE", exitCode: 1 },
  { name: "a result that holds itself", reference: "circle.ts", ends: "Failed", code: "ERR_RESULT_NOT_SERIALIZABLE", exitCode: 1 },
  { name: "a dry run", reference: "schema.ts", inputJson: '{"days":1}', dryRun: true, ends: "Success", exitCode: 0 },
  {
    name: "a dry run with an input that does not fit",
    reference: "schema.ts",
    inputJson: "{}",
    dryRun: true,
    ends: "Failed",
    code: "ERR_INPUT_INVALID",
    exitCode: 2,
  },
  { name: "a dry run of what cannot be linked", reference: "missing.ts", dryRun: true, ends: "Failed", code: "ERR_MODULE_NOT_FOUND", exitCode: 4 },
  { name: "a name that nothing has", reference: "with-schemas", ends: "refused", code: "ERR_WORKFLOW_NOT_FOUND", exitCode: 3 },
  { name: "an id that nothing has", reference: "01890000-0000-7000-8000-000000000000", ends: "refused", code: "ERR_WORKFLOW_NOT_FOUND", exitCode: 3 },
  { name: "a path that nothing has", reference: "nowhere.ts", ends: "refused", code: "ERR_PATH_NOT_FOUND", exitCode: 3 },
  { name: "a name that two have", reference: "twice", ends: "refused", code: "ERR_WORKFLOW_AMBIGUOUS", exitCode: 2 },
  {
    name: "more than the workspace allows",
    reference: "success.ts",
    limits: { wallMs: 86_400_000 },
    harness: false,
    ends: "refused",
    code: "ERR_INPUT_INVALID",
    exitCode: 2,
  },
  { name: "an export that cannot be run", reference: "not-runnable.ts", ends: "Failed", code: "ERR_EXECUTABLE_NOT_FOUND", exitCode: 3 },
];
