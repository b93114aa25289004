import { runInNewContext } from "node:vm";
import fc from "fast-check";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { COMPILER_VERSION, compiledKeyOf } from "../../../src/modules/compile-key.ts";
import { hashContent } from "../../../src/modules/content-hash.ts";
import type { CompiledModule } from "../../../src/modules/module-record.ts";
import { readTsconfigOptions } from "../../../src/modules/tsconfig-options.ts";
import { compile } from "./sample-modules.ts";

/** What the printed JavaScript imports, read by another parse than the one under test. */
function printedImports({ js }: CompiledModule): readonly string[] {
  return ts.createSourceFile("printed.mjs", js, ts.ScriptTarget.ESNext).statements.flatMap((statement) => {
    const specifier = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined;
    return specifier !== undefined && ts.isStringLiteral(specifier) ? [specifier.text] : [];
  });
}

function listed(compiled: CompiledModule): readonly string[] {
  const specifiers = compiled.facts.imports.filter((each) => each.kind !== "dynamic").map((each) => each.specifier ?? "");
  return compiled.facts.usesModuleScope === true ? ["bifrost:module", ...specifiers] : specifiers;
}

function errorsOf(compiled: CompiledModule): readonly string[] {
  return compiled.facts.diagnostics.filter((each) => each.severity === "error").map((each) => `${each.line}:${each.column} ${each.message}`);
}

describe("import list", () => {
  const sources: Readonly<Record<string, string>> = {
    "types only": `import type { A } from "./a"; import { type B } from "./b"; import { C } from "./c"; export type { D } from "./d"; let x: A & B & C;`,
    "default and named": `import x, { y as z } from "./xy"; x(z);`,
    "default and namespace": `import x, * as y from "./xy"; x(y);`,
    "side effect": `import "./side"; import {} from "./empty";`,
    reexports: `export { a as b, default as c } from "./a"; export * from "./star"; export * as ns from "./ns"; export { type T, v } from "./tv";`,
    "used only in a type position": `import { K } from "./k"; export function f(): K { return null as K; } type X = typeof import("./imported-type");`,
    "used as type and value": `import { K } from "./k"; const k: K = new K();`,
    "used only as a decorator's metadata": `import { K } from "./k"; function d(...a: unknown[]) {} class C { @d m(k: K) {} }`,
    "import alias": `import * as ns from "./ns"; import Alias = ns.Inner; Alias();`,
    attributes: `import data from "./d.json" with { type: "json" }; data;`,
    dynamic: `const a = await import("./a"); import(a.b); import.meta.url; import { c } from "./c"; c;`,
    "reexport of an import": `import { a } from "./a"; export { a }; import { T } from "./t"; export type { T };`,
    "quotes in names": `import { "a b" as c } from './it\\'s'; c;`,
    jsx: `import { h } from "./h"; /** @jsx h */ export default 1;`,
  };
  for (const [name, text] of Object.entries(sources)) {
    it(`B8: equals what the printed code imports: ${name}`, () => {
      for (const options of [{}, { experimentalDecorators: true, emitDecoratorMetadata: true }]) {
        const compiled = compile(text, "ts", options);
        expect(errorsOf(compiled)).toEqual([]);
        expect(listed(compiled).toSorted()).toEqual([...printedImports(compiled)].toSorted());
      }
    });
  }

  it("B8: equals what the printed code imports, whatever is imported and however it is used", () => {
    const form = fc.constantFrom(
      "import NAME from SPEC;",
      "import * as NAME from SPEC;",
      "import { NAME } from SPEC;",
      "import { x as NAME } from SPEC;",
      "import { type NAME } from SPEC;",
      "import type { NAME } from SPEC;",
      "import other_NAME, { NAME } from SPEC;",
      "export { NAME } from SPEC;",
      "export { type NAME } from SPEC;",
      "import SPEC; declare const NAME: any;",
    );
    const use = fc.constantFrom(
      "NAME;",
      "let l_NAME: NAME;",
      "export { NAME as e_NAME };",
      "export type { NAME };",
      "import(NAME);",
      "{ const NAME = 1; NAME; }",
      "typeof NAME;",
      "type T_NAME = typeof NAME;",
      "",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(form, use), { maxLength: 6 }), (parts) => {
        const text = parts
          .map(([importing, using], index) => `${importing} ${using}`.replaceAll("NAME", `n${index}`).replaceAll("SPEC", `"./m${index}"`))
          .join("\n");
        const compiled = compile(text);
        expect(listed(compiled)).toEqual(printedImports(compiled));
      }),
      { numRuns: 60 },
    );
  });

  it("B7: names stand with their place in the source", () => {
    const { facts } = compile(`\nimport a, {\n  b as c,\n} from "./x";\nexport { d } from "./y";\nexport * from "./z";\na(c);`);
    expect(facts.imports).toEqual([
      {
        kind: "static",
        specifier: "./x",
        line: 4,
        column: 8,
        names: [
          { name: "default", line: 2, column: 8 },
          { name: "b", line: 3, column: 3 },
        ],
      },
      { kind: "reexport", specifier: "./y", line: 5, column: 19, names: [{ name: "d", line: 5, column: 10 }] },
      { kind: "reexport", specifier: "./z", line: 6, column: 15, names: [{ name: "*", line: 6, column: 1 }], star: true },
    ]);
  });

  it("exports are those of the printed code", () => {
    const text = `export const a = 1, { b, c: [d] } = x; export function f() {} export class C {} export enum E { A } export namespace N { export const v = 1; }
      export interface I {} export type T = 1; const l = 1; export { l as "string name", l as m }; export default l; export * as ns from "./ns"; export * from "./s"; declare const x: any;`;
    expect(compile(text).facts.exports.toSorted()).toEqual(["C", "E", "N", "a", "b", "d", "default", "f", "m", "ns", "string name"]);
  });
});

