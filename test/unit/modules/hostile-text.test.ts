// Specifiers, names and files as nobody writes them but an attacker. Where the work could grow with the square of the text,
// the text is so large that the test would not end.
import { describe, expect, it } from "vitest";
import { DEFAULT_IMPORT_POLICY } from "../../../src/modules/import-policy.ts";
import { chainTo, withChain, type ChainLink } from "../../../src/modules/import-chain.ts";
import type { ClosureModule } from "../../../src/modules/closure.ts";
import { Fault } from "../../../src/errors.ts";
import { findMissingExport } from "../../../src/modules/missing-export.ts";
import { scriptKindOf } from "../../../src/modules/module-path.ts";
import type { ImportRecord } from "../../../src/modules/module-record.ts";
import { nearestName, nearestPath } from "../../../src/modules/nearest-name.ts";
import { resolve } from "../../../src/modules/resolver.ts";
import { readTsconfigOptions } from "../../../src/modules/tsconfig-options.ts";
import { compile, failureOf, faultOf, load, loaded, outcome, path, resolveIn } from "./sample-modules.ts";

const MB = 1024 * 1024;

describe("specifiers", () => {
  const HOSTILE = [
    "x".repeat(MB),
    `./${"x/".repeat(MB / 2)}`,
    "../".repeat(100_000),
    "./".repeat(MB / 2),
    `./${"a/../".repeat(MB / 5)}`,
    `workspace:///${"x".repeat(MB)}`,
    `${"a".repeat(MB)}:`,
    `node:${"x".repeat(MB)}`,
    `zod/${"x".repeat(MB)}`,
    "\ud800".repeat(MB / 2),
    `x${"\0".repeat(MB)}`,
    "\u{1f600}".repeat(MB / 4),
    "🙂".repeat(200),
  ];

  it("whatever the length of a specifier, its refusal is short", () => {
    for (const specifier of HOSTILE) {
      const { message, details } = faultOf(resolveIn(["a.ts"], specifier));
      expect(message.length).toBeLessThan(20_000);
      expect(JSON.stringify(details).length).toBeLessThan(40_000);
      expect(message.isWellFormed()).toBe(true);
    }
  });

  const INHERITED = ["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf", "__defineGetter__", "then", "toJSON"];

  it("what every object inherits is a name like any other: absent where there is no such file, found where there is one", () => {
    for (const name of INHERITED) {
      expect([name, outcome(resolveIn(["a.ts"], name))]).toEqual([name, "ERR_MODULE_NOT_FOUND"]);
      expect([name, outcome(resolveIn(["a.ts"], `./${name}`))]).toEqual([name, "ERR_MODULE_NOT_FOUND"]);
      expect(outcome(resolveIn([`${name}.ts`], `./${name}`))).toBe(`${name}.ts`);
      expect(outcome(resolveIn([`${name}/x.ts`], `./${name}/x`))).toBe(`${name}/x.ts`);
      expect(outcome(resolveIn([`${name}/index.ts`], name))).toBe(`${name}/index.ts`);
    }
  });

  it("what every object inherits is no extension of a module", () => {
    for (const name of INHERITED) expect([name, scriptKindOf(`a.${name}`)]).toEqual([name, undefined]);
  });

  it("files of such names are modules of a closure like others", async () => {
    const files = Object.fromEntries(INHERITED.map((name) => [`${name}/${name}.ts`, `export const value = ${JSON.stringify(name)};`]));
    const main = INHERITED.map((name, index) => `export { value as v${index} } from "./${name}/${name}.ts";`).join("\n");
    const { modules } = loaded(await load({ ...files, "main.ts": main }, "main.ts"));
    expect(modules.map((module) => module.path).toSorted()).toEqual(["main.ts", ...Object.keys(files)].toSorted());
  });
});

describe("what the author may have meant", () => {
  it("is looked for among so many names and no more", () => {
    let seen = 0;
    const paths = function* () {
      for (; ; seen += 1) yield `some/where/module-${seen}.ts`;
    };
    expect(nearestPath("./nowhere/at/all", paths())).toBeUndefined();
    expect(seen).toBe(10_000);
  });

  it("is not looked for where the name itself is huge", () => {
    expect(nearestName(`${"x".repeat(MB)}y`, [`${"x".repeat(MB)}z`])).toBeUndefined();
  });

  // Held to each of them in full, 200 looks would take minutes: the runner ends a test that waits so long.
  it("is looked for among long names only as far as a moment goes", () => {
    const paths = Array.from({ length: 3000 }, (_, index) => `b/${"x".repeat(480)}${index}`);
    for (let look = 0; look < 200; look++) expect(nearestPath(`a/${"y".repeat(490)}${look}`, paths)).toBeUndefined();
    expect(nearestPath(`b/${"x".repeat(480)}0`, paths)).toBe(paths[0]);
  });

  it("is looked for once for a module whose 5,000 imports all fail", async () => {
    const wrong = Array.from({ length: 5000 }, (_, index) => `import "./none-${index}";`).join("\n");
    let asked = 0;
    const files = { "main.ts": wrong };
    const hash = "0".repeat(64) as never;
    const loading = await load(files, "main.ts", {
      snapshot: {
        has: (each) => each === "main.ts",
        hashOf: () => hash,
        paths() {
          asked += 1;
          return Array.from({ length: 5000 }, (_, index) => path(`some/file-${index}.ts`));
        },
      },
    });
    expect(failureOf(loading)).toMatchObject({ code: "ERR_MODULE_NOT_FOUND", details: { line: 1, specifier: "./none-0" } });
    expect(asked).toBe(1);
  });

  it("a name of 300,000 characters that is not exported is told briefly", async () => {
    const name = "n".repeat(300_000);
    const failure = failureOf(await load({ "main.ts": `import { ${name} } from "./lib"; ${name};`, "lib.ts": `export const ${name}2 = 1;` }, "main.ts"));
    expect(failure.code).toBe("ERR_EXPORT_MISSING");
    expect(failure.message.length + JSON.stringify(failure.details).length).toBeLessThan(10_000);
  });
});

