import { describe, expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import { notUtf8 } from "../../../src/modules/loaded-module.ts";
import { decodeSource } from "../../../src/modules/source-text.ts";
import { compile, failureOf, load, loaded, path } from "./sample-modules.ts";

const pathsOf = (loading: Awaited<ReturnType<typeof load>>): readonly string[] => loaded(loading).modules.map((each) => each.path);

describe("import closure", () => {
  it("B11: each module is fetched and listed once, in a diamond, in a cycle, and when a helper imports the entry", async () => {
    const loading = await load(
      {
        "main.ts": `import { l } from "./left"; import { r } from "./right"; export const m = [l, r];`,
        "left.ts": `import { b } from "./base.js"; export const l = b;`,
        "right.ts": `import { b } from "base"; import { m } from "main"; export const r = () => [b, m];`,
        "base.ts": `import { l } from "./left"; export const b = () => l;`,
      },
      "main.ts",
    );
    expect(pathsOf(loading).toSorted()).toEqual(["base.ts", "left.ts", "main.ts", "right.ts"]);
    expect(loading.fetches).toEqual([["main.ts"], ["left.ts", "right.ts"], ["base.ts"]]);
    expect(loaded(loading).modules.find((each) => each.path === "right.ts")?.links).toEqual([
      { specifier: "base", target: "base.ts" },
      { specifier: "main", target: "main.ts" },
    ]);
  });

  it("B34: equal content at two paths is fetched once; equal content of two kinds is not mixed up", async () => {
    const loading = await load(
      { "main.ts": `import a from "./a.json"; import "./b.ts"; import "./c.ts"; a;`, "a.json": "[]", "b.ts": "[]", "c.ts": "[]" },
      "main.ts",
    );
    expect(loading.fetches[1]).toEqual(["a.json", "b.ts"]);
    expect(
      loaded(loading)
        .modules.map((each) => [each.path, each.compiled.js.trim()])
        .slice(1),
    ).toEqual([
      ["a.json", 'export default JSON.parse("[]");'],
      ["b.ts", "[];\nexport {};"],
      ["c.ts", "[];\nexport {};"],
    ]);
  });

  it("B12: modules named by a literal import() come along, not linked; a broken one only fails when it is imported", async () => {
    const files = {
      "main.ts": `export const later = [import("./good"), import("./broken"), import("./gone"), import("./half"), import("./noname"), import("node:fs")];`,
      "good.ts": `import "./deep"; export default 1;`,
      "deep.ts": `import("./deeper");`,
      "deeper.ts": ``,
      "broken.ts": `const a = ;`,
      "half.ts": `import "./missing";`,
      "noname.ts": `import { nothing } from "./good"; nothing;`,
    };
    const loading = await load(files, "main.ts");
    expect(loaded(loading).modules.map((each) => [each.path, each.static])).toEqual([
      ["main.ts", true],
      ["good.ts", false],
      ["deep.ts", false],
      ["deeper.ts", false],
    ]);
    const known = new Set([path("main.ts"), path("good.ts"), path("deep.ts")]);
    expect(failureOf(await load(files, "half.ts", { known })).code).toBe("ERR_MODULE_NOT_FOUND");
    expect(failureOf(await load(files, "broken.ts", { known })).code).toBe("ERR_MODULE_SYNTAX");
  });

  it("B12: what is known already is neither fetched nor listed again", async () => {
    const files = { "late.ts": `import "./base"; import "./new";`, "base.ts": "", "new.ts": "" };
    const loading = await load(files, "late.ts", { known: new Set([path("base.ts")]) });
    expect(pathsOf(loading)).toEqual(["late.ts", "new.ts"]);
    expect(loaded(loading).modules[0]?.links).toContainEqual({ specifier: "./base", target: "base.ts" });
    const again = await load(files, "late.ts", { known: new Set([path("late.ts")]) });
    expect([loaded(again).modules, again.fetches]).toEqual([[], []]);
  });

  it("a chain of 5,000 modules is walked", async () => {
    const files = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`m${index}.json`, "0"]));
    const facts = { exports: [], entities: [], diagnostics: [], nesting: { depth: 1, line: 1, column: 1 } };
    const base = compile("");
    const loading = await load(files, "m0.json", {
      fetch: async (wanted) =>
        wanted.map((each) => {
          const specifier = `./m${(Number(/\d+/.exec(each.path)?.[0]) + 1) % 5000}.json`;
          return { compiled: { ...base, facts: { ...facts, imports: [{ kind: "static", specifier, line: 1, column: 1, names: [] }] } } };
        }),
    });
    // All 5,000 have one content here, so one answer stands for each level.
    expect(loaded(loading).modules).toHaveLength(5000);
  });

  it("more modules than the limit are refused, and import() does not count", async () => {
    const files = { "main.ts": `import "./a"; import("./b"); import("./c");`, "a.ts": "", "b.ts": "", "c.ts": "" };
    expect(pathsOf(await load(files, "main.ts", { maxModules: 2 }))).toEqual(["main.ts", "a.ts"]);
    expect(failureOf(await load(files, "main.ts", { maxModules: 1 })).code).toBe("ERR_CLOSURE_TOO_LARGE");
  });

  it("says whether the SDK and its z are used", async () => {
    const uses = async (text: string): Promise<readonly boolean[]> => {
      const { usesSdk, usesZod } = loaded(await load({ "main.ts": text }, "main.ts"));
      return [usesSdk, usesZod];
    };
    expect(await uses(`export {};`)).toEqual([false, false]);
    expect(await uses(`import { workflow } from "bifrost"; workflow;`)).toEqual([true, false]);
    expect(await uses(`import { z as zod } from "bifrost"; zod;`)).toEqual([true, true]);
    expect(await uses(`import * as sdk from "bifrost"; sdk;`)).toEqual([true, true]);
    expect(await uses(`export * from "bifrost";`)).toEqual([true, true]);
    expect(await uses(`export { z } from "bifrost";`)).toEqual([true, true]);
    expect(await uses(`import("bifrost");`)).toEqual([true, true]);
    expect(await uses(`const name = "x"; import(name);`)).toEqual([true, true]);
    expect(await uses(`import type { z } from "bifrost"; let x: z.A;`)).toEqual([false, false]);
  });

  it("a failure of the store passes through as it is", async () => {
    const fault = new Fault("ERR_REDIS_UNAVAILABLE", "away");
    await expect(load({ "main.ts": "" }, "main.ts", { fetch: () => Promise.reject(fault) })).rejects.toBe(fault);
  });
});