describe("import() and import.meta", () => {
  it("B12: both become names imported first from bifrost:module, which is not in the import list", () => {
    const compiled = compile(
      `import "./x";\nconst a = await import("./a");\nconsole.log(import.meta.url, await import("./" + a, { with: { type: "json" } }));`,
    );
    expect(compiled.js).toMatch(/^import \{ dynamicImport as __bifrost_import__, meta as __bifrost_meta__ \} from "bifrost:module";\nimport "\.\/x";\n/);
    expect(compiled.js).toContain(`__bifrost_import__("./" + a, { with: { type: "json" } })`);
    expect(compiled.js).not.toMatch(/\bimport(?:\(|\.meta)/);
    expect(compiled.facts.usesModuleScope).toBe(true);
    expect(compiled.facts.imports.map((each) => [each.kind, each.specifier])).toEqual([
      ["static", "./x"],
      ["dynamic", "./a"],
      ["dynamic", undefined],
    ]);
  });

  it("B12: only the name that is used is imported, and none where neither is", () => {
    expect(compile(`import.meta.url`).js).toContain(`import { meta as __bifrost_meta__ } from`);
    expect(compile(`import /* c */ ("x")`).js).toContain(`import { dynamicImport as __bifrost_import__ } from`);
    const plain = compile(`// import("x") and import.meta\nexport const text = 'import("x")'; type T = import("./t").T;`);
    expect(plain.js).not.toContain("bifrost:module");
    expect(plain.facts).not.toHaveProperty("usesModuleScope");
    expect(plain.facts.imports).toEqual([]);
  });

  it("B12: an author's own name of that spelling is not captured", () => {
    const { js } = compile(`const __bifrost_import__ = 1, __bifrost_meta__ = 2; import("x"); import.meta; export { __bifrost_import__ };`);
    expect(js).toContain("dynamicImport as __bifrost_import__1,");
    expect(js).toContain("meta as __bifrost_meta__1 }");
  });

  it("B12: nested, in JavaScript and in JSX files too", () => {
    expect(compile(`export const f = async () => (await import((await import("a")).default)).x;`, "js").js).toContain(
      "__bifrost_import__((await __bifrost_import__(",
    );
    expect(compile(`const React = 1 as any; export const A = () => <p>{import("x")}</p>`, "tsx").js).toContain(
      `React.createElement("p", null, __bifrost_import__("x"))`,
    );
  });
});

describe("what authors write", () => {
  it("B14: a syntax error has line and column, and no code comes out", () => {
    const compiled = compile(`const a = 1;\nconst b = ;\n`);
    expect(compiled).toMatchObject({ js: "", map: "" });
    expect(errorsOf(compiled)).toEqual(["2:11 Expression expected."]);
  });

  it("B8: CommonJS forms are errors where the compiler would drop them silently", () => {
    expect(errorsOf(compile(`const a = 1;\nexport = a;`))).toEqual(["2:1 'export =' does not exist in ECMAScript modules. Write 'export default'."]);
    expect(errorsOf(compile(`import x = require("./x"); x;`))[0]).toContain(`Write 'import x from "./x"'`);
    expect(errorsOf(compile(`import type x = require("./x"); let y: typeof x;`))).toEqual([]);
  });

  it("B8: a free require is a warning; one that the author declared is not", () => {
    const warnings = (text: string): readonly number[] => compile(text).facts.diagnostics.map((each) => each.line);
    expect(warnings(`const fs = require("fs");\nfunction f() { return require("x"); }`)).toEqual([1, 2]);
    expect(warnings(`import { require } from "./mine"; require("x");`)).toEqual([]);
    expect(warnings(`function f(require: (x: string) => void) { require("x"); }\n{ const require = (x: string) => x; require("y"); }`)).toEqual([]);
    expect(warnings(`// require("x")\nconst s = 'require("x")'; const o: any = {}; o.require("x");`)).toEqual([]);
  });

  it("a byte order mark, CRLF and a hashbang line do not move positions", () => {
    const compiled = compile(`\uFEFF#!/usr/bin/env node\r\nimport { a } from "./a";\r\na();\r\n`);
    expect(compiled.facts.imports[0]).toMatchObject({ line: 2, column: 19 });
    expect(compiled.js).toBe(`import { a } from "./a";\na();\n`);
  });

  it("standard decorators, `using` and enums are lowered to what V8 runs", () => {
    const { js } = compile(`enum E { A }\nfunction d(v: any, c: any) {}\n@d class C { @d accessor x = 1; }\n{ using y = null; }\nexport { C, E };`);
    expect(js).not.toMatch(/@d|using y/);
  });

  it("JavaScript with type annotations is a syntax error", () => {
    expect(errorsOf(compile(`let x: number;`, "js"))[0]).toContain("Type annotations can only be used in TypeScript files");
  });

  it("types do not block: a type error is no diagnostic", () => {
    expect(compile(`export const x: number = "text";`).facts.diagnostics).toEqual([]);
  });

  it("the same source gives the same code whatever else was compiled before", () => {
    const text = `import { a } from "./a"; export default a;`;
    const first = compile(text);
    compile(`const broken = ;`);
    expect(compile(text)).toEqual(first);
  });
});

describe("JSON modules", () => {
  it("B12: __proto__, U+2028 and big documents stay data", () => {
    const text = `{"__proto__": {"polluted": true}, "line\u2028": "'\\"\\\\"}`;
    const { js, facts } = compile(text, "json");
    expect(facts.exports).toEqual(["default"]);
    const value = runInNewContext(js.trim().replace(/^export default (.*);$/su, "($1)")) as object;
    expect(Object.keys(value)).toEqual(["__proto__", "line\u2028"]);
    expect("polluted" in value).toBe(false);
  });

  it("B14: invalid JSON has line and column", () => {
    const cases: readonly (readonly [string, string])[] = [
      [`{"a": 1,\n "b": tru }`, "2:10"],
      [`{"a":1,}`, "1:8"],
      [`[1,2`, "1:5"],
      [``, "1:1"],
      [`{"a":1} x`, "1:9"],
      [`// comment\n{}`, "1:1"],
      [`{\r\n"a" 1}`, "2:5"],
    ];
    for (const [text, place] of cases) expect([text, errorsOf(compile(text, "json"))[0]?.split(" ")[0]]).toEqual([text, place]);
  });
});

describe("compiled key", () => {
  const request = { hash: hashContent("x"), kind: "ts", options: {} } as const;

  it("B34: names the compiler that is installed", () => {
    expect(COMPILER_VERSION).toBe(`typescript@${ts.version}`);
  });

  it("B34: differs by source, kind and options that matter to the kind, and by nothing else", () => {
    const key = compiledKeyOf(request);
    expect(compiledKeyOf({ ...request, hash: hashContent("y") })).not.toBe(key);
    expect(compiledKeyOf({ ...request, kind: "js" })).not.toBe(key);
    expect(compiledKeyOf({ ...request, options: { experimentalDecorators: true } })).not.toBe(key);
    expect(compiledKeyOf({ ...request, options: { jsx: "react-jsx" } })).toBe(key);
    expect(compiledKeyOf({ ...request, kind: "json", options: { experimentalDecorators: true } })).toBe(compiledKeyOf({ ...request, kind: "json" }));
  });

  it("B34: of tsconfig.json only the listed options are honoured", () => {
    const text = `\uFEFF{ // comment
      "extends": "./base.json", "compilerOptions": { "strict": true, "target": "es5", "jsx": "React-JSX", /* "jsxFactory": "no", */
      "useDefineForClassFields": false, "jsxImportSource": "preact//x", }, }`;
    expect(readTsconfigOptions(text)).toEqual({ options: { jsx: "react-jsx", jsxImportSource: "preact//x", useDefineForClassFields: false } });
    expect(Object.keys(readTsconfigOptions(text).options)).toEqual(["jsx", "jsxImportSource", "useDefineForClassFields"]);
    expect(readTsconfigOptions("{").problem).toContain("tsconfig.json is not JSON");
    expect(readTsconfigOptions(`{"compilerOptions": {"jsx": 3, "experimentalDecorators": true}}`)).toEqual({
      options: { experimentalDecorators: true },
      problem: "compilerOptions of tsconfig.json: jsx cannot be 3",
    });
    expect(readTsconfigOptions("")).toEqual({ options: {} });
  });

  it("B34: options that do not go together stop no module", () => {
    const options = { emitDecoratorMetadata: true, jsxImportSource: "x", jsxFactory: "not an identifier (" };
    expect(compile("export const a = 1;", "ts", options)).toMatchObject({ js: "export const a = 1;\n", facts: { diagnostics: [] } });
  });

  it("B34: useDefineForClassFields and decorators change the code", () => {
    const text = `class A { x = 1; }\nexport { A };`;
    expect(compile(text).js).toContain("x = 1;\n}");
    expect(compile(text, "ts", { useDefineForClassFields: false }).js).toContain("this.x = 1");
  });
});