describe("graphs", () => {
  function link(index: number): ChainLink {
    return { path: path(`m${index}.ts`), specifier: `./m${index + 1}`, line: 1, column: 1 };
  }

  it("of a chain of 10,000 imports the first and the last are told, and how many are between them", () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => link(index));
    const { message, details } = withChain(new Fault("ERR_MODULE_SYNTAX", "No."), chain);
    expect(message).toContain("m9.ts:1:1 → 9950 more → m9960.ts:1:1");
    expect(details).toMatchObject({ leftOut: 9950 });
    expect((details["chain"] as unknown[]).length).toBe(50);
  });

  const base = compile("");

  function module(name: string, targets: readonly string[], exports: readonly string[] = [], more: Partial<ImportRecord> = {}): ClosureModule {
    const imports = targets.map((target) => ({ kind: "static" as const, specifier: `./${target}`, names: [], line: 1, column: 1, ...more }));
    return {
      path: path(name),
      hash: base.sourceHash,
      compiled: { ...base, facts: { ...base.facts, imports, exports } },
      links: targets.map((target) => ({ specifier: `./${target}`, target: path(target) })),
      static: true,
    };
  }

  it("the way to the last of 10,000 modules in a chain is found without keeping the way to each", () => {
    const modules = new Map(Array.from({ length: 10_000 }, (_, index) => [`m${index}`, module(`m${index}`, [`m${index + 1}`])]));
    const chain = chainTo(modules, "m0", "m9999");
    expect([chain.length, chain[0]?.path, chain.at(-1)?.path]).toEqual([9999, "m0", "m9998"]);
  });

  it("names that every module passes on to every other are not collected for each: V8 finds what is missing there", () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `name${index}`);
    const record = { star: true as const, kind: "reexport" as const, names: [{ name: "absent", line: 1, column: 1 }] };
    const graph = (own: readonly string[]): ClosureModule[] => [
      ...Array.from({ length: 2000 }, (_, index) => module(`m${index}`, [`m${index + 1}`], own, record)),
      module("m2000", [], [...names, ...own]),
    ];
    // What stands first is still found.
    expect(findMissingExport({ modules: graph([]) }, { sdkExports: new Set() })).toMatchObject({ code: "ERR_EXPORT_MISSING" });
    expect(findMissingExport({ modules: graph(["absent"]) }, { sdkExports: new Set() })).toBeUndefined();
  });

  it("import()s of 700 modules that all lead to one broken module are left out, each with a look at itself only", async () => {
    const length = 700;
    const dynamic = Array.from({ length }, (_, index) => `import("./d${index}");`).join("\n");
    const files = Object.fromEntries(Array.from({ length }, (_, index) => [`c${index}.ts`, `import "./c${index + 1}";`]));
    const doors = Object.fromEntries(Array.from({ length }, (_, index) => [`d${index}.ts`, `import "./c0"; // ${index}`]));
    const { modules } = loaded(await load({ ...files, ...doors, [`c${length}.ts`]: "const =", "main.ts": dynamic }, "main.ts"));
    expect(modules.map((each) => each.path)).toEqual(["main.ts"]);
  });
});

describe("a tsconfig.json", () => {
  it.each([
    ["a comment that never ends, begun 500,000 times", "/*".repeat(500_000)],
    ["a text that never ends, begun 300,000 times", `"${'\\"'.repeat(300_000)}`],
    ["500,000 commas", `[${", ".repeat(500_000)}`],
    ["a million brackets", "[".repeat(MB)],
  ])("of %s is no configuration, and costs one look", (_title, text) => {
    const { options, problem } = readTsconfigOptions(text);
    expect(options).toEqual({});
    expect(problem?.length).toBeLessThan(1000);
  });

  it("of an option that is 100,000 lists in one another is told briefly", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(readTsconfigOptions(`{"compilerOptions":{"jsx":${deep},"jsxFactory":{"a":1}}}`)).toEqual({
      options: {},
      problem: "compilerOptions of tsconfig.json: jsxFactory cannot be an object, jsx cannot be an array",
    });
  });

  it("may have comments and commas where JSON has none, and texts that look like them", () => {
    const text = '// a "\n{ /* b, ] */ "compilerOptions" : { "jsxFactory": "h, ] // \\" /*", "experimentalDecorators": true, /* c */ },\n}';
    expect(readTsconfigOptions(text)).toEqual({ options: { experimentalDecorators: true, jsxFactory: 'h, ] // " /*' } });
  });
});

it("a policy is asked about a specifier of 1 MB at once", () => {
  const result = resolve(`node:${"x".repeat(MB)}`, path("a.ts"), { has: () => false, paths: () => [], policy: DEFAULT_IMPORT_POLICY });
  expect(outcome(result)).toBe("ERR_IMPORT_DENIED");
});