describe("failures of a closure", () => {
  it("B14: a syntax error names file, line, column and the chain of importers", async () => {
    const fault = failureOf(
      await load({ "main.ts": `\nimport "./lib/a";`, "lib/a.ts": `export * from "./b";`, "lib/b.ts": `let x = 1;\nlet y = ;` }, "main.ts"),
    );
    expect(fault).toMatchObject({ code: "ERR_MODULE_SYNTAX", name: "SyntaxError", details: { path: "lib/b.ts", line: 2, column: 9 } });
    expect(fault.details["chain"]).toEqual([
      { path: "main.ts", specifier: "./lib/a", line: 2, column: 8 },
      { path: "lib/a.ts", specifier: "./b", line: 1, column: 15 },
    ]);
    expect(fault.message).toBe("lib/b.ts:2:9: Expression expected.\nImported by way of main.ts:2:8 → lib/a.ts:1:15.");
  });

  it("B7: an import that is not found names importer, line and column, and how it was reached", async () => {
    const fault = failureOf(await load({ "main.ts": `import "./a";`, "a.ts": `\n  import "./missing";` }, "main.ts"));
    expect(fault).toMatchObject({ code: "ERR_MODULE_NOT_FOUND", details: { specifier: "./missing", importer: "a.ts", line: 2, column: 10 } });
    expect(fault.message).toContain("main.ts:1:8 → a.ts:2:10");
  });

  it("B8: denied imports fail in a static import and in a re-export; used only as a type they are dropped", async () => {
    for (const text of [`import fs from "fs"; fs;`, `export { readFile } from "node:fs";`, `export * from "os";`, `import "bifrost:module";`]) {
      expect(failureOf(await load({ "main.ts": text }, "main.ts")).code).toBe("ERR_IMPORT_DENIED");
    }
    loaded(await load({ "main.ts": `import type fs from "fs"; import { Stats } from "node:fs"; export let s: Stats; export type { fs };` }, "main.ts"));
  });

  it("B14: the first failure in source order, depth first, is the one that is told", async () => {
    const files = { "main.ts": `import "./a"; import "./gone-first";`, "a.ts": `import "./b";`, "b.ts": `import "./gone-below";` };
    expect(failureOf(await load(files, "main.ts")).details["specifier"]).toBe("./gone-below");
  });

  it("B14: a file that is not UTF-8 is a syntax error that says so", async () => {
    expect(decodeSource(new Uint8Array([0xff, 0xfe, 0x41]))).toBeUndefined();
    const fault = failureOf(await load({ "main.ts": "" }, "main.ts", { fetch: async () => [notUtf8()] }));
    expect(fault).toMatchObject({ code: "ERR_MODULE_SYNTAX", name: "SyntaxError", details: { path: "main.ts" } });
    expect(fault.message).toBe("main.ts: The module is not UTF-8 text. Save it with the encoding UTF-8.");
  });

  it("an entry that is absent, or no module, is told as such", async () => {
    expect(failureOf(await load({}, "main.ts")).code).toBe("ERR_PATH_NOT_FOUND");
    expect(failureOf(await load({ "README.md": "" }, "README.md")).code).toBe("ERR_EXECUTABLE_NOT_FOUND");
  });
});

