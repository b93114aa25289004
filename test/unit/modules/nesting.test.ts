// How deep a source nests: what is counted, what is not, and that what is far too deep is found without the parser.
import { describe, expect, it } from "vitest";
import { scanNesting } from "../../../src/modules/compiler/scanned-nesting.ts";
import { COMPILABLE_NESTING, RefusedSource } from "../../../src/modules/compiler/transpile.ts";
import type { CompileRefusal } from "../../../src/modules/compile-refusal.ts";
import type { ScriptKind } from "../../../src/modules/module-record.ts";
import { compile, failureOf, load, loaded } from "./sample-modules.ts";

const r = (text: string, times: number): string => text.repeat(times);

function refusalOf(text: string, kind: ScriptKind = "ts"): CompileRefusal {
  try {
    compile(text, kind);
  } catch (error) {
    if (error instanceof RefusedSource) return error.refusal;
    throw error;
  }
  throw new Error("It was compiled.");
}

describe("what counts as nesting", () => {
  // [source at n, nodes that each of the n adds]
  const COUNTED: Readonly<Record<string, readonly [(n: number) => string, number, ScriptKind?]>> = {
    parentheses: [(n) => `export const a = ${r("(", n)}1${r(")", n)};`, 1],
    lists: [(n) => `export const a = ${r("[", n)}${r("]", n)};`, 1],
    objects: [(n) => `export const a = ${r("{a:", n)}1${r("}", n)};`, 2],
    blocks: [(n) => `${r("{", n)}${r("}", n)}`, 1],
    conditions: [(n) => `export const a = ${r("b?c:", n)}1;`, 1],
    negations: [(n) => `export const a = ${r("!", n)}1;`, 1],
    signs: [(n) => `export const a = ${r("- ", n)}1;`, 1],
    templates: [(n) => `export const a = ${r("`${", n)}1${r("}`", n)};`, 2],
    "arrow functions": [(n) => `export const a = ${r("()=>", n)}1;`, 1],
    "types' arguments": [(n) => `type A = ${r("B<", n)}C${r(">", n)};`, 1],
    calls: [(n) => `export const a = ${r("f(", n)}1${r(")", n)};`, 1],
    functions: [(n) => `${r("function f(){", n)}${r("}", n)}`, 2],
    elements: [(n) => `export const a = ${r("<a>", n)}${r("</a>", n)};`, 1, "tsx"],
    "JSON lists": [(n) => `${r("[", n)}${r("]", n)}`, 1, "json"],
    "JSON objects": [(n) => `${r('{"a":', n)}1${r("}", n)}`, 1, "json"],
  };

  it.each(Object.entries(COUNTED))("%s: each adds the same, at any depth", (_title, [source, nodes, kind]) => {
    const depth = (n: number): number => compile(source(n), kind ?? "ts").facts.nesting.depth;
    expect(depth(60) - depth(10)).toBe(50 * nodes);
    expect(depth(120) - depth(10)).toBe(110 * nodes);
  });

  const BESIDE: Readonly<Record<string, (n: number) => string>> = {
    "terms of a sum": (n) => `export const a = b${r(" + c", n)};`,
    "texts put together": (n) => `export const a = "b"${r(' + "c"', n)};`,
    "links of a chain": (n) => `export const a = b${r(".c(1)[0]!", n)};`,
    "branches of else if": (n) => `${r("if (a) { b(); } else ", n)}{ c(); }`,
    "elements of a list": (n) => `export const a = [${r("[1], ", n)}];`,
    "cases of a switch": (n) => `switch (a) { ${r("case 1: b(); ", n)} }`,
    statements: (n) => r("if (a) { b(); }", n),
    "types of a union": (n) => `type A = B${r(" | C", n)};`,
  };

  it.each(Object.entries(BESIDE))("%s stand beside each other", (_title, source) => {
    const depth = (n: number): number => compile(source(n)).facts.nesting.depth;
    expect(depth(200)).toBe(depth(10));
  });

  it("brackets in texts, comments, regular expressions and names of keys are none", () => {
    const text = `// ((((\n/* [[[[ */ export const a = "((((", b = /[({]\\/((/, c = \`((((\`, d = { "{{{{": 1 };`;
    expect(compile(text).facts.nesting.depth).toBeLessThan(8);
    expect(compile('{"[[[[":"{{{{\\\\","a":"\\\\"["}'.replaceAll("\\\\", "\\"), "json").facts.nesting.depth).toBe(1);
  });
});

