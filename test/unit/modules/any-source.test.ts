// Whatever text comes, and in whatever order texts come.
import fc from "fast-check";
import ts from "typescript";
import { expect, it } from "vitest";
import { scanNesting } from "../../../src/modules/compiler/scanned-nesting.ts";
import { measureNesting } from "../../../src/modules/compiler/source-nesting.ts";
import { isCompilerSpent, RefusedSource } from "../../../src/modules/compiler/transpile.ts";
import type { ScriptKind } from "../../../src/modules/module-record.ts";
import { compile } from "./sample-modules.ts";

const PIECES =
  "( ) [ ] { } < > /> </a> ` ${ } a b c 1 'x' \"y\" /r/ / // /* */ => = == ? : ?. ! ~ + - ++ ** && || ?? , ; . ... @ # import export default from as await async function* class extends new typeof void enum namespace declare type interface let const using for while if else switch case return yield throw try catch \n \r \u2028 \u0000 \ud800 \u{1f600} \\u0061 <!-- #! /** @jsx h */ /// import.meta import( satisfies accessor static get set : string".split(
    " ",
  );

const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join(" "));
const kind = fc.constantFrom<ScriptKind>("ts", "tsx", "js", "jsx", "json");

const GOOD = `import { b } from "./b"; @d class A<T> { accessor #x = (y: T) => y; static { b(async (z) => await z); } }
export const c = (x: number) => x ? (y) : (w) => <T,>(v: T) => v; enum E { F = "g", H = F + F } export default \`\${c(1)}\`;`;

it("whatever was read before, a module is compiled alike afterwards, and every text is compiled, broken or refused", () => {
  const before = compile(GOOD);
  expect(before.facts.diagnostics.map(({ message }) => message)).toEqual(compile(GOOD).facts.diagnostics.map(({ message }) => message));
  fc.assert(
    fc.property(soup, kind, (text, as) => {
      try {
        const { js, facts } = compile(text, as);
        expect(js === "" || facts.diagnostics.every(({ severity }) => severity === "warning")).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(RefusedSource);
      }
      // A process whose compiler has thrown reads nothing more, so nothing need be right there.
      if (!isCompilerSpent()) expect(compile(GOOD)).toEqual(before);
    }),
    { numRuns: 400 },
  );
});

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie("expression");
  return {
    expression: fc.oneof(
      { maxDepth: 6, depthSize: "large" },
      fc.constantFrom("a", "1", '"("', "/[({]/", "`{(`", "this"),
      inner.map((each) => `(${each})`),
      inner.map((each) => `!${each}`),
      inner.map((each) => `- ${each}`),
      inner.map((each) => `{ a: ${each}, "[": 1 }`).map((each) => `(${each})`),
      fc.tuple(inner, inner).map(([one, other]) => `[${one}, ${other}]`),
      fc.tuple(inner, inner).map(([one, other]) => `(${one}) + (${other})`),
      fc.tuple(inner, inner, inner).map(([one, two, three]) => `((${one}) ? (${two})\n : (${three}))`),
      fc.tuple(inner, inner).map(([one, other]) => `f(${one})\n.g(${other})[0]`),
      inner.map((each) => `(b => ${each.startsWith("{") ? `(${each})` : each})`),
      inner.map((each) => `function () { if (${each}) { return ${each} } else if (a < b) { a = ${each}\nb = -1 } }`).map((each) => `(${each})`),
      inner.map((each) => "`${" + each + "}`"),
      inner.map((each) => `(class { a = ${each}\nb? = 1\nc<D extends E<F>>(g: H<I>) {} })`),
      inner.map((each) => `(${each} as J<K<L>>)`),
    ),
  };
});

it("the first look at the tokens counts no more than the tree has: what may be compiled is not refused", () => {
  fc.assert(
    fc.property(fc.array(expression, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.map((part) => `x = ${part}`).join("\n");
      const source = ts.createSourceFile("a.ts", text, ts.ScriptTarget.ES2024);
      const scanned = scanNesting(text, { kind: "ts", limit: 0 })?.depth ?? 0;
      expect(scanned).toBeLessThanOrEqual(2 * measureNesting(source, { chains: true }).depth);
    }),
    { numRuns: 500 },
  );
});