describe("missing exports", () => {
  const failure = async (files: Readonly<Record<string, string>>): Promise<Fault> => failureOf(await load(files, "main.ts"));

  it("B14: names module, export, importer's file and line, and the nearest name", async () => {
    const fault = await failure({ "main.ts": `import { a,\n  tikets } from "./x"; a(tikets);`, "x.ts": `export const tickets = 1; export function a() {}` });
    expect(fault).toMatchObject({ code: "ERR_EXPORT_MISSING", name: "SyntaxError" });
    expect(fault.message).toBe("The requested module './x' does not provide an export named 'tikets' (imported in main.ts:2:3). Did you mean 'tickets'?");
    expect(fault.details).toMatchObject({
      export: "tikets",
      path: "x.ts",
      importer: "main.ts",
      line: 2,
      column: 3,
      exports: ["a", "tickets"],
      nearest: "tickets",
    });
  });

  it("B14: follows re-exports and export *, through cycles, and never passes a default through a star", async () => {
    const files = {
      "main.ts": `import { a, b, c, ns } from "./hub"; export default [a, b, c, ns];`,
      "hub.ts": `export * from "./one"; export { a as b } from "./two"; export * as ns from "./two";`,
      "one.ts": `export * from "./hub"; export * from "./two"; export const c = 1;`,
      "two.ts": `export const a = 1; export default 2;`,
    };
    loaded(await load(files, "main.ts"));
    expect((await failure({ ...files, "main.ts": `import hub from "./hub"; hub;` })).details).toMatchObject({ export: "default", path: "hub.ts" });
    expect((await failure({ ...files, "hub.ts": `export { nope as b } from "./two"; export * from "./one"; export const ns = 1;` })).details).toMatchObject({
      importer: "hub.ts",
      export: "nope",
    });
  });

  it("B14: of the SDK and of JSON modules too", async () => {
    expect((await failure({ "main.ts": `import { workflw } from "bifrost"; workflw;` })).message).toContain("Did you mean 'workflow'?");
    expect((await failure({ "main.ts": `import { key } from "./d.json"; key;`, "d.json": `{"key": 1}` })).message).toContain(
      "A JSON module has a default export only.",
    );
  });

  it("B14: the failure is told at the dependency first, as the isolate links", async () => {
    const fault = await failure({ "main.ts": `import { x } from "./a"; x;`, "a.ts": `import { y } from "./b"; y;`, "b.ts": "" });
    expect(fault.details).toMatchObject({ importer: "a.ts", export: "y" });
  });
});