describe("a workspace's limit", () => {
  const deep = (depth: number): string => `export const a = ${r("[", depth - 3)}${r("]", depth - 3)};`;

  it.each(["ts", "json"])(
    "a module at the limit is linked, one deeper is ERR_NESTING_LIMIT with place, limit and amount, told with its importers: .%s",
    async (extension) => {
      const text = extension === "json" ? (n: number) => r("[", n) + r("]", n) : deep;
      const files = (depth: number): Record<string, string> => ({
        "wf.ts": `import "./mid";`,
        "mid.ts": `import a from "./bomb.${extension}"; a;`,
        [`bomb.${extension}`]: text(depth),
      });
      const source = (depth: number) => ({ ...files(depth), ...(extension === "ts" && { "mid.ts": `import "./bomb.ts";` }) });
      expect(loaded(await load(source(40), "wf.ts", { maxNesting: 40 })).modules).toHaveLength(3);
      const column = extension === "json" ? 41 : 55;
      expect(failureOf(await load(source(41), "wf.ts", { maxNesting: 40 }))).toMatchObject({
        code: "ERR_NESTING_LIMIT",
        name: "SyntaxError",
        message: expect.stringContaining(`bomb.${extension}:1:${column}: The source is nested 41 deep; at most 40 is allowed`) as string,
        details: { path: `bomb.${extension}`, line: 1, column, limit: 40, amount: 41, reason: "depth", chain: [{ path: "wf.ts" }, { path: "mid.ts" }] },
      });
    },
  );

  it("what the compiler refuses by itself is told with the workspace's lower limit", async () => {
    const { refusal } = new RefusedSource({ reason: "depth", limit: COMPILABLE_NESTING, amount: 9000, line: 1, column: 5 });
    const { refusalFault } = await import("../../../src/modules/compile-refusal.ts");
    const fetch = async () => [{ fault: refusalFault(refusal) }];
    expect(failureOf(await load({ "wf.ts": "" }, "wf.ts", { fetch, maxNesting: 500 }))).toMatchObject({ details: { limit: 500, amount: 9000, path: "wf.ts" } });
    expect(failureOf(await load({ "wf.ts": "" }, "wf.ts", { fetch, maxNesting: 5000 }))).toMatchObject({ details: { limit: 2000, amount: 9000 } });
  });
});

describe("what is far too deep", () => {
  const DEEP: Readonly<Record<string, string>> = {
    parentheses: `export const a = ${r("(", 50_000)}1${r(")", 50_000)};`,
    "parentheses that stay open": `export const a = ${r("(", 50_000)}`,
    blocks: r("{", 50_000),
    lists: `export const a = ${r("[", 50_000)}${r("]", 50_000)};`,
    objects: `export const a = ${r("{a:", 50_000)}1${r("}", 50_000)};`,
    conditions: `export const a = ${r("a?b:", 50_000)}1;`,
    "conditions over lines": `export const a = ${r("a ?\nb :\n", 50_000)}1;`,
    negations: `export const a = ${r("!", 50_000)}1;`,
    signs: `export const a = ${r("-+", 50_000)}1;`,
    words: `export const a = ${r("typeof void ", 25_000)}1;`,
    templates: `export const a = ${r("`${", 50_000)}1${r("}`", 50_000)};`,
    "arrow functions": `export const a = ${r("x=>", 50_000)}1;`,
    assignments: `let a; ${r("a=", 50_000)}1;`,
    "types' arguments": `type X = ${r("A<", 50_000)}B${r(">", 50_000)};`,
    calls: `export const a = ${r("f(", 50_000)}1${r(")", 50_000)};`,
    "new expressions": `export const a = ${r("new ", 50_000)}a;`,
    "else if in one another": `${r("if(a)", 50_000)}b;`,
  };

  it.each(Object.entries(DEEP))("%s: found in the tokens, with the place where it becomes too deep", (_title, text) => {
    const { reason, limit, amount, line, column } = refusalOf(text);
    expect([reason, limit]).toEqual(["depth", COMPILABLE_NESTING]);
    expect(amount).toBeGreaterThanOrEqual(50_000);
    const place = text.split("\n")[(line ?? 0) - 1]?.slice((column ?? 0) - 1);
    expect(place).not.toBe("");
  });

  const FLAT: Readonly<Record<string, string>> = {
    "30,000 statements on one line": r("if(a){b(c[0])}", 30_000),
    "30,000 elements": `export const a=[${r("{b:!c?-1:[2]},", 30_000)}];`,
    "30,000 terms": `export const a=b${r("+c", 30_000)};`,
    "30,000 fields without semicolons": `class A {\n${r("a = -1\nb? = !c\n", 15_000)}}`,
    "30,000 optional members": `interface A {\n${r("  b?: string\n", 30_000)}}`,
    "30,000 regular expressions": `export const a=[${r("/[({]/,", 30_000)}];`,
    "30,000 templates": `export const a=[${r("`(${b}{`,", 30_000)}];`,
    "30,000 comparisons": `export const a=[${r("b<c,", 30_000)}];`,
    "30,000 arrow functions": r("const a=(b)=>{return b=>c};", 30_000),
    "30,000 generic functions": r("function a<B extends C<D>>(e: F<G>): H<I> {}", 30_000),
    "30,000 links": `export const a=b${r(".c(d=>e)", 30_000)};`,
  };

  it.each(Object.entries(FLAT))("is nothing of: %s", (_title, text) => {
    expect(scanNesting(text, { kind: "ts", limit: 100 })).toBeUndefined();
  });
});

describe("what becomes too large", () => {
  it("JavaScript that is hundreds of times its source is refused, with its size", () => {
    const text = `${r("{", 400)}${r("a;", 20_000)}${r("}", 400)}`;
    expect(refusalOf(text)).toMatchObject({ reason: "size", limit: 16 * 1024 * 1024, amount: expect.any(Number) as number });
  });

  it.each([
    ["re-exports", 'export * from "./e";\n'],
    ["imports", 'import "./e";\n'],
    ["computed import()s", "import(n);\n"],
  ])("a module of five thousand %s compiles, and one with one more is refused, with how many there are", (_what, line) => {
    const text = `const n = "./e";\n${r(line, 5000)}export { n };\n`;
    expect(compile(text).facts.imports).toHaveLength(5000);
    expect(refusalOf(text + line)).toEqual({ reason: "imports", limit: 5000, amount: 5001 });
  });

  it("constants that double one another forty times are refused, and not computed", () => {
    const doubled = Array.from({ length: 40 }, (_, index) => `A${index + 1} = A${index} + A${index}`).join(", ");
    expect(refusalOf(`export enum E { A0 = "${"x".repeat(16)}", ${doubled} }`)).toEqual({ reason: "size", limit: 16 * 1024 * 1024 });
  });

  it("of 100,000 mistakes the first hundred are told, and how many follow", () => {
    const { facts } = compile(r("const = ;\n", 100_000));
    expect(facts.diagnostics).toHaveLength(101);
    expect(facts.diagnostics.at(-1)).toMatchObject({ line: 101, severity: "error", message: "99900 more follow and are not listed." });
  });

  it("of 5,000 uses of require the first hundred are told, and that there are more", () => {
    const { facts } = compile(r("require('x');", 5000));
    expect([facts.diagnostics.length, facts.diagnostics.at(-1)?.message]).toEqual([101, "More follow and are not listed."]);
  });

  it("names for import() stay short, whatever names an author has taken", () => {
    const text = `import("x"); "__bifrost_import__${r("_", 500_000)} ${Array.from({ length: 2000 }, (_, index) => `__bifrost_import__${index}`).join(" ")}";`;
    expect(compile(text).js).toContain('__bifrost_import__2000("x")');
  });

  it("comments of types that nest without end are not read", () => {
    expect(compile(`/** @type {${r("(", 100_000)}a${r(")", 100_000)}} */ export const x = 1;`, "js").js).toBe("export const x = 1;\n");
  });
});
